"""Methods that are trained here: from the script of the authors to a row of a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.flow.projects import MiniProject
from tests.train.scripts import RUN, SWALLOWED, TEST, TRAIN, train_entry


def trained(project: MiniProject, test: str = TEST, **fields: Any) -> MiniProject:
    """Add a method that is trained here and the dataset of its training."""
    project.add_images("training", ["t1", "t2"], width=64)
    project.add_method("mini", {"train.py": TRAIN, "test.py": test}, RUN)
    project.methods["mini"] |= {
        "status": "training-only",
        "reason": "no weights are published",
        "train": train_entry(**fields),
    }
    project.config["suites"]["mini"]["methods"] = ["mini@retrained"]
    return project


def product(project: MiniProject, seed: int = 1) -> Path:
    """Return the folder of trained weights."""
    (folder,) = (project.root / "resources/trained/mini").iterdir()
    return folder / f"seed{seed}"


def test_a_method_is_trained_with_two_seeds_and_has_one_row(project: MiniProject) -> None:
    """The suite has one row with mean and deviation; the seeds have their own records.

    A second run trains nothing; lost weights are trained again.
    """
    done = trained(project).snakemake()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (row,) = project.table("tables/mini/pairs.csv")
    assert row["label"] == "mini (retrained, 2 seeds)" and row["state"] == "ok"
    assert float(row["EN std over seeds"]) > 0
    text = (project.root / "results/tables/mini/pairs.md").read_text(encoding="utf-8")
    assert " ± " in text and "standard deviation over trainings" in text
    record = project.record("mini@retrained-seed2")
    assert record["weights_from"]["model/weights.npz"]["origin"] == "retrained"
    assert record["training"]["seed"] == 2
    receipt = json.loads((product(project, 2) / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["test"]["verdict"] == "differs" and receipt["seconds"] > 0
    assert receipt["written"] == {"model/weights.npz": "ckpt/epoch_3.npz"}
    assert receipt["data"][0]["pairs"] == 2
    assert not {"train", "fuse"} & project.jobs(project.snakemake()).keys()
    (product(project) / "model/weights.npz").unlink()
    again = project.snakemake("--forcerun", "train")
    assert project.jobs(again)["train"] == 2
    log = next((project.root / "logs/train/mini").rglob("seed2.script.log")).read_text()
    assert log.count("starts at epoch") == 1  # only the lost one was trained again


def test_weights_that_the_test_does_not_load_are_refused(project: MiniProject) -> None:
    """A bare ``except`` hides a refused file: the same image comes out whatever the weights."""
    done = trained(project, SWALLOWED).snakemake()
    assert done.returncode != 0
    reason = project.record("mini@retrained-seed1")["reason"]
    assert "the test script must use the trained weights" in reason
    assert "training with seed 1" in reason


def test_test_images_among_the_training_images_are_suspicious(project: MiniProject) -> None:
    """By the hash of their pixels; the numbers are shown and not ranked."""
    trained(project, dataset="pairs").snakemake()
    record = project.record("mini@retrained-seed1")
    assert record["state"] == "suspicious"
    assert "3 of 3 pairs are among the training images: 'p1' is 'pairs/p1'" in record["reason"]
    assert "accept: [trained-on]" in record["reason"]


def test_a_training_whose_time_is_over_goes_on(project: MiniProject) -> None:
    """Each job ends after its minutes; the next start goes on from the last checkpoint.

    A training that cannot go on is refused before it begins.
    """
    slow: dict[str, Any] = {"args": "--epochs 6 --seconds 1.5", "seeds": 1}
    resume = {"by": "rerun", "files": ["ckpt/*.npz"]}
    trained(project, **slow, resume=resume)
    project.config["training_minutes"] = 0.1
    done = project.snakemake()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    receipt = json.loads((product(project) / "receipt.json").read_text(encoding="utf-8"))
    assert len(receipt["stretches"]) > 1
    assert receipt["written"] == {"model/weights.npz": "ckpt/epoch_6.npz"}
    del project.methods["mini"]["train"]["resume"]
    project.snakemake()
    record = project.record("mini@retrained-seed1")
    assert record["state"] == "timeout" and "nothing was run" in record["reason"]

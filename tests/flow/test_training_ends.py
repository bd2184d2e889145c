"""A training that a scheduler ends, or whose starts are used up, loses nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.files import as_parameter
from fusebench.contracts.jobs.session import Session
from fusebench.planning.selection import select
from fusebench.planning.training import TrainingJobs
from fusebench.registry.loading import load_registry

from tests.flow.projects import MiniProject
from tests.flow.test_training import trained

SECONDS = 240


@pytest.fixture
def step(project: MiniProject) -> tuple[list[str], Path]:
    """Return the command of a slow training whose inputs are there, and its marker."""
    slow: dict[str, Any] = {"args": "--epochs 4 --seconds 2", "seeds": 1}
    trained(project, **slow, resume={"by": "rerun", "files": ["ckpt/*.npz"]})
    project.config["suites"]["mini"]["datasets"] = ["pairs"]
    assert project.snakemake("fetch").returncode == 0
    jobs = TrainingJobs(select(load_registry(project.root), "cpu"))
    (marker,) = jobs.selection.trained
    job = jobs.job("mini", Path(marker).parent.name, "1")
    session = as_parameter(Session(id=f"{project.root.name}", device="cpu", on_cluster=True))
    command = [sys.executable, "-m", "fusebench.steps", "train", "--job", as_parameter(job)]
    command += ["--session", session, "--attempt", "0", "--marker", marker]
    return command, project.root


def told(root: Path, name: str) -> dict[str, Any]:
    """Return a JSON file of the training."""
    (path,) = (root / "resources/trained/mini").rglob(name)
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_a_training_that_the_scheduler_ends_goes_on(step: tuple[list[str], Path]) -> None:
    """SIGTERM comes before the limit of a job: what was done is kept, and no marker is written."""
    command, root = step
    starts = ["--start", "1", "--starts", "20"]
    with subprocess.Popen([*command, *starts], cwd=root) as running:
        deadline = time.monotonic() + SECONDS
        log = root / "logs/train"
        while not any("epoch 2" in path.read_text() for path in log.rglob("*.script.log")):
            assert time.monotonic() < deadline and running.poll() is None
            time.sleep(0.2)
        running.send_signal(signal.SIGTERM)
        assert running.wait() == 128 + signal.SIGTERM
    assert not [*(root / "resources/trained/mini").rglob("seed1.json")]
    progress = told(root, "progress.json")
    assert progress["stretches"][0]["ended"] == "cut off"
    assert "ckpt/epoch_2.npz" in progress["kept"]
    assert subprocess.run([*command, *starts], cwd=root, check=False).returncode == 0
    receipt = told(root, "receipt.json")
    assert [one["ended"] for one in receipt["stretches"]] == ["cut off", "complete"]
    assert receipt["written"] == {"model/weights.npz": "ckpt/epoch_4.npz"}
    (text,) = [path.read_text() for path in log.rglob("*.script.log")]
    assert "starts at epoch 2" in text or "starts at epoch 3" in text


def test_the_last_start_tells_the_hours_that_were_done(step: tuple[list[str], Path]) -> None:
    """Earlier starts fail, so that Snakemake starts the job again; the marker says the rest."""
    command, root = step
    job = json.loads(command[5]) | {"job_minutes": 0.06}
    command[5] = json.dumps(job)
    first = [*command, "--start", "1", "--starts", "2"]
    assert subprocess.run(first, cwd=root, check=False).returncode == 1
    last = [*command, "--start", "2", "--starts", "2"]
    assert subprocess.run(last, cwd=root, check=False).returncode == 0
    marker = told(root, "seed1.json")
    assert marker["state"] == "interrupted"
    assert "training with seed 1: 0.00 hours of at most 0.08 are done in 2" in marker["reason"]

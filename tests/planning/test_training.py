"""The plan of trainings: keys, jobs, and the claims that are judged by their seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.files import from_parameter
from fusebench.contracts.jobs.evidence import ClaimsJob
from fusebench.contracts.markers import Manifest, WeightsMarker
from fusebench.errors import RegistryError
from fusebench.planning.evidence import EvidenceJobs, make_evidence_plan
from fusebench.planning.grouping import Grouping
from fusebench.planning.selection import Selection, select
from fusebench.planning.steps import StepJobs
from fusebench.planning.training import TrainingJobs

from tests.registry.small import METHOD, SmallProject
from tests.train.scripts import train_entry

SEEDS = ["mini@retrained-seed1", "mini@retrained-seed2"]
CLAIM = {"dataset": "pairs", "metric": "EN", "value": "7.10", "where": "Table 1"}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """Return a suite with a method whose weights are trained here on another dataset."""
    small = SmallProject(tmp_path)
    small.datasets["training"] = {**small.datasets["pairs"], "title": "T", "folder": "elsewhere"}
    small.methods = {
        "mini": {
            **METHOD,
            "code": "https://example.org/lab/mini",
            "status": "training-only",
            "reason": "none",
            "weights": [{"path": "vgg.pth", "page": "https://example.org/vgg"}],
            "claims": [CLAIM, {**CLAIM, "dataset": "pairs", "metric": "SD"}],
            "train": train_entry(files={"options.json": "training/options.json"}),
        }
    }
    (tmp_path / "training").mkdir()
    (tmp_path / "training/options.json").write_text("{}")
    small.config["suites"] = {"s": {"methods": ["mini@retrained"], "datasets": ["pairs"]}}
    return small


def planned(project: SmallProject) -> tuple[Selection, TrainingJobs]:
    """Return what the suite needs on the CPU, and its trainings."""
    selection = select(project.load(), "cpu")
    return selection, TrainingJobs(selection)


def key_of(project: SmallProject) -> str:
    """Return the key of the training."""
    selection, _ = planned(project)
    (key,) = {Path(marker).parent.name for marker in selection.trained}
    return key


def test_each_seed_is_a_cell_whose_weights_are_trained(project: SmallProject) -> None:
    """Its marker of weights is that of the training; the pretrained part is fetched for itself."""
    selection, _ = planned(project)
    assert [*selection.cells] == [(seed, "pairs") for seed in SEEDS]
    key = key_of(project)
    assert [selection.markers_of(seed)["weights"] for seed in SEEDS] == [
        f"resources/trained/mini/{key}/seed{seed}.json" for seed in (1, 2)
    ]
    assert list(selection.weights) == ["mini@pretrained"]
    assert selection.fetched["resources/weights/mini@pretrained.json"] is WeightsMarker
    assert selection.fetched["resources/datasets/training.json"] is Manifest


def test_the_job_of_a_training(project: SmallProject) -> None:
    """It reads the markers of all that it needs, and asks for the time of training and test."""
    _, jobs = planned(project)
    place = ("mini", key_of(project), "2")
    job = jobs.job(*place)
    assert (job.name, job.seed, job.selected) == (SEEDS[1], 2, "nothing")
    assert [*jobs.inputs(*place)][2:] == [
        "resources/weights/mini@pretrained.json",
        "resources/datasets/training.json",
    ]
    assert job.texts == {"options.json": "training/options.json"}
    assert job.test.dataset == "training"
    assert jobs.needs(*place, 1).minutes == 5 + 2 * 60 + 10
    assert jobs.needs(*place, 3).memory_mb == 2 * jobs.needs(*place, 1).memory_mb
    assert jobs.methods_on("cpu") == {"mini"} and not jobs.methods_on("cuda")


@pytest.mark.parametrize(
    "change",
    [
        {"args": "--epochs 9"},
        {"edit": {"a.py": [["1", "2"]]}},
        {"environ": {"A": "1"}},
    ],
)
def test_another_training_has_another_key(project: SmallProject, change: dict[str, Any]) -> None:
    """So has one on other images, and one with another text in an added file."""
    before = key_of(project)
    project.methods["mini"]["train"] |= change
    assert key_of(project) != before


def test_what_is_said_of_a_training_changes_no_key(project: SmallProject) -> None:
    """The time limit, the number of seeds, and how the test is started train nothing again."""
    before = key_of(project)
    project.methods["mini"]["train"] |= {
        "resources": {"runtime": 99, "gpu": 0},
        "seeds": 1,
        "run": {"args": "--other"},
        "stated": {"epochs": 3, "where": "README"},
    }
    project.methods["mini"]["weights"][0]["sha256"] = "a" * 64  # pinned after it was fetched
    assert key_of(project) == before


def test_the_text_of_an_added_file_decides(project: SmallProject) -> None:
    """Its sha256 is in the key."""
    before = key_of(project)
    (project.root / "training/options.json").write_text('{"epochs": 5}')
    assert key_of(project) != before


def test_a_training_outside_the_suites_is_found_by_its_file(project: SmallProject) -> None:
    """A key that nothing in the registry has is refused."""
    key = key_of(project)
    project.config["suites"]["t"] = {"methods": ["mini@retrained-seed1"], "datasets": ["pairs"]}
    project.config["suite"] = "t"
    _, jobs = planned(project)
    assert jobs.job("mini", key, "2").seed == 2
    with pytest.raises(KeyError):
        jobs.job("mini", "0" * 16, "1")


def test_claims_are_judged_by_all_seeds(project: SmallProject) -> None:
    """The row of the suite has the claims of the entry, and a run of each seed."""
    grouping = Grouping(select(project.load(), "cpu"), on_cluster=False)
    plan = make_evidence_plan(grouping)
    assert plan.claimed == ["mini@retrained"] and not plan.methods
    jobs = EvidenceJobs(plan, StepJobs(grouping.selection, grouping))
    told = from_parameter(jobs.claims("mini@retrained"), ClaimsJob)
    assert told.entry == "mini" and not told.reason and len(told.claims) == 2
    assert told.images["pairs"].records == [
        f"results/runs/{seed}/pairs/record.json" for seed in SEEDS
    ]
    assert jobs.claim_inputs("mini@retrained") == [
        "resources/datasets/pairs.json",
        *(f"results/jobs/{seed}/pairs.json" for seed in SEEDS),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"files": {"a.json": "training/none.json"}}, "must be a file of this project"),
        ({"run": {"script": "a.py", "adapter": "b.py"}}, "must have one of script, adapter"),
        (
            {"data": [{"dataset": "nope", "stage": {"a": "a/{name}", "b": "b/{name}"}}]},
            "unknown dataset 'nope'",
        ),
        (
            {"data": [{"dataset": "training", "stage": {"a": "a/x", "b": "b/{name}"}}]},
            "must hold {name} or {index}",
        ),
        (
            {"data": [{"dataset": "training", "stage": {"a": "a/{name}", "b": "./a/{name}"}}]},
            "each pair would be one image twice",
        ),
        ({"resume": {"by": "argument", "files": ["*.pth"]}}, "must have 'args'"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    project: SmallProject, change: dict[str, Any], words: str
) -> None:
    """File, line and field, what must be, and what was found."""
    project.methods["mini"]["train"] |= change
    with pytest.raises(RegistryError, match=r"methods\.yaml:\d+ \(mini\.train") as told:
        project.load()
    assert words in str(told.value)


def test_a_training_that_does_not_exist_is_refused_in_a_suite(project: SmallProject) -> None:
    """The message names the suite."""
    project.config["suites"]["s"]["methods"] = ["mini@retrained-seed7"]
    with pytest.raises(RegistryError, match="unknown method 'mini@retrained-seed7'"):
        project.load()

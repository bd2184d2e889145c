"""The fusing jobs, by the name of the method and of the job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.files import write_stored
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import Attempts
from fusebench.errors import RegistryError
from fusebench.layout import cell_attempts
from fusebench.planning.cells import Needs
from fusebench.planning.fusing import FusingJobs
from fusebench.planning.grouping import Grouping
from fusebench.planning.selection import select

from tests.registry.small import METHOD, RUN, SmallProject

SESSION = Session(id="1-a", device="cuda", final_attempt=3)
CHECK = {"inputs": {"a": "in/a", "b": "in/b"}, "expect": "out", "name": "paper", "repeats": 2}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """Return a method with a self-check on three datasets, two to a job."""
    small = SmallProject(tmp_path)
    pairs = small.datasets["pairs"]
    small.datasets = {name: {**pairs, "title": name} for name in ("d0", "d1", "d2")}
    run = {**RUN, "seed": 5, "per_dataset": {"d1": {"args": "--other"}}}
    resources = {"gpu": 1, "mem_mb": 3000, "runtime": 20, "threads": 4}
    small.methods = {"one": {**METHOD, "run": run, "resources": resources, "selfcheck": [CHECK]}}
    small.config["suites"]["s"]["datasets"] = [*small.datasets]
    small.config["cells_per_job"] = 2
    return small


def jobs(project: SmallProject, on_cluster: bool = False) -> FusingJobs:
    """Return the fusing jobs of a project on a machine with a GPU."""
    return FusingJobs(Grouping(select(project.load(), "cuda"), on_cluster))


def test_a_job_is_told_its_cells_in_order(project: SmallProject) -> None:
    """Each with its images and its way of being run; equal ways are told once."""
    job = jobs(project).job("one", "d0+1")
    assert [(cell.name, cell.manifest) for cell in job.cells] == [
        ("d0", "resources/datasets/d0.json"),
        ("d1", "resources/datasets/d1.json"),
    ]
    assert [job.runs[cell.run].args for cell in job.cells] == ["", "--other"]
    assert (job.method.name, job.method.device, job.method.gpus) == ("one", "cuda", 1)
    assert len(jobs(project).job("one", "d2").runs) == 1


def test_a_job_reads_the_markers_of_its_method_and_its_images(project: SmallProject) -> None:
    """Each once."""
    inputs = jobs(project).inputs("one", "d0+1")
    assert inputs[0] == "resources/sources/lab+one@000000000000.json"
    assert inputs[2:] == ["resources/datasets/d0.json", "resources/datasets/d1.json"]


def test_a_cell_outside_the_suite_is_a_job_by_the_name_of_its_dataset(
    project: SmallProject,
) -> None:
    """A suite of two of the datasets leaves the third to be asked for by name."""
    project.config["suites"]["s"]["datasets"] = ["d0"]
    assert [cell.name for cell in jobs(project).job("one", "d2").cells] == ["d2"]


@pytest.mark.parametrize(
    ("attempt", "expected"),
    [(1, Needs(1, 3000, 50)), (2, Needs(1, 6000, 100)), (3, Needs(1, 2000, 10))],
)
def test_a_job_asks_for_all_its_cells(project: SmallProject, attempt: int, expected: Needs) -> None:
    """20 minutes for each of two cells and 10 more; a retry twice that, the final one little."""
    assert jobs(project).needs("one", "d0+1", attempt, SESSION) == expected


def test_an_exclusive_method_takes_the_whole_machine(project: SmallProject) -> None:
    """All cores where nothing else keeps other jobs away; a scheduler is asked for the node."""
    assert jobs(project).threads("one", "d0+1", 16) == 4
    project.methods["one"]["resources"]["exclusive"] = True
    assert jobs(project).is_exclusive("one", "d0+1")
    assert jobs(project).threads("one", "d0+1", 16) == 16
    assert jobs(project, on_cluster=True).threads("one", "d0+1", 16) == 4


@pytest.mark.parametrize("number", [1, 2])
def test_a_run_of_a_self_check_is_a_job(project: SmallProject, number: int) -> None:
    """On the images that the authors committed, with results as the script left them."""
    job = jobs(project).job("one", f"selfcheck/paper/{number}")
    (cell,) = job.cells
    assert cell.manifest == "resources/committed/one/paper.json"
    assert (job.runs[0].size, job.runs[0].seed) == ("crop-sources", 4 + number)


def test_a_further_run_has_seeds_of_its_own(project: SmallProject) -> None:
    """The order of sets and the random numbers then differ from those of the first run."""
    seeds = [
        (run.seed, run.hash_seed)
        for number in (2, 3)
        for run in jobs(project).job("one", f"repeats/d0/{number}").runs
    ]
    assert seeds == [(6, 13), (7, 9)]


def test_each_cell_of_a_job_has_its_own_attempt_number(project: SmallProject) -> None:
    """One that failed is tried again, the other is not."""
    planned = jobs(project)
    counter = project.root / cell_attempts("one", "d1")
    write_stored(counter, Attempts(attempts=1, failed=True))
    assert planned.attempts("one", "d0+1", SESSION) == [0, 1]


@pytest.mark.parametrize("asked", [("none", "d0"), ("one", "nowhere")])
def test_a_mistyped_name_is_an_error(project: SmallProject, asked: tuple[Any, Any]) -> None:
    """It says which name the registry does not have."""
    with pytest.raises(RegistryError, match=r"none|nowhere"):
        jobs(project).job(*asked)

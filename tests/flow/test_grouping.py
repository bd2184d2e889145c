"""A job of several cells: each cell has its own record, and grouping does not change it."""

from __future__ import annotations

import pytest

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS

DATASETS = ["pairs", "more"]
RULES = ("fuse", "measure", "write_tables", "write_table")
CELLS = [(method, dataset) for method in ("one", "two") for dataset in DATASETS]


def times(project: MiniProject) -> dict[tuple[str, str], tuple[str, float]]:
    """Return when each cell was started, and how long it ran."""
    records = {cell: project.record(*cell) for cell in CELLS}
    return {cell: (record["started"], record["seconds"]) for cell, record in records.items()}


def run_again(
    project: MiniProject, lost: tuple[str, str] | None = None, asked: bool = False
) -> set[tuple[str, str]]:
    """Run again and return the cells that were run.

    The record of the cell ``lost`` is removed before. With ``asked`` it is the target of the run.
    """
    before = times(project)
    record = [f"results/runs/{lost[0]}/{lost[1]}/record.json"] if lost else []
    for target in record:
        (project.root / target).unlink()
    project.snakemake(*(record if asked else []))
    return run_since(project, before)


def run_forced(project: MiniProject, *arguments: str) -> set[tuple[str, str]]:
    """Run again with some arguments and return the cells that were run."""
    before = times(project)
    project.snakemake(*arguments)
    return run_since(project, before)


def run_since(
    project: MiniProject, before: dict[tuple[str, str], tuple[str, float]]
) -> set[tuple[str, str]]:
    """Return the cells that were run after the times ``before`` were taken."""
    return {cell for cell, time in times(project).items() if time != before[cell]}


@pytest.fixture
def project(project: MiniProject) -> MiniProject:
    """Return a project of two methods on two datasets.

    One method fails on the larger images until it is mended.
    """
    project.add_images("more", ["q1", "q2"], width=64, height=56)
    project.config["suites"]["mini"]["datasets"] = DATASETS
    project.config["together_from"] = 4
    mended = str(project.told / "mended")
    fails = f"import os\nassert os.path.exists({mended!r}) or os.path.exists('in/a/p1.png')\n"
    project.add_method("one", {"test.py": ARGPARSE}, BY_OPTIONS)
    project.add_method("two", {"test.py": fails + ARGPARSE}, BY_OPTIONS)
    return project


def test_cells_of_one_job_stand_for_themselves(project: MiniProject) -> None:
    """Two jobs fuse four cells; a failed, a lost or a changed cell is run again alone.

    After that, nothing is to be done.
    """
    done = project.snakemake()
    jobs = project.jobs(done)
    assert {rule: jobs.get(rule, 0) for rule in RULES} == {
        "fuse": 2,
        "measure": 1,
        "write_tables": 1,
        "write_table": 0,
    }
    assert {row["dataset"] for row in project.table("measures.csv")} == set(DATASETS)
    assert (project.root / "results" / "tables" / "mini" / "more.tex").is_file()
    states = {(row["method"], row["dataset"]): row["state"] for row in project.table("status.csv")}
    assert states == {**dict.fromkeys(CELLS, "ok"), ("two", "more"): "crashed"}

    (project.told / "mended").touch()
    assert run_again(project) == {("two", "more")}
    assert {row["state"] for row in project.table("status.csv")} == {"ok"}

    assert run_again(project, lost=("one", "pairs")) == {("one", "pairs")}
    assert run_again(project, lost=("two", "pairs"), asked=True) == {("two", "pairs")}

    project.methods["one"]["run"] = {**BY_OPTIONS, "per_dataset": {"more": {"seed": 1}}}
    assert run_again(project) == {("one", "more")}

    done = project.snakemake()
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_grouping_does_not_reach_the_cells(project: MiniProject) -> None:
    """Cells fused together are not run again one by one, nor the other way round.

    Only a lost or a forced cell is run again.
    """
    (project.told / "mended").touch()
    project.snakemake()
    for limit, jobs in ((5, 4), (4, 0)):
        before = times(project)
        project.config["together_from"] = limit
        done = project.snakemake()
        assert project.jobs(done).get("fuse", 0) == jobs and times(project) == before
        assert {row["state"] for row in project.table("status.csv")} == {"ok"}

    project.config["together_from"] = 5
    assert run_again(project, lost=("one", "pairs")) == {("one", "pairs")}
    assert run_forced(project, "--no-hooks", "--force", "./results/runs/two/more/record.json") == {
        ("two", "more")
    }


def test_forcing_reaches_what_it_names(project: MiniProject) -> None:
    """Forcing the tables reruns no cell, now or later; forcing a job reruns all its cells."""
    (project.told / "mended").touch()
    project.snakemake()
    assert run_forced(project, "--forcerun", "write_tables") == set()
    project.methods["one"]["run"] = {**BY_OPTIONS, "per_dataset": {"more": {"seed": 1}}}
    assert run_again(project) == {("one", "more")}
    assert run_forced(project, "--force", "results/jobs/two/more+1.json") == {
        ("two", "pairs"),
        ("two", "more"),
    }


@pytest.mark.parametrize("cells", [1, 2])
def test_so_many_cells_are_a_job_as_the_configuration_says(
    project: MiniProject, cells: int
) -> None:
    """`cells_per_job` says how many cells of a method form one job, however many there are."""
    (project.told / "mended").touch()
    project.config |= {"cells_per_job": cells, "together_from": 100}
    jobs = project.jobs(project.snakemake())
    assert {rule: jobs.get(rule, 0) for rule in RULES} == {
        "fuse": 4 // cells,
        "measure": 2,
        "write_tables": 1,
        "write_table": 2,
    }
    assert {row["state"] for row in project.table("status.csv")} == {"ok"}

"""The parameters of the jobs that fetch, build, measure and tabulate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.files import from_parameter, write_stored
from fusebench.contracts.jobs.comparing import MeasureJob, SpeedJob
from fusebench.contracts.jobs.resources import DatasetJob, EnvironmentJob, SourceJob
from fusebench.contracts.markers import Manifest
from fusebench.layout import dataset_marker
from fusebench.planning.grouping import Grouping
from fusebench.planning.selection import select
from fusebench.planning.steps import StepJobs, crops_of, options_of, table_files
from fusebench.registry.loading import load_registry

from tests.registry.small import METHOD, SmallProject

IDLE = {
    **{"title": "I", "tasks": ["infrared-visible"], "code": "https://example.org/lab/idle"},
    **{"status": "no-weights", "reason": "the link is dead"},
}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """Return a suite of three methods, one of which cannot be run, on two datasets."""
    small = SmallProject(tmp_path)
    pairs = small.datasets["pairs"]
    small.datasets = {"pairs": pairs, "more": {**pairs, "title": "More"}}
    small.methods = {
        "one": {**METHOD, "label": "ONE"},
        "idle": IDLE,
        "brains": {**METHOD, "code": "https://example.org/lab/b", "tasks": ["medical"]},
    }
    small.config["suites"] = {
        "s": {
            "methods": ["one", "idle", "brains"],
            "datasets": ["pairs", "more"],
            "metrics": ["SSIM", "EN"],
        },
        "t": {"methods": ["one"], "datasets": ["pairs"], "metrics": ["EN", "SSIM@cddfuse"]},
    }
    return small


def steps(project: SmallProject, **options: Any) -> StepJobs:
    """Return the jobs of a project."""
    project.config |= options
    selection = select(project.load(), "cpu")
    return StepJobs(selection, Grouping(selection, False))


def test_the_jobs_that_fetch_and_build_are_found_by_their_keys(project: SmallProject) -> None:
    """As they stand in the paths of their markers."""
    jobs = steps(project)
    source = from_parameter(jobs.source("lab+one@000000000000"), SourceJob)
    assert source == SourceJob(code="https://example.org/lab/one", commit="0" * 40)
    environment = from_parameter(jobs.environment("unlocked-small"), EnvironmentJob)
    assert environment.env == "small"


def test_a_generated_dataset_is_made_again_when_its_code_changes(project: SmallProject) -> None:
    """The digest of the code is a parameter of its job; a local dataset has none."""
    project.datasets["made"] = {
        **{"title": "M", "task": "infrared-visible"},
        **{"kind": "generated", "generator": "night-scenes"},
    }
    jobs = steps(project)
    made, local = (from_parameter(jobs.dataset(name), DatasetJob) for name in ("made", "pairs"))
    assert made.generator == "night-scenes" and made.generator_code and not local.generator_code


def test_a_dataset_depends_on_the_users_images(project: SmallProject) -> None:
    """A prepared dataset whose images are gone has changed; one that is not prepared has not."""
    assert not steps(project).images_changed("pairs")
    write_stored(project.root / dataset_marker("pairs"), Manifest())
    assert steps(project).images_changed("pairs")


def test_a_dataset_is_measured_once_for_all_suites(project: SmallProject) -> None:
    """By every metric that one of the selected suites asks for, on the methods that run on it."""
    jobs = steps(project, suite=["s", "t"])
    job = from_parameter(jobs.measure(["pairs", "more"]), MeasureJob)
    assert [(one.dataset, one.methods) for one in job.datasets] == [
        ("pairs", ["one"]),
        ("more", ["one"]),
    ]
    assert sorted(job.datasets[0].metrics) == ["EN", "SSIM", "SSIM@cddfuse"]
    assert sorted(job.datasets[1].metrics) == ["EN", "SSIM"]


def test_a_table_shows_its_suite_in_order(project: SmallProject) -> None:
    """Methods of its task by their labels; one that cannot be run has its reason."""
    job = steps(project).table("s", "pairs")
    assert job.table.methods == {"one": "ONE", "idle": "idle"}
    assert job.table.metrics == ["SSIM", "EN"]
    assert job.cells.runs == {"pairs": ["one"]}
    (skipped,) = job.cells.skipped
    assert (skipped.method, skipped.dataset) == ("idle", "pairs")
    assert skipped.reason == "no-weights: the link is dead"


def test_every_cell_stands_in_the_long_files_once(project: SmallProject) -> None:
    """Also a method for whose task no dataset is selected, which no table can show."""
    collected = steps(project, suite=["s", "t"]).collected
    assert collected.runs == {"more": ["one"], "pairs": ["one"]}
    skipped = {(cell.method, cell.dataset): cell.reason for cell in collected.skipped}
    assert sorted(skipped) == [("brains", ""), ("idle", "more"), ("idle", "pairs")]
    assert skipped["brains", ""] == "no dataset of the selected suites is for medical"


def test_tables_are_written_by_one_job_where_there_are_many_cells(project: SmallProject) -> None:
    """Otherwise each has a job of its own, and the long files have one."""
    assert steps(project).tables().tables == []
    together = steps(project, together_from=1)
    assert [(job.table.suite, job.table.dataset) for job in together.tables().tables] == [
        ("s", "pairs"),
        ("s", "more"),
    ]
    assert table_files(together.suite_tables)[:3] == [
        f"results/tables/s/pairs.{suffix}" for suffix in ("csv", "md", "tex")
    ]


def test_methods_are_timed_at_every_size(project: SmallProject) -> None:
    """On the fixed pair, each on the sizes of its task; one that cannot be run is listed."""
    project.config["suites"]["s"]["speed"] = True
    job = from_parameter(steps(project).speed("s"), SpeedJob)
    assert sorted(job.cells.runs) == [
        "speed-1024x768-infrared-visible",
        "speed-640x480-infrared-visible",
    ]
    assert {cell.method for cell in job.cells.skipped} == {"idle"}


def test_a_job_reads_the_registry_as_the_run_did(project: SmallProject) -> None:
    """The options of a job make the same configuration, without the mirror."""
    registry = steps(project, together_from=7, mirror="/m/{owner}+{name}").registry
    options = options_of(registry.config)
    assert "mirror" not in options and options["together_from"] == 7
    again = load_registry(project.root, options, checked=True).config
    assert options_of(again) == options


def test_only_tables_with_crops_have_any(project: SmallProject) -> None:
    """Of each table, by dataset and pair."""
    crops = {"pairs": {"p": [[1, 2, 30, 40]]}}
    project.config["tables"] = {"plain": {"suite": "s"}, "shown": {"suite": "s", "crops": crops}}
    assert [*crops_of(steps(project).registry)] == ["shown"]

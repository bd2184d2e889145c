"""A shared disk that fills up while jobs run on the nodes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS
from tests.fuse.test_full_disk import mount
from tests.slurm.conftest import Submitter
from tests.slurm.test_cluster import RESOURCES


@pytest.fixture
def submitter(make_submitter: Callable[[], Submitter]) -> Iterator[Submitter]:
    """Return a project whose results are on a small disk.

    The disk has space for the images of a small dataset, but not for those of a large one.
    """
    submitter = make_submitter()
    project = submitter.project
    project.add_images("large", ["p1", "p2", "p3"], width=800, height=600)
    project.config["suites"]["mini"]["datasets"].append("large")
    project.add_method("method", {"test.py": ARGPARSE}, BY_OPTIONS, resources=RESOURCES)
    results = project.root / "results"
    results.mkdir()
    mount(results, "size=600k")
    yield submitter
    subprocess.run(["umount", "--lazy", str(results)], check=False)


@pytest.mark.slow
def test_a_full_shared_disk_has_a_state_and_is_made_good(submitter: Submitter) -> None:
    """If the disk is full, the job on the node says so and leaves nothing half written.

    With more space the next run writes all images.
    """
    project = submitter.project
    assert submitter.run() == 1, submitter.output[-5000:]
    rows = {row["dataset"]: row for row in project.table("status.csv")}
    assert {dataset: row["state"] for dataset, row in rows.items()} == {
        "pairs": "ok",
        "large": "crashed",
    }
    assert (
        "is full" in rows["large"]["reason"]
        and "free space and run again" in rows["large"]["reason"]
    )
    record = project.record("method", "large")
    assert record["host"]["slurm_job"]
    run = project.root / "results" / "runs" / "method" / "large"
    assert list(run.rglob("*.png")) == []
    mount(project.root / "results", "remount,size=50m")
    assert submitter.run() == 0, submitter.output[-5000:]
    assert project.record("method", "large")["host"]["slurm_job"] != record["host"]["slurm_job"]
    assert {row["state"] for row in project.table("status.csv")} == {"ok"}
    assert len(list((run / "fused").iterdir())) == 3

"""Nodes that die and time limits that are reached, on a real Slurm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flow.projects import REPOSITORY
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS
from tests.slurm.conftest import SECONDS, Submitter
from tests.slurm.test_cluster import RESOURCES, WAITS, started, wait_until

pytestmark = pytest.mark.slow


def submitter_that_waits(submitter: Submitter) -> Submitter:
    """Register a method on a GPU that waits for a file."""
    script = WAITS.format(flag=str(submitter.project.told / "go"))
    submitter.project.add_method("waits", {"test.py": script}, BY_OPTIONS, resources=RESOURCES)
    submitter.project.add_method("other", {"test.py": ARGPARSE}, BY_OPTIONS, resources=RESOURCES)
    return submitter


def end_elsewhere(submitter: Submitter, profile: Path) -> None:
    """Let the node of a running job die, and check that the job ends well on the other.

    Snakemake must submit it once more.
    """
    cluster, project = submitter.cluster, submitter.project
    snakemake = submitter.start(profile=profile)
    try:
        wait_until(lambda: bool(started(project, "waits")), "the job runs")
        job = started(project, "waits")
        node = cluster.ask("squeue", "-h", "-j", job, "-o", "%N").strip()
        cluster.kill_node(node, [job])
        (project.told / "go").touch()
        assert snakemake.wait(timeout=2 * SECONDS) == 0, submitter.output[-5000:]
    finally:
        snakemake.kill()
        cluster.start_node(node)
    assert {row["state"] for row in project.table("status.csv")} == {"ok"}
    record = project.record("waits")
    jobs = {job.id: job for job in cluster.finished()}
    assert jobs[job].state == "NODE_FAIL"
    assert record["host"]["slurm_job"] != job
    assert jobs[record["host"]["slurm_job"]].node != node
    assert "None assigned" not in submitter.output


def test_a_job_whose_node_died_ends_well_elsewhere(make_submitter: Callable[[], Submitter]) -> None:
    """When a node dies, its job is submitted again and runs on the other node.

    Slurm restarts nothing by itself.
    """
    end_elsewhere(submitter_that_waits(make_submitter()), REPOSITORY / "slurm")


def test_a_time_limit_is_a_state_and_then_a_result(make_submitter: Callable[[], Submitter]) -> None:
    """A job that Slurm ends at its time limit has the state timeout.

    With more time it has a result.
    """
    submitter = submitter_that_waits(make_submitter())
    project = submitter.project
    assert submitter.run("--retries", "1", "--set-resources", "fuse_on_gpu:runtime=1") == 1, (
        submitter.output[-5000:]
    )
    states = {row["method"]: row for row in project.table("status.csv")}
    assert states["waits"]["state"] == "timeout"
    assert "ended as TIMEOUT" in states["waits"]["reason"]
    assert states["other"]["state"] == "ok"
    (project.told / "go").touch()
    assert submitter.run() == 0, submitter.output[-5000:]
    assert project.record("waits")["state"] == "ok"

"""A Slurm with accounting: jobs must name an account, and a database has their states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS
from tests.slurm.cluster import ACCOUNT, missing_programs, running_cluster
from tests.slurm.conftest import SECONDS, Submitter
from tests.slurm.test_cluster import HOG, RESOURCES, WAITS, profile_with, started, wait_until
from tests.slurm.test_dying import end_elsewhere, submitter_that_waits


@pytest.fixture(scope="module")
def submitter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Submitter]:
    """Return a project of three methods on a cluster with accounting.

    One method works, one takes too much memory, and one waits.
    """
    missing = missing_programs(accounting=True)
    if missing:
        pytest.skip(f"needs Slurm with its accounting; not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("accounting")
    (folder / "environments").mkdir()
    project = MiniProject.create(folder / "project", folder / "environments")
    project.add_method("good", {"test.py": ARGPARSE}, BY_OPTIONS, resources=RESOURCES)
    for name, script in (("hog", HOG), ("cancelled", WAITS)):
        mended = script.format(flag=str(project.told / "mended"))
        project.add_method(
            name, {"test.py": mended}, {**BY_OPTIONS, "devices": ["cpu"]}, resources=RESOURCES
        )
    with running_cluster(folder / "cluster", accounting=True) as cluster:
        yield Submitter(project, cluster)


def profile_with_sacct(folder: Path) -> Path:
    """Return a copy of the profile with the account, in which sacct tells the states of jobs."""
    profile = profile_with(folder, slurm_account=ACCOUNT)
    text = (profile / "config.yaml").read_text()
    (profile / "config.yaml").write_text(
        text.replace("slurm-status-command: squeue", "slurm-status-command: sacct")
    )
    return profile


def test_jobs_are_booked_and_their_ends_read_from_the_database(
    submitter: Submitter, tmp_path: Path
) -> None:
    """Jobs are booked on the account of the profile, and sacct tells their states.

    One job is cancelled: sacct says by whom, and Snakemake ends nevertheless.
    """
    snakemake = submitter.start("--retries", "1", profile=profile_with_sacct(tmp_path / "profile"))
    try:
        wait_until(
            lambda: bool(started(submitter.project, "cancelled")), "the job to be cancelled runs"
        )
        submitter.cluster.ask("scancel", started(submitter.project, "cancelled"))
        assert snakemake.wait(timeout=SECONDS) == 1, submitter.output[-5000:]
    finally:
        snakemake.kill()
    rows = {row["method"]: row for row in submitter.project.table("status.csv")}
    states = {method: row["state"] for method, row in rows.items()}
    assert states == {"good": "ok", "hog": "out-of-memory", "cancelled": "crashed"}
    assert "ended as CANCELLED" in rows["cancelled"]["reason"]
    booked = submitter.cluster.ask(
        "sacct", "-X", "-n", "-P", "-o", "JobID,Account,State"
    ).splitlines()
    jobs = {job: (account, state) for job, account, state in (line.split("|") for line in booked)}
    record = submitter.project.record("good")
    assert jobs[record["host"]["slurm_job"]] == (ACCOUNT, "COMPLETED")
    assert {account for account, _ in jobs.values()} == {ACCOUNT}


def test_an_account_that_does_not_exist_is_refused(submitter: Submitter, tmp_path: Path) -> None:
    """A wrong account is refused at submission, with the plugin's words and what to look up."""
    submitter.project.methods["good"]["run"] = {**BY_OPTIONS, "seed": 5}
    assert submitter.run(profile=profile_with(tmp_path / "profile", slurm_account="nobody")) == 1
    assert "The given account nobody appears to be invalid" in submitter.output
    assert "slurm/README.md" in submitter.output


@pytest.mark.slow
def test_a_job_whose_node_died_ends_well_elsewhere(submitter: Submitter, tmp_path: Path) -> None:
    """A job whose node died is submitted once more, also where sacct tells the states.

    Slurm restarts nothing by itself.
    """
    (submitter.project.told / "mended").touch()
    end_elsewhere(submitter_that_waits(submitter), profile_with_sacct(tmp_path / "profile"))

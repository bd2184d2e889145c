"""A full disk gives a state and no half-written file; with more space the run succeeds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS


def mount(folder: Path, options: str) -> None:
    """Mount a small disk, or change the size of the one that is mounted."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount a small disk: {done.stderr.strip()}")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[MiniProject]:
    """Return a project whose results are on a disk that the fused images do not fit on."""
    environments = tmp_path / "environments"
    environments.mkdir()
    project = MiniProject.create(tmp_path / "project", environments)
    project.add_images("pairs", ["p1", "p2", "p3"], width=800, height=600)
    results = project.root / "results"
    results.mkdir()
    mount(results, "size=400k")
    yield project
    subprocess.run(["umount", "--lazy", str(results)], check=False)


@pytest.mark.slow
def test_a_full_disk_has_a_state_and_is_made_good(project: MiniProject) -> None:
    """The cell is recorded as crashed for lack of space, without half-written images.

    With more space the next run has all images.
    """
    project.add_method("method", {"test.py": ARGPARSE}, BY_OPTIONS)
    done = project.snakemake()
    assert done.returncode != 0
    row = project.table("status.csv")[0]
    assert row["state"] == "crashed"
    assert "is full" in row["reason"] and "free space and run again" in row["reason"]
    run = project.root / "results" / "runs" / "method" / "pairs"
    assert list(run.rglob("*.png")) == []
    mount(project.root / "results", "remount,size=50m")
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(list((run / "fused").iterdir())) == 3

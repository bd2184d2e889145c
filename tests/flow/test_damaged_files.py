"""Files that are damaged, or of another version, between two runs: named and made again."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.files import FORMAT

from tests.flow.conftest import run_two
from tests.flow.projects import MiniProject
from tests.flow.test_wiring import BY_OPTIONS


@pytest.fixture
def ran_alone(project: MiniProject) -> MiniProject:
    """Return a project with an environment of its own, whose two methods were run."""
    # Snakemake has no metadata of an environment that another project built, and would not build it
    # again.
    (project.root / "resources" / "envs").unlink()
    return run_two(project)


def truncate(path: Path) -> None:
    """Leave the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def set_fields(**fields: Any) -> Callable[[Path], None]:
    """Return a function that damages a file: it gives fields other values."""

    def change(path: Path) -> None:
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    return change


def source_marker(project: MiniProject) -> Path:
    """Return the marker of the clone of method one."""
    (path,) = project.root.glob("resources/sources/mini+one@*.json")
    return path


def environment_marker(project: MiniProject) -> Path:
    """Return the marker of the environment."""
    folder = project.root / "resources" / "envs"
    (path,) = (one for one in folder.glob("*.json") if len(one.stem) == 16)
    return path


def manifest(project: MiniProject) -> Path:
    """Return the marker of the dataset."""
    return project.root / "resources" / "datasets" / "pairs.json"


def record(project: MiniProject) -> Path:
    """Return the record of method one."""
    return project.root / "results" / "runs" / "one" / "pairs" / "record.json"


def rerun(
    project: MiniProject, damaged: Path, damage: Callable[[Path], None]
) -> tuple[str, set[str]]:
    """Damage a file and run again; return what Snakemake printed and which methods ran again."""
    before = {name: project.record(name)["started"] for name in ("one", "two")}
    values = project.table("measures.csv")
    damage(damaged)
    done = project.snakemake()
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert project.table("measures.csv") == values
    assert {row["state"] for row in project.table("status.csv")} == {"ok"}
    again = {name for name in before if project.record(name)["started"] != before[name]}
    assert_nothing_to_do(project.snakemake())
    return printed, again


def assert_nothing_to_do(done: subprocess.CompletedProcess[str]) -> None:
    """Check that a run had nothing to do."""
    assert "Nothing to be done" in done.stdout + done.stderr


MARKERS: dict[str, tuple[Callable[[MiniProject], Path], Callable[[Path], None], str]] = {
    "source, truncated": (source_marker, truncate, "must be a whole JSON file; found"),
    "source, type": (source_marker, set_fields(commit=7), "commit: must be `str | null`; found 7"),
    "dataset, truncated": (manifest, truncate, "must be a whole JSON file; found"),
    "dataset, type": (manifest, set_fields(pairs="p1"), 'pairs: must be `array`; found "p1"'),
    "dataset, unknown field": (manifest, set_fields(pears=[]), "pears"),
}


@pytest.mark.parametrize("name", MARKERS)
def test_a_damaged_marker_is_told_and_its_step_done_again(name: str, ran: MiniProject) -> None:
    """A damaged marker is reported and made again; no finished cell is run again.

    The message says the file, the field, what must be and what was found. No value changes.
    """
    find, damage, words = MARKERS[name]
    assert_made_again(ran, find(ran), damage, words)


def test_an_environment_of_a_newer_version_is_told_and_built_again(ran_alone: MiniProject) -> None:
    """The message gives the file and both versions; no finished cell is run again.

    The versions are the newest that is allowed and the one that was found.
    """
    words = f"version must be {FORMAT} or less; found {FORMAT + 1}, of a newer fusebench"
    newer = set_fields(version=FORMAT + 1)
    assert_made_again(ran_alone, environment_marker(ran_alone), newer, words)


def assert_made_again(
    project: MiniProject, marker: Path, damage: Callable[[Path], None], words: str
) -> None:
    """Check that a damaged marker is reported and made again, and that no cell is run again."""
    printed, again = rerun(project, marker, damage)
    assert f"{marker.relative_to(project.root)}: " in printed or str(marker) in printed
    assert words in printed
    assert again == set()
    assert json.loads(marker.read_text())["version"] == FORMAT


RECORDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated": (truncate, "must be a whole JSON file; found"),
    "type": (set_fields(seconds="long"), 'seconds: must be `float | null`; found "long"'),
    "newer": (set_fields(version=FORMAT + 1), "of a newer fusebench"),
    "unknown field": (set_fields(secundae=1), "secundae"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_damaged_record_is_told_and_its_cell_run_again(name: str, ran: MiniProject) -> None:
    """The cell of a damaged record is run again, and no other.

    The message says the file, the field, what must be and what was found.
    """
    damage, words = RECORDS[name]
    printed, again = rerun(ran, record(ran), damage)
    assert "results/runs/one/pairs/record.json: " in printed and words in printed
    assert again == {"one"}


def test_what_only_counts_and_holds_may_be_damaged(ran: MiniProject) -> None:
    """A damaged lease or a damaged output of a job stops no run and reruns no cell."""
    truncate(ran.root / "results" / "runs" / "one" / "pairs" / ".lease")
    (ran.root / "results" / "jobs" / "one" / "pairs.json").write_text("{")
    ran.methods["two"]["run"] = {**BY_OPTIONS, "seed": 1}
    before = ran.record("one")["started"]
    assert ran.snakemake().returncode == 0
    assert ran.record("one")["started"] == before


def test_files_of_the_first_version_are_taken_over(ran: MiniProject) -> None:
    """Markers and records without a version, as fusebench 0.1 wrote them, are valid.

    Nothing is fetched or run again.
    """
    before = {name: ran.record(name)["started"] for name in ("one", "two")}
    written = [source_marker(ran), environment_marker(ran), manifest(ran), record(ran)]
    for path in written:
        data = json.loads(path.read_text())
        del data["version"]
        times = path.stat()
        path.write_text(json.dumps(data))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert_nothing_to_do(ran.snakemake())
    assert {name: ran.record(name)["started"] for name in before} == before

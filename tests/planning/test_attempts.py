"""The attempt number of a step and of a cell: after a failure, force or loss it grows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fusebench.contracts.files import write_stored
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import Attempts, EnvironmentMarker, FusedCells
from fusebench.contracts.records import Record
from fusebench.layout import cell_attempts, fusing_job, marker_attempts, record_path
from fusebench.planning.attempts import cell_attempt, is_lost, marker_attempt

MARKER = "resources/envs/0123.json"
SESSION = Session(id="1-a", device="cpu")
TABLES = Session(id="1-a", device="cpu", tables_only=True)
RECORD = Record(method="one", dataset="pairs", state="ok", reason="")


def number(root: Path, session: Session = SESSION) -> int:
    """Return the attempt number of the cell."""
    return cell_attempt(root, "one", "pairs", "pairs", session)


def ended(root: Path, record: Record | None = RECORD) -> tuple[Path, Path]:
    """Write what a fusing job leaves; return the record and the job's output, a second younger."""
    paths = root / record_path("one", "pairs"), root / fusing_job("one", "pairs")
    if record:
        write_stored(paths[0], record)
    write_stored(paths[1], FusedCells(cells={}))
    made = paths[1].stat().st_mtime
    os.utime(paths[1], (made + 1, made + 1))
    return paths


def damage(path: Path, *, later: float = 5) -> None:
    """Cut off a file, some seconds after its job has ended."""
    path.write_text("{")
    os.utime(path, (path.stat().st_mtime + later,) * 2)


def test_a_first_attempt_is_number_0(tmp_path: Path) -> None:
    """Nothing was run: neither a marker nor a record is missed."""
    assert number(tmp_path) == marker_attempt(tmp_path, MARKER, EnvironmentMarker, SESSION) == 0


def test_a_finished_cell_keeps_its_number(tmp_path: Path) -> None:
    """Another number would rerun it."""
    ended(tmp_path)
    assert number(tmp_path) == 0


@pytest.mark.parametrize(("session", "expected"), [(SESSION, 3), (TABLES, 2)])
def test_a_failure_is_tried_again_unless_only_tables_are_asked_for(
    tmp_path: Path, session: Session, expected: int
) -> None:
    """The number grows by one; for tables alone it stays that of the attempt that failed."""
    for counter in (cell_attempts("one", "pairs"), marker_attempts(MARKER)):
        write_stored(tmp_path / counter, Attempts(attempts=3, failed=True))
    assert number(tmp_path, session) == expected
    assert marker_attempt(tmp_path, MARKER, EnvironmentMarker, session) == expected


def test_a_forced_cell_is_run_again(tmp_path: Path) -> None:
    """Its number grows by one, in this run alone."""
    ended(tmp_path)
    forced = Session(id="1-a", device="cpu", forced=[record_path("one", "pairs")])
    assert (number(tmp_path, forced), number(tmp_path)) == (1, 0)


def test_a_record_that_is_gone_is_lost(tmp_path: Path) -> None:
    """Once its job has ended; before that it was never made."""
    record, _ = ended(tmp_path)
    record.unlink()
    assert is_lost(tmp_path, "one", "pairs", "pairs") and number(tmp_path) == 1
    assert not is_lost(tmp_path, "one", "other", "other")


def test_a_record_that_was_damaged_since_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with it is printed."""
    record, _ = ended(tmp_path)
    damage(record)
    assert number(tmp_path) == 1
    assert f"{record}: must be a whole JSON file" in capsys.readouterr().err


def test_a_record_that_is_older_than_the_end_of_its_job_is_not_read(tmp_path: Path) -> None:
    """A run of a thousand cells does not read a thousand records to find that none is damaged."""
    record, _ = ended(tmp_path)
    damage(record, later=-5)
    assert not is_lost(tmp_path, "one", "pairs", "pairs")


@pytest.mark.parametrize("content", ["{", '{"state": 7}', '{"version": 99}', ""])
def test_a_marker_that_cannot_be_read_is_made_again(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its step gets another number, and the file is named."""
    marker = tmp_path / MARKER
    marker.parent.mkdir(parents=True)
    marker.write_text(content)
    assert marker_attempt(tmp_path, MARKER, EnvironmentMarker, SESSION) == 1
    assert str(marker) in capsys.readouterr().err
    write_stored(marker, EnvironmentMarker(env="small"))
    assert marker_attempt(tmp_path, MARKER, EnvironmentMarker, SESSION) == 0

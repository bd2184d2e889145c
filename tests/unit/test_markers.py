"""Markers of steps, and the attempt numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import Attempts, Manifest, WeightsMarker
from fusebench.errors import StepError, UnreadableFile, WeightsMissing
from fusebench.layout import marker_attempts
from fusebench.markers import (
    NEVER,
    attempt_number,
    count_failure,
    count_success,
    counted_attempts,
    mark_step,
    read_manifest,
)
from hypothesis import given
from hypothesis import strategies as st

MARKER = Path("resources/weights/m.json")
COUNTER = Path(marker_attempts(str(MARKER)))


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every job runs in its project's folder."""
    monkeypatch.chdir(tmp_path)


def fails() -> WeightsMarker:
    """A step whose weights are not there."""
    raise WeightsMissing("model.pth: found nothing")


def failed(error: StepError) -> WeightsMarker:
    """Return the marker of a step that failed."""
    return WeightsMarker(state=error.state, reason=str(error))


def test_a_failed_step_writes_its_state_and_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A marker is written in every case; the count of failures makes the next run try again."""
    assert attempt_number(COUNTER, tables_only=False) == 0
    told = WeightsMarker(state="weights-missing", reason="model.pth: found nothing")
    assert (
        mark_step(MARKER, 0, fails, failed, WeightsMissing)
        == told
        == read_stored(MARKER, WeightsMarker)
    )
    assert not told.is_ok
    assert capsys.readouterr().err == "m: weights-missing: model.pth: found nothing\n"
    assert attempt_number(COUNTER, tables_only=False) == 1
    made = WeightsMarker(path="x")
    assert mark_step(MARKER, 1, lambda: made, failed, WeightsMissing) == made
    assert made.is_ok and attempt_number(COUNTER, tables_only=False) == 1


def test_a_failure_counts_only_where_it_is_tried_again() -> None:
    """Where only tables are asked for, the number stays, however the job ended."""
    count_failure(COUNTER, 0)
    assert attempt_number(COUNTER, tables_only=True) == 0
    count_failure(COUNTER, 0)
    assert attempt_number(COUNTER, tables_only=True) == 0
    assert attempt_number(COUNTER, tables_only=False) == 1
    count_success(COUNTER, 0)
    assert attempt_number(COUNTER, tables_only=True) == 0
    assert attempt_number(COUNTER, tables_only=False) == 0


def test_a_defect_stops_no_other_step(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception that is no StepError gets the state of its step, and is printed in full.

    The next run tries again.
    """

    def broken() -> WeightsMarker:
        raise KeyError("defect")

    told = mark_step(MARKER, 0, broken, failed, WeightsMissing)
    assert read_stored(MARKER, WeightsMarker) == told
    assert told.state == "weights-missing"
    assert told.reason == (
        "fusebench did not expect this, please report it with the log: KeyError: 'defect'"
    )
    assert counted_attempts(COUNTER) == Attempts(attempts=1, failed=True)
    printed = capsys.readouterr().err
    assert "Traceback (most recent call last)" in printed and "m: weights-missing: " in printed


def test_the_first_success_leaves_no_counter() -> None:
    """A project in which nothing ever failed has no files that count.

    A second attempt that succeeds stays counted.
    """
    mark_step(MARKER, 0, WeightsMarker, failed, WeightsMissing)
    assert not COUNTER.exists() and counted_attempts(COUNTER) == NEVER
    mark_step(MARKER, 2, WeightsMarker, failed, WeightsMissing)
    assert read_stored(COUNTER, Attempts) == Attempts(attempts=2, failed=False)


@pytest.mark.parametrize("content", ["", "{", '{"attempts": -1, "failed": true}', "[]"])
def test_a_damaged_counter_counts_nothing(content: str) -> None:
    """It costs one more attempt, and never stops a run."""
    COUNTER.parent.mkdir(parents=True)
    COUNTER.write_text(content)
    assert attempt_number(COUNTER, tables_only=False) == 0
    count_failure(COUNTER, 0)
    assert attempt_number(COUNTER, tables_only=False) == 1


def test_a_counter_of_an_older_fusebench_is_read() -> None:
    """It has no version, and the same two fields."""
    COUNTER.parent.mkdir(parents=True)
    COUNTER.write_text('{"attempts": 3, "failed": true}')
    assert attempt_number(COUNTER, tables_only=False) == 3
    assert attempt_number(COUNTER, tables_only=True) == 2


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12))
def test_a_number_differs_from_that_of_a_job_that_failed_and_of_no_other(
    history: list[tuple[bool, bool]],
) -> None:
    """After a failure a full run has another number, a run of tables alone has the same.

    After a success both have the same: nothing is rerun.
    """
    COUNTER.unlink(missing_ok=True)
    for succeeds, tables_only in history:
        number = attempt_number(COUNTER, tables_only)
        (count_success if succeeds else count_failure)(COUNTER, number)
        assert attempt_number(COUNTER, tables_only=True) == number
        assert (attempt_number(COUNTER, tables_only=False) == number) == succeeds


def test_a_dataset_that_could_not_be_prepared_has_no_pairs(tmp_path: Path) -> None:
    """Its marker is read as a manifest all the same; a damaged one is refused."""
    path = tmp_path / "resources/datasets/d.json"
    write_stored(path, Manifest(state="skipped", reason="gone"))
    assert (read_manifest(tmp_path, "d").pairs, read_manifest(tmp_path, "d").reason) == ([], "gone")
    path.write_text('{"state": "skipped", "reason": "gone"}')
    assert read_manifest(tmp_path, "d").pairs == []
    path.write_text('{"state": "no such state"}')
    with pytest.raises(UnreadableFile, match="state: invalid enum value 'no such state'"):
        read_manifest(tmp_path, "d")

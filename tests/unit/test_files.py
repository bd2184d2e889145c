"""Files and folders that are whole or absent, and the markers of steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fusebench.errors import WeightsMissing
from fusebench.files import folder_digest, read_json, sha256_of_json
from fusebench.markers import (
    SHOWING_VARIABLE,
    attempts,
    count_failure,
    forget_failure,
    write_marker,
)


def test_the_digest_of_a_folder_is_of_names_and_bytes(tmp_path: Path) -> None:
    """Renaming or editing a file changes the digest; caches and history do not."""
    (tmp_path / "a.py").write_text("1")
    first = folder_digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert folder_digest(tmp_path) == first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert folder_digest(tmp_path) != first


def test_the_hash_of_json_does_not_depend_on_the_order_of_keys() -> None:
    """Two mappings with the same content have one hash."""
    assert sha256_of_json({"a": 1, "b": [2]}) == sha256_of_json({"b": [2], "a": 1})


def test_a_failed_step_writes_its_state_and_is_counted(tmp_path: Path) -> None:
    """A marker is written in every case; the count of failures makes the next run try again."""

    def fails() -> dict[str, Any]:
        raise WeightsMissing("model.pth: found nothing")

    marker, failures = tmp_path / "m.json", tmp_path / "failures" / "m.json"
    assert attempts(failures) == 0
    write_marker(marker, failures, fails)
    assert read_json(marker) == {"state": "weights-missing", "reason": "model.pth: found nothing"}
    assert attempts(failures) == 1
    write_marker(marker, failures, lambda: {"path": "x"})
    assert read_json(marker) == {"state": "ok", "path": "x"} and attempts(failures) == 1


def test_a_failure_counts_only_where_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only tables are asked for, the number stays what the job ran with, whatever became of it."""
    failures = tmp_path / "m.json"
    count_failure(failures)
    monkeypatch.setenv(SHOWING_VARIABLE, "yes")
    assert attempts(failures) == 0
    count_failure(failures)
    assert attempts(failures) == 0
    forget_failure(failures)
    assert attempts(failures) == 0
    monkeypatch.delenv(SHOWING_VARIABLE)
    assert attempts(failures) == 0


def test_a_defect_is_no_state(tmp_path: Path) -> None:
    """An exception that is no StepError is raised, and no marker pretends that the step ended."""

    def broken() -> dict[str, Any]:
        raise KeyError("defect")

    with pytest.raises(KeyError):
        write_marker(tmp_path / "m.json", tmp_path / "f.json", broken)
    assert not (tmp_path / "m.json").exists()

"""Files and folders that are whole or absent, and the markers of steps."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from fusebench.errors import WeightsMissing
from fusebench.files import (
    STALE_AFTER,
    folder_digest,
    read_json,
    remove_folder,
    sha256_of_json,
    staged_folder,
)
from fusebench.markers import attempts, write_marker


def test_a_staged_folder_appears_whole(tmp_path: Path) -> None:
    """Nothing is to be seen under the final name before the block ends."""
    with staged_folder(tmp_path / "final") as stage:
        (stage / "a").write_text("1")
        assert not (tmp_path / "final").exists()
    assert (tmp_path / "final" / "a").read_text() == "1"


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    """A block that fails leaves neither the final folder nor a staging one."""
    with pytest.raises(ValueError, match="broken"), staged_folder(tmp_path / "final"):
        raise ValueError("broken")
    assert list(tmp_path.iterdir()) == []


def test_the_quicker_process_wins(tmp_path: Path) -> None:
    """A folder that came into being meanwhile is kept."""
    with staged_folder(tmp_path / "final") as stage:
        (stage / "a").write_text("mine")
        (tmp_path / "final").mkdir()
        (tmp_path / "final" / "a").write_text("theirs")
    assert (tmp_path / "final" / "a").read_text() == "theirs"


def test_left_overs_are_collected_by_age(tmp_path: Path) -> None:
    """A staging folder of a process killed long ago is removed, a recent one is not."""
    for name, age in (("old", STALE_AFTER + 60), ("new", 60)):
        folder = tmp_path / f".staging-{name}"
        folder.mkdir()
        os.utime(folder, (time.time() - age, time.time() - age))
    with staged_folder(tmp_path / "final"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [".staging-new", "final"]


def test_a_read_only_folder_can_be_removed(tmp_path: Path) -> None:
    """Environments and caches are read-only."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "c").write_text("1")
    folder.chmod(0o555)
    remove_folder(tmp_path / "a")
    assert not (tmp_path / "a").exists()


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


def test_a_defect_is_no_state(tmp_path: Path) -> None:
    """An exception that is no StepError is raised, and no marker pretends that the step ended."""

    def broken() -> dict[str, Any]:
        raise KeyError("defect")

    with pytest.raises(KeyError):
        write_marker(tmp_path / "m.json", tmp_path / "f.json", broken)
    assert not (tmp_path / "m.json").exists()

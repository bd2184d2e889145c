"""Folders that are whole or absent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fusebench.folders import (
    OLD_SECONDS,
    collect_leftovers,
    remove_folder,
    scratch_folder,
    staged_folder,
)


def folders(room: Path) -> list[Path]:
    """Return the folders of a folder; lock files do not count."""
    return [path for path in room.iterdir() if path.is_dir()]


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
    assert [path.name for path in tmp_path.iterdir()] == [".staging"]
    assert folders(tmp_path / ".staging") == []


def test_the_quicker_process_wins(tmp_path: Path) -> None:
    """A folder that came into being meanwhile is kept."""
    with staged_folder(tmp_path / "final") as stage:
        (stage / "a").write_text("mine")
        (tmp_path / "final").mkdir()
        (tmp_path / "final" / "a").write_text("theirs")
    assert (tmp_path / "final" / "a").read_text() == "theirs"


def test_left_overs_of_the_dead_are_collected(tmp_path: Path) -> None:
    """What a killed process was making is removed by the next one, at once."""
    code = "import os, sys; from pathlib import Path; from fusebench.folders import staged_folder\n"
    code += "with staged_folder(Path(sys.argv[1])) as stage: (stage / 'a').write_text('half'); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "final")], check=False)
    assert killed.returncode == -9 and len(folders(tmp_path / ".staging")) == 1
    with staged_folder(tmp_path / "final") as stage:
        assert folders(tmp_path / ".staging") == [stage]
    assert folders(tmp_path / ".staging") == []


def test_the_scratch_of_a_killed_job_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that was killed leaves its scratch folder to the next job, which removes it, and no other one."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    code = "import os; from fusebench.folders import scratch_folder\n"
    code += "with scratch_folder() as scratch: (scratch / 'a').write_text('half'); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    (room,) = tmp_path.iterdir()
    assert killed.returncode == -9 and len(folders(room)) == 1
    with scratch_folder() as first, scratch_folder() as second:
        assert sorted(folders(room)) == sorted([first, second])
        (first / "locked").mkdir()
        (first / "locked" / "a").write_text("1")
        (first / "locked").chmod(0o000)
    assert list(room.iterdir()) == []


def test_a_builder_that_lives_long_is_left_alone(tmp_path: Path) -> None:
    """On one machine the lock tells, whatever the age of the folder."""
    with staged_folder(tmp_path / "final") as stage:
        os.utime(stage, (time.time() - OLD_SECONDS - 60,) * 2)
        assert collect_leftovers(tmp_path / ".staging") == []


def test_staging_of_the_living_is_left_alone(tmp_path: Path) -> None:
    """A fresh staging folder of another machine stays; an old one goes."""
    stage = tmp_path / "0123.another-machine.abcdef"
    stage.mkdir()
    os.utime(stage, (time.time() - OLD_SECONDS + 60,) * 2)
    assert collect_leftovers(tmp_path) == []
    os.utime(stage, (time.time() - OLD_SECONDS - 60,) * 2)
    assert collect_leftovers(tmp_path) == [stage]


def test_a_read_only_folder_can_be_removed(tmp_path: Path) -> None:
    """Environments and caches are read-only."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "c").write_text("1")
    folder.chmod(0o555)
    remove_folder(tmp_path / "a")
    assert not (tmp_path / "a").exists()

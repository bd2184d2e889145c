"""Folders that are whole or absent."""

from __future__ import annotations

import os
import platform
import select
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
    staging_folder,
)


def folders(room: Path) -> list[Path]:
    """Return the subfolders of a folder; lock files do not count."""
    return [path for path in room.iterdir() if path.is_dir()]


def test_a_staged_folder_appears_whole(tmp_path: Path) -> None:
    """Nothing has the final name before the block ends."""
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
    """A folder that another process made in the meantime stays."""
    with staged_folder(tmp_path / "final") as stage:
        (stage / "a").write_text("mine")
        (tmp_path / "final").mkdir()
        (tmp_path / "final" / "a").write_text("theirs")
    assert (tmp_path / "final" / "a").read_text() == "theirs"


def test_left_overs_of_the_dead_are_collected(tmp_path: Path) -> None:
    """The next process removes at once what a killed process left."""
    code = "import os, sys; from pathlib import Path; from fusebench.folders import staged_folder\n"
    code += "with staged_folder(Path(sys.argv[1])) as stage:\n"
    code += "    (stage / 'a').write_text('half')\n    os.kill(os.getpid(), 9)\n"
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "final")], check=False)
    assert killed.returncode == -9 and len(folders(tmp_path / ".staging")) == 1
    with staged_folder(tmp_path / "final") as stage:
        assert folders(tmp_path / ".staging") == [stage]
    assert folders(tmp_path / ".staging") == []


def test_the_scratch_of_a_killed_job_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next job removes the scratch folder that a killed job left, and no other one."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    code = "import os; from fusebench.folders import scratch_folder\n"
    code += "with scratch_folder() as scratch:\n"
    code += "    (scratch / 'a').write_text('half')\n    os.kill(os.getpid(), 9)\n"
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
    """On one machine the lock decides, whatever the age of the folder."""
    with staged_folder(tmp_path / "final") as stage:
        os.utime(stage, (time.time() - OLD_SECONDS - 60,) * 2)
        assert collect_leftovers(tmp_path / ".staging") == []


def test_staging_of_the_living_is_left_alone(tmp_path: Path) -> None:
    """A fresh staging folder of another machine stays; an old one is removed."""
    stage = tmp_path / "0123.another-machine.abcdef"
    stage.mkdir()
    os.utime(stage, (time.time() - OLD_SECONDS + 60,) * 2)
    assert collect_leftovers(tmp_path) == []
    os.utime(stage, (time.time() - OLD_SECONDS - 60,) * 2)
    assert collect_leftovers(tmp_path) == [stage]


def test_a_read_only_folder_can_be_removed(tmp_path: Path) -> None:
    """Environments and caches are read-only, and can be removed."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "c").write_text("1")
    folder.chmod(0o555)
    remove_folder(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_an_empty_folder_of_the_final_name_is_replaced(tmp_path: Path) -> None:
    """An empty folder that somebody made does not count as finished."""
    (tmp_path / "final").mkdir()
    with staged_folder(tmp_path / "final") as stage:
        (stage / "a").touch()
    assert [path.name for path in (tmp_path / "final").iterdir()] == ["a"]


def test_a_file_of_the_final_name_is_told(tmp_path: Path) -> None:
    """A file with the final name is an error, and is not changed."""
    (tmp_path / "final").write_text("a file")
    with pytest.raises(OSError, match="final"), staged_folder(tmp_path / "final") as stage:
        (stage / "a").touch()
    assert (tmp_path / "final").read_text() == "a file"
    assert folders(tmp_path / ".staging") == []


BUILDER = """
import sys
from pathlib import Path
from fusebench.folders import staging_folder
with staging_folder(Path(sys.argv[1])):
    print("inside", flush=True)
    sys.stdin.readline()
print("outside", flush=True)
"""


def start_builder(folder: Path) -> subprocess.Popen[str]:
    """Start a process that says when it builds a folder, and ends when it is told a line."""
    command = [sys.executable, "-c", BUILDER, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def said(builder: subprocess.Popen[str]) -> str:
    """Return the next line of a builder; waits for it."""
    assert builder.stdout
    return builder.stdout.readline().strip()


def test_builders_of_one_folder_wait_for_each_other(tmp_path: Path) -> None:
    """Builders of another folder do not wait."""
    first = start_builder(tmp_path / "x")
    assert said(first) == "inside"
    second, other = start_builder(tmp_path / "x"), start_builder(tmp_path / "y")
    assert said(other) == "inside"
    assert second.stdout
    assert not select.select([second.stdout], [], [], 0.5)[0]
    first.communicate("\n")
    assert said(second) == "inside"
    for builder in (second, other):
        assert builder.communicate("\n")[0] == "outside\n"
    assert folders(tmp_path / ".staging") == []


def test_what_cannot_be_removed_stops_nobody(tmp_path: Path) -> None:
    """A folder that its block has moved away is not an error."""
    with staging_folder(tmp_path / "final") as stage:
        stage.rename(tmp_path / "moved")
    assert (tmp_path / "moved").is_dir()
    assert [path.name for path in (tmp_path / ".staging").iterdir()] == ["final.building"]


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("k.{node}.0123", True),
        ("k.{node}.0123.broken", True),
        ("k.{node}.0123.alive", False),
        ("k.building", False),
        ("k.with.points.building", False),
        ("k.another-machine.0123", False),
    ],
)
def test_only_folders_of_the_dead_are_collected(tmp_path: Path, name: str, gone: bool) -> None:
    """A folder of this machine without a lock belongs to no process, and is removed.

    Locks stay, and so do young folders of other machines.
    """
    path = tmp_path / name.format(node=platform.node())
    path.mkdir()
    assert collect_leftovers(tmp_path) == ([path] if gone else [])
    assert path.exists() != gone


def test_nothing_to_remove_is_fine(tmp_path: Path) -> None:
    """Removing a folder that does not exist is no error."""
    remove_folder(tmp_path / "none")


def test_a_link_is_removed_and_not_what_it_points_to(tmp_path: Path) -> None:
    """Environments hold links to interpreters, whose permissions must not change."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    outside.chmod(0o555)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(outside)
    remove_folder(tmp_path / "folder")
    assert (outside / "kept").exists() and outside.stat().st_mode & 0o777 == 0o555


def test_scratch_is_of_this_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other users of the machine see neither sources nor weights; an exception leaves nothing."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ValueError, match="broken"), scratch_folder() as scratch:
        assert scratch.parent == tmp_path / f"fusebench-{os.getuid()}"
        assert scratch.parent.stat().st_mode & 0o777 == 0o700
        raise ValueError("broken")
    assert list((tmp_path / f"fusebench-{os.getuid()}").iterdir()) == []

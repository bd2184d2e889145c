"""Runs that live hold their project; what killed runs left locked is unlocked."""

from __future__ import annotations

import fcntl
import platform
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from fusebench import living_runs
from fusebench.errors import RunIsAlive
from fusebench.living_runs import FILE, LOCKS, begin_run, is_only_run, no_living_run


@pytest.fixture(autouse=True)
def held(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Give each test its own list of held files: a process would hold them until its end."""
    streams: list[object] = []
    monkeypatch.setattr(living_runs, "_held", streams)
    return streams


def killed_run(root: Path) -> Path:
    """Leave the locks of a run that was killed; return one of them."""
    code = "import os; from pathlib import Path; from fusebench.living_runs import begin_run\n"
    code += f"begin_run(Path({str(root)!r})); os.kill(os.getpid(), 9)\n"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    return locked(root)


def living_run(root: Path) -> IO[str]:
    """Hold the project as another run does."""
    begin_run(root)
    living_runs._held.clear()
    stream = (root / FILE).open()
    fcntl.flock(stream, fcntl.LOCK_SH)
    return stream


def locked(root: Path) -> Path:
    """Lock the folder as Snakemake does."""
    (root / LOCKS).mkdir(parents=True)
    (root / LOCKS / "0.output.lock").write_text("results/table.csv\n")
    return root / LOCKS / "0.output.lock"


def test_locks_of_a_killed_run_are_removed_and_told(tmp_path: Path) -> None:
    """Nobody has to type --unlock where no other run lives."""
    lock = killed_run(tmp_path)
    assert "was killed" in begin_run(tmp_path)
    assert not lock.exists()


def test_locks_of_a_living_run_stay(tmp_path: Path) -> None:
    """Snakemake then refuses as ever, or runs beside it where both want other files."""
    other = living_run(tmp_path)
    lock = locked(tmp_path)
    assert begin_run(tmp_path) == ""
    assert lock.exists()
    other.close()


def test_locks_of_another_machine_stay_and_are_told(tmp_path: Path) -> None:
    """Not every file system shows whether a run lives there; the next run says so again."""
    lock = killed_run(tmp_path)
    (tmp_path / FILE).write_text("far")
    for _ in range(2):
        assert "locks of a run on far" in begin_run(tmp_path)
        living_runs._held.clear()
        assert lock.exists() and (tmp_path / FILE).read_text() == "far"
    lock.unlink()
    assert begin_run(tmp_path) == ""
    assert (tmp_path / FILE).read_text() == platform.node()


def test_locks_of_nobody_known_stay(tmp_path: Path) -> None:
    """An older fusebench held nothing: its run may live."""
    lock = locked(tmp_path)
    assert "an unknown machine" in begin_run(tmp_path)
    living_runs._held.clear()
    with pytest.raises(RunIsAlive, match="snakemake --unlock"), no_living_run(tmp_path / "."):
        pass
    assert lock.exists()


def test_a_run_knows_whether_it_is_the_only_one(tmp_path: Path) -> None:
    """Jobs of another living run are no orphans; asking releases nothing."""
    begin_run(tmp_path)
    assert is_only_run()
    with (tmp_path / FILE).open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert not is_only_run()
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_no_run_begins_while_a_folder_is_kept_free(tmp_path: Path) -> None:
    """A run that begins meanwhile waits."""
    begin_run(tmp_path)
    with pytest.raises(RunIsAlive, match="goes on there"), no_living_run(tmp_path):
        pass
    living_runs._held.clear()
    code = "from pathlib import Path; from fusebench.living_runs import *\n"
    code += f"begin_run(Path({str(tmp_path)!r}))"
    with no_living_run(tmp_path):
        waiting = subprocess.Popen([sys.executable, "-c", code])
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=1)
    assert waiting.wait(timeout=60) == 0

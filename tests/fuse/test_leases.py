"""A run is written by one job at a time, whatever happened to the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.context import SpawnProcess
from pathlib import Path

from fusebench.contracts.files import FORMAT
from fusebench.contracts.markers import Holder
from fusebench.fuse.leases import holder, holder_words, lease


def hold(folder: Path, seconds: float, entered: str) -> None:
    """Hold a lease for some seconds, and write down when it was taken and released."""
    with lease(folder, "other run"):
        began = time.monotonic()
        time.sleep(seconds)
        (folder / entered).write_text(f"{began} {time.monotonic()}")


def started(folder: Path, seconds: float, entered: str) -> SpawnProcess:
    """Start a process that holds the lease."""
    process = multiprocessing.get_context("spawn").Process(
        target=hold, args=(folder, seconds, entered)
    )
    process.start()
    return process


def wait_for_holder(folder: Path, process: SpawnProcess) -> None:
    """Wait until a process holds the lease."""
    while (known := holder(folder)) is None or known.pid != process.pid:
        assert process.is_alive()
        time.sleep(0.05)


def test_a_second_job_waits_and_says_for_whom(tmp_path: Path) -> None:
    """The second job starts when the first has ended, and notes which job it waited for."""
    first = started(tmp_path, 1.5, "first")
    wait_for_holder(tmp_path, first)
    with lease(tmp_path, "this run") as notes:
        entered = time.monotonic()
    first.join()
    assert entered >= float((tmp_path / "first").read_text().split()[1]) - 0.1
    assert notes == [f"waited for process {first.pid} on {os.uname().nodename}"]


def test_a_killed_job_frees_its_lease(tmp_path: Path) -> None:
    """After kill -9 no job has to wait, and the killed job is still known as the last holder."""
    first = started(tmp_path, 600, "first")
    wait_for_holder(tmp_path, first)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    known = holder(tmp_path)
    assert known is not None and (known.pid, known.session) == (first.pid, "other run")
    with lease(tmp_path, "this run") as notes:
        known = holder(tmp_path)
        assert known is not None and (known.pid, known.session) == (os.getpid(), "this run")
    assert notes in ([], [f"waited for process {first.pid} on {os.uname().nodename}"])


def test_nobody_ever_held_a_new_run(tmp_path: Path) -> None:
    """A run without a lease has no holder, and neither has one whose lease file was cut off."""
    assert holder(tmp_path) is None
    (tmp_path / ".lease").write_text('{"host": "n')
    assert holder(tmp_path) is None


def test_the_holder_of_an_older_fusebench_is_known(tmp_path: Path) -> None:
    """It called the session a run; a job that died before an update is still reported."""
    old = '{"host": "n", "pid": 7, "slurm_job": "9", "run": "r", "since": "2026-01-02"}'
    (tmp_path / ".lease").write_text(old)
    known = holder(tmp_path)
    assert known is not None and (known.session, known.version) == ("r", FORMAT)
    assert holder_words(known) == "Slurm job 9 on n"


def test_a_holder_is_named_as_a_reason_names_it() -> None:
    """It is named by its scheduler job, else by its process.

    A file that was cut off gives no name.
    """
    known = Holder(host="n", pid=7, slurm_job=None, since="")
    assert holder_words(known) == "process 7 on n"
    assert holder_words(None) == "a job that left no name"


def test_a_job_leaves_its_name_alone(tmp_path: Path) -> None:
    """A longer name from before leaves nothing in the file."""
    (tmp_path / ".lease").write_text("x" * 1000)
    with lease(tmp_path, "this run"):
        pass
    known = holder(tmp_path)
    assert known is not None and known.pid == os.getpid()

"""The lease of a cell: at most one job at a time writes a run.

This holds even if the Snakemake that started the other jobs has ended.

A killed Snakemake leaves its jobs running, and the next one starts the same cells again. The later
job waits until the earlier one has ended, and takes over its record if it is of the same cell.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Holder
from fusebench.errors import UnreadableFile

FILE = ".lease"

SECONDS_BETWEEN_TRIES = 0.5
WITHOUT_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL}
"""Errors of file systems that were mounted without locks."""


@contextlib.contextmanager
def lease(folder: Path, session: str) -> Iterator[list[str]]:
    """Hold the run in ``folder`` for the time of the block; wait for whoever holds it before.

    A file lock: the kernel, and over NFS the server, frees it with the process or the machine that
    held it. Where the file system has no locks, the block is entered without one: then only the
    cancellation of orphaned jobs keeps jobs apart.

    Args:
        folder: of the cell.
        session: the run of Snakemake that the job belongs to.

    Yields:
        Notes for the record: which job this one waited for, or that there are no locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a+", encoding="utf-8") as stream:
        notes = _locked(stream)
        stream.truncate(0)
        stream.write(msgspec.json.encode(_this_job(session)).decode())
        stream.flush()
        yield notes


def holder(folder: Path) -> Holder | None:
    """Return the last job that held the run; None if none ever did, or it left no name."""
    try:
        return read_stored(folder / FILE, Holder)
    except (FileNotFoundError, UnreadableFile):
        return None


def held_now_by(folder: Path) -> str:
    """Return the job that holds the run now; empty where none does, or where there are no locks."""
    with contextlib.suppress(OSError), (folder / FILE).open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return holder_words(holder(folder))
    return ""


def _locked(stream: IO[str]) -> list[str]:
    waited_for = ""
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited_for = waited_for or holder_words(holder(Path(stream.name).parent))
            time.sleep(SECONDS_BETWEEN_TRIES)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
            return ["the file system of results/ has no locks"]
        else:
            return [f"waited for {waited_for}"] if waited_for else []


def holder_words(known: Holder | None) -> str:
    """Return the holder of a lease in the words of a reason."""
    if known is None:
        return "a job that left no name"
    job = f"Slurm job {known.slurm_job}" if known.slurm_job else f"process {known.pid}"
    return f"{job} on {known.host}"


def _this_job(session: str) -> Holder:
    return Holder(
        host=socket.gethostname(),
        pid=os.getpid(),
        slurm_job=os.environ.get("SLURM_JOB_ID"),
        session=session,
        since=datetime.now(UTC).isoformat(timespec="seconds"),
    )

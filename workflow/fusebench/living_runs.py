"""Which runs of Snakemake live in a project's folder.

Snakemake locks the files of a run by files of its own, which a killed run leaves behind; nothing in
them says whose they are. Each run of fusebench therefore holds a lock of the kernel as long as its
process lives.
"""

from __future__ import annotations

import fcntl
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from fusebench.errors import RunIsAlive

FILE = Path(".snakemake", "fusebench.run")
"""The file that living runs hold; it names the machine of the last run."""

LOCKS = Path(".snakemake", "locks")
"""Where Snakemake keeps its own locks."""

_held: list[IO[str]] = []


def begin_run(root: Path) -> str:
    """Hold the project as a living run, until this process ends.

    Locks of Snakemake that a killed run of this machine left are removed first, if no other run
    lives. Those of another machine stay: file systems do not always show its locks.

    Args:
        root: the project's folder.

    Returns:
        What to tell the user; empty where there is nothing to tell.
    """
    if _held:  # the Snakefile is used twice, as a module of another one
        return ""
    stream = _opened(root)
    _held.append(stream)
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(stream, fcntl.LOCK_SH)
        return ""
    except OSError:  # a file system without locks
        return ""
    told = _without_left_locks(root, stream.read())
    if not _left_locks(root):
        stream.seek(0)
        stream.truncate()
        stream.write(platform.node())
        stream.flush()
    fcntl.flock(stream, fcntl.LOCK_SH)
    return told


def is_only_run() -> bool:
    """Say whether the run of this process is the only living one of its folder."""
    for stream in _held:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: Snakemake's own lock must do
            return True
        finally:
            with suppress(OSError):
                fcntl.flock(stream, fcntl.LOCK_SH)
    return True


@contextmanager
def no_living_run(root: Path) -> Iterator[None]:
    """Keep runs of this project from starting while the block lasts.

    Raises:
        RunIsAlive: one goes on already.
    """
    with _opened(root) as stream:
        host = stream.read()
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunIsAlive(
                f"{root.absolute()}: a run of Snakemake goes on there, on"
                f" {host or 'this machine'}; wait until it has ended"
            ) from error
        except OSError:  # a file system without locks
            host = ""
        if _left_locks(root) and host != platform.node():
            raise RunIsAlive(
                f"{root / LOCKS} holds locks of Snakemake: a run may be going on. If none is:"
                " snakemake --unlock"
            )
        yield


def _opened(root: Path) -> IO[str]:
    (root / FILE).parent.mkdir(exist_ok=True)
    stream = (root / FILE).open("a+", encoding="utf-8")
    stream.seek(0)
    return stream


def _without_left_locks(root: Path, host: str) -> str:
    """Remove Snakemake's locks if a run of this machine left them; no run lives."""
    left = _left_locks(root)
    if not left:
        return ""
    if host != platform.node():
        return (
            f"{root / LOCKS} holds locks of a run on {host or 'an unknown machine'}. If it lives no"
            " more: snakemake --unlock"
        )
    for file in left:
        with suppress(FileNotFoundError):
            file.unlink()
    return "the run before was killed: its locks were removed, and what it left undone is done now"


def _left_locks(root: Path) -> list[Path]:
    return sorted((root / LOCKS).glob("*.lock"))

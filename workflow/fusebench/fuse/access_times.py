"""Access times of files: they tell what a script read, by whatever library or child process."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

LONG_AGO = 946_684_800 * 10**9
"""The access time of a file that nobody has read: the first second of 2000, in nanoseconds."""


@dataclass(frozen=True)
class ScratchCopy:
    """The copy of a repository before its script starts.

    Attributes:
        work: its folder.
        files: all files in it; links are left out.
        sees_reads: whether the file system keeps access times.
    """

    work: Path
    files: tuple[Path, ...]
    sees_reads: bool

    @classmethod
    def of(cls, work: Path) -> ScratchCopy:
        """Look at a folder once; a probe is written beside it for a moment."""
        found = (Path(parent, name) for parent, _, names in os.walk(work) for name in names)
        files = tuple(file for file in found if not file.is_symlink())
        return cls(work, files, keeps_access_times(work.parent))


def reset_access_time(path: Path) -> None:
    """Give a file an old access time; whoever reads it from now on gives it a new one."""
    os.utime(path, ns=(LONG_AGO, path.stat().st_mtime_ns))


def keeps_access_times(folder: Path) -> bool:
    """Say whether a file system notes each first reading of a file, also one through a memory map.

    It does not where it is mounted with ``noatime``, and on some network file systems.
    """
    probe = folder / "probe"
    probe.write_bytes(b"probe")
    try:
        return _is_noted(probe, _read) and _is_noted(probe, _map)
    finally:
        probe.unlink()


def _is_noted(probe: Path, reading: Callable[[BinaryIO], object]) -> bool:
    reset_access_time(probe)
    before = probe.stat().st_atime_ns
    with probe.open("rb") as stream:
        reading(stream)
    return probe.stat().st_atime_ns != before


def _read(stream: BinaryIO) -> bytes:
    return stream.read()


def _map(stream: BinaryIO) -> bytes:
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return mapped[:]

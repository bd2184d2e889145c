"""A running program seen from outside: what it uses, and whether that is too much."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fusebench.sandbox.plan import Limits
from fusebench.sandbox.tree import descendants

KB = 1024
MB = 1_000_000
SECONDS_BETWEEN_LOOKS = 0.5
"""How often the disk is looked at, where that takes no time."""


@dataclass(frozen=True)
class Use:
    """What one process uses: memory of its own and its peak, in bytes, and its threads."""

    pid: int
    memory: int
    peak: int
    threads: int


class DiskWatch:
    """Adds up the files of a scratch folder now and then: a program may write many of them.

    Walking through a folder takes time, so most of the time is spent without.
    """

    def __init__(self, scratch: Path, limit_mb: int | None) -> None:
        """Watch a folder."""
        self._scratch = scratch
        self._limit_mb = limit_mb
        self._next_look = 0.0

    def excess(self) -> str:
        """Look, if it is time to; say that the limit is passed, or nothing."""
        began = time.monotonic()
        if self._limit_mb is None or began < self._next_look:
            return ""
        used = disk_use(self._scratch)
        seconds = time.monotonic() - began
        self._next_look = began + max(SECONDS_BETWEEN_LOOKS, 50 * seconds)
        if used <= self._limit_mb * MB:
            return ""
        return (
            f"the script had {used // MB} MB in its scratch folder; its limit is"
            f" {self._limit_mb} MB (`scratch_mb` of the configuration)"
        )


def disk_use(folder: Path) -> int:
    """Return the bytes that a folder takes on the disk; what vanishes meanwhile does not count."""
    used = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                used += os.lstat(f"{parent}/{name}").st_blocks * 512
    return used


class Watch:
    """Looks at a program now and then.

    Attributes:
        peak_rss_bytes: the largest resident memory of one of its processes that was seen; None
            until one was.
    """

    def __init__(self, pid: int, limits: Limits, scratch: Path) -> None:
        """Watch the processes below ``pid``, which is the one that starts the program."""
        self._pid = pid
        self._limits = limits
        self._disk = DiskWatch(scratch, limits.scratch_mb)
        self.peak_rss_bytes: int | None = None

    def excess(self) -> str:
        """Look at the program; say which limit it passes, or nothing."""
        uses = list(_uses(descendants(self._pid)))
        peak = max((use.peak for use in uses), default=None)
        if peak is not None:
            self.peak_rss_bytes = max(peak, self.peak_rss_bytes or 0)
        return self._memory(uses) or self._processes(uses) or self._disk.excess()

    def _memory(self, uses: list[Use]) -> str:
        limit = self._limits.memory_mb
        if limit is None or sum(use.memory for use in uses) + _shared(uses) <= limit * MB:
            return ""
        # Pages that processes share count once; to ask for this takes longer.
        used = sum(_own_memory(use) for use in uses) + _shared(uses)
        if used <= limit * MB:
            return ""
        return f"the script used {used // MB} MB of memory; its limit is {limit} MB"

    def _processes(self, uses: list[Use]) -> str:
        limit, found = self._limits.processes, sum(use.threads for use in uses)
        if limit is None or found <= limit:
            return ""
        return f"the script ran {found} processes and threads; its limit is {limit}"


def _uses(pids: list[int]) -> Iterator[Use]:
    """Yield what each process uses that still runs."""
    for pid in pids:
        with suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_bytes()
            facts = dict(line.split(b":", 1) for line in status.splitlines() if b":" in line)
            memory = _bytes(facts, b"RssAnon") + _bytes(facts, b"VmSwap")
            yield Use(pid, memory, _bytes(facts, b"VmHWM"), int(facts[b"Threads"]))


def _bytes(facts: dict[bytes, bytes], name: bytes) -> int:
    """Return a size that /proc tells in kB; 0 for a process that has ended."""
    return int(facts[name].split()[0]) * KB if name in facts else 0


def _own_memory(use: Use) -> int:
    """Return the memory of a process in bytes; a page that n processes share counts as 1/n."""
    with suppress(OSError):
        content = Path(f"/proc/{use.pid}/smaps_rollup").read_bytes()
        facts = dict(line.split(b":", 1) for line in content.splitlines()[1:])
        if b"Pss_Anon" in facts:
            return _bytes(facts, b"Pss_Anon") + _bytes(facts, b"SwapPss")
    return use.memory


def _shared(uses: list[Use]) -> int:
    """Return the bytes in the program's own ``/dev/shm``; 0 where it has none of its own."""
    with suppress(OSError):
        for use in uses[-1:]:
            own = Path(f"/proc/{use.pid}/root/dev/shm")
            if own.stat().st_dev != Path("/dev/shm").stat().st_dev:
                room = os.statvfs(own)
                return (room.f_blocks - room.f_bfree) * room.f_frsize
    return 0

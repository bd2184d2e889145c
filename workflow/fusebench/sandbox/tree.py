"""The processes that a process has started, with all that those have started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROUNDS = 100
SECONDS_BETWEEN_ROUNDS = 0.02


def descendants(pid: int) -> list[int]:
    """Return the processes below a process, parents before their children."""
    found, waiting = [], [pid]
    while waiting:
        children = list(_children(waiting.pop()))
        found += children
        waiting += children
    return found


def _children(pid: int) -> Iterator[int]:
    """Yield the children of a process; each of its threads may have some."""
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                yield from map(int, (thread / "children").read_text(encoding="ascii").split())


def kill_below(pid: int) -> None:
    """Kill all processes below a process, those that they start in the meantime included.

    The process itself must be their reaper, or be gone; otherwise those whose parent has ended are
    not found.
    """
    for _ in range(ROUNDS):
        living = [child for child in descendants(pid) if is_living(child)]
        for child in living:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        if not living:
            return
        time.sleep(SECONDS_BETWEEN_ROUNDS)


def is_living(pid: int) -> bool:
    """Say whether a process runs; one that has ended and is not waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")

"""The processes that a process has started, with all that those have started.

``inside`` uses it too, so it imports nothing that is slow.
"""

from __future__ import annotations

import os
import time

ROUNDS = 100
SECONDS_BETWEEN_ROUNDS = 0.02
SIGKILL = 9


def descendants(pid: int) -> list[int]:
    """Return the processes below a process, parents before their children."""
    found, waiting = [], [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    """Return the children of a process; each of its threads may have some."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            found += map(int, _content(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        return found
    return found


def _content(path: str) -> bytes:
    """Return the content of a file of /proc; nothing where its process has ended."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def kill_below(pid: int) -> None:
    """Kill all processes below a process, those that they start in the meantime included.

    The process itself must be their reaper, or be gone; otherwise those whose parent has ended are
    not found.
    """
    for _ in range(ROUNDS):
        living = [child for child in descendants(pid) if is_living(child)]
        for child in living:
            try:
                os.kill(child, SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        if not living:
            return
        time.sleep(SECONDS_BETWEEN_ROUNDS)


def is_living(pid: int) -> bool:
    """Say whether a process runs; one that has ended and is not waited for does not."""
    facts = _facts(pid)
    return bool(facts) and facts[0] not in (b"Z", b"X")


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 where the process has ended."""
    facts = _facts(pid)
    return int(facts[1]) if facts else 0


def _facts(pid: int) -> list[bytes]:
    """Return what /proc tells of a process after its name, its state first; nothing if it ended."""
    return _content(f"/proc/{pid}/stat").rpartition(b")")[2].split()

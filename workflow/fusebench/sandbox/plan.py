"""The words of a plan: levels of a sandbox, what a program sees, and what it may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["read", "write", "device", "link", "empty"]
Level = Literal["bwrap", "userns", "apptainer", "env-only"]

LEVELS: tuple[Level, ...] = ("bwrap", "userns", "apptainer", "env-only")
"""All levels, the strongest first."""


@dataclass(frozen=True)
class Step:
    """One thing that a program sees.

    Attributes:
        path: where the program sees it.
        kind: ``read``: a file or folder of the machine that cannot be changed; ``write``: one that
            can; ``device``: a device; ``link``: a symbolic link; ``empty``: an empty folder that
            hides what lies there on the machine.
        source: the file or folder of the machine, or where the link points to; empty for ``empty``.
    """

    path: str
    kind: Kind
    source: str = ""


@dataclass(frozen=True)
class Limits:
    """What a program may use; None for no limit.

    Attributes:
        memory_mb: memory of all its processes together, in MB; checked from outside.
        file_mb: size of one file that it writes, in MB.
        processes: its processes and threads together; checked from outside.
        scratch_mb: all files of its scratch folder together, in MB; checked from outside.
    """

    memory_mb: int | None = None
    file_mb: int | None = None
    processes: int | None = None
    scratch_mb: int | None = None


NO_LIMITS = Limits()

"""The plan of a sandbox: what a program sees, and how it is started.

``levels`` makes it, ``inside`` carries it out. It passes as JSON on the command line.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
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
    """

    memory_mb: int | None = None
    file_mb: int | None = None
    processes: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Plan:
    """How a program is started in a sandbox.

    Attributes:
        level: the kind of the sandbox.
        parent: the process that starts the sandbox; the program ends with it.
        command: the program with its arguments, or the sandbox program that starts it.
        cwd: its working folder.
        steps: what it sees, parents before what lies in them.
        file_mb: as in ``Limits``.
        shared_mb: the most that its own ``/dev/shm`` holds, in MB; None for no limit.
        landlock: whether the kernel's Landlock refuses what ``steps`` does not show.
    """

    level: Level
    parent: int
    command: list[str]
    cwd: str
    steps: list[Step] = field(default_factory=list)
    file_mb: int | None = None
    shared_mb: int | None = None
    landlock: bool = False

    def to_json(self) -> str:
        """Return the plan as JSON."""
        return json.dumps(asdict(self))


def plan_from_json(text: str) -> Plan:
    """Return the plan that ``Plan.to_json`` wrote."""
    fields = json.loads(text)
    return Plan(**{**fields, "steps": [Step(**step) for step in fields["steps"]]})

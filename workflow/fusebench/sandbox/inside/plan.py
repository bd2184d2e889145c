"""How a program is started in a sandbox: ``levels`` makes the plan, ``inside`` carries it out."""

from __future__ import annotations

Shown = tuple[str, str, str]
"""One thing that a program sees: path, kind and source, as in ``fusebench.sandbox.plan.Step``."""


class Plan:
    """How a program is started in a sandbox.

    It passes as Python source on the command line, which needs no module to be read.
    """

    def __init__(
        self,
        *,
        level: str,
        parent: int,
        command: list[str],
        cwd: str,
        steps: list[Shown],
        file_mb: int | None,
        shared_mb: int | None,
        landlock: bool,
    ) -> None:
        """Make a plan.

        Args:
            level: the kind of the sandbox.
            parent: the process that starts the sandbox; the program ends with it.
            command: the program with its arguments, or the sandbox program that starts it.
            cwd: its working folder.
            steps: what it sees, parents before what lies in them.
            file_mb: the size of the largest file that it may write, in MB; None for no limit.
            shared_mb: the most that its own ``/dev/shm`` holds, in MB; None for no limit.
            landlock: whether the kernel's Landlock refuses what ``steps`` does not show.
        """
        self.level = level
        self.parent = parent
        self.command = command
        self.cwd = cwd
        self.steps = steps
        self.file_mb = file_mb
        self.shared_mb = shared_mb
        self.landlock = landlock

    def source(self) -> str:
        """Return the plan as Python source: the arguments of this class."""
        return ascii(vars(self))

"""Start a program in the strongest sandbox of this machine, watch it, and end it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fusebench.errors import TimedOut
from fusebench.sandbox.levels import Sandbox, candidates, strongest
from fusebench.sandbox.plan import LEVELS, NO_LIMITS, Level, Limits, Step
from fusebench.sandbox.tree import kill_below
from fusebench.sandbox.view import Wanted, private_folders, steps_of
from fusebench.sandbox.watching import Watch

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_TO_END = 10.0
TEMPORARY = "slash-tmp"
"""The folder of a scratch folder that a program sees as ``/tmp``."""


@dataclass(frozen=True)
class Policy:
    """In which sandboxes a program may run, and with what.

    Attributes:
        highest: the strongest level that is tried.
        lowest: the weakest level that may be taken.
        reads: further files and folders of the machine that it may read.
        limits: what it may use.
        landlock: whether the kernel's Landlock is used where there are no namespaces.
    """

    highest: Level = LEVELS[0]
    lowest: Level = LEVELS[-1]
    reads: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS
    landlock: bool = True


DEFAULT_POLICY = Policy()
"""The strongest sandbox that works, whatever it is, and no limits."""


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        status: its exit status; negative for a signal.
        seconds: how long it ran, its start included.
        excess: which limit it passed, and was ended for; empty for none.
        peak_rss_bytes: the largest memory of one of its processes that was seen; None for a program
            that ended before it was looked at.
        sandbox: in which it ran.
    """

    status: int
    seconds: float
    excess: str
    peak_rss_bytes: int | None
    sandbox: Sandbox


@dataclass(frozen=True)
class Program:
    """A program of strangers, and what it needs.

    Attributes:
        words: its file and its arguments.
        python: its interpreter.
        cwd: its working folder.
        scratch: the only folder that it may change.
        reads: files and folders of the machine that it reads beside its interpreter.
        project: the folder of which it sees nothing else.
        environ: all of its variables.
    """

    words: Sequence[str]
    python: Path
    cwd: str
    scratch: Path
    reads: tuple[str, ...]
    project: Path
    environ: Mapping[str, str]


_CHOSEN: dict[tuple[Level, Level, bool, Path], Sandbox] = {}
"""The sandboxes that were chosen in this process: each is tried once for an interpreter."""


def run_program(program: Program, log: IO[str], seconds: float, policy: Policy) -> Ended:
    """Run a program in the strongest sandbox that works here; return how it ended.

    Nothing that it started is left.

    Args:
        program: what to run.
        log: receives all that it prints.
        seconds: its time limit.
        policy: in which sandboxes it may run, and what it may use.

    Raises:
        EnvironmentFailed: no sandbox that the policy allows works here, or the interpreter does not
            start.
        TimedOut: the time limit was reached.
    """
    own_folder(program.scratch / TEMPORARY)
    steps = _steps(program, policy)
    sandbox = _chosen(program, policy, steps)
    began = time.monotonic()
    process = subprocess.Popen(
        sandbox.command(program.words, program.cwd, steps, policy.limits),
        env=dict(program.environ),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    watch = Watch(process.pid, policy.limits, program.scratch)
    try:
        excess = _wait(process, watch, began + seconds)
    finally:
        end_tree(process)
    status = sandbox.status(process.returncode)
    return Ended(status, time.monotonic() - began, excess, watch.peak_rss_bytes, sandbox)


def _steps(program: Program, policy: Policy) -> list[Step]:
    reads = (*program.reads, *policy.reads)
    private = private_folders(program.project)
    temporary = program.scratch / TEMPORARY
    wanted = Wanted(program.python, reads, program.scratch, temporary, private)
    return steps_of(wanted, program.environ)


def _chosen(program: Program, policy: Policy, steps: list[Step]) -> Sandbox:
    key = (policy.highest, policy.lowest, policy.landlock, program.python)
    if key not in _CHOSEN:
        levels = candidates(policy.highest, policy.lowest, landlock=policy.landlock)
        _CHOSEN[key] = strongest(levels, program.python, steps, program.environ)
    return _CHOSEN[key]


def _wait(process: subprocess.Popen[bytes], watch: Watch, deadline: float) -> str:
    """Wait until a program has ended by itself, or passes a limit; return this limit.

    Raises:
        TimedOut: the deadline was reached.
    """
    while time.monotonic() < deadline:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=min(SECONDS_BETWEEN_LOOKS, max(0, deadline - time.monotonic())))
            return ""
        if excess := watch.excess():
            return excess
    end_group(process)
    raise TimedOut("the script ran past its time limit")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, and give it some seconds to do so."""
    with suppress(ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=SECONDS_TO_END)


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a program with all that it started."""
    if process.poll() is None:
        kill_below(process.pid)
        process.kill()
    process.wait()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def own_folder(folder: Path) -> None:
    """Make a folder, also where an earlier program has put something else in its place."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        folder.unlink()
    folder.mkdir(exist_ok=True)

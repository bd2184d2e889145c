"""The levels of a sandbox: the command of each, and the strongest one that works here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from fusebench.errors import EnvironmentFailed
from fusebench.sandbox.inside.landlock import FIRST_USABLE, version
from fusebench.sandbox.inside.main import COMPLAINT
from fusebench.sandbox.inside.namespaces import GUARDED
from fusebench.sandbox.inside.plan import Plan
from fusebench.sandbox.plan import LEVELS, NO_LIMITS, Level, Limits, Step
from fusebench.sandbox.view import PLAIN_DEVICES
from fusebench.texts import plain

PACKAGES = Path(__file__).resolve().parents[2]
_INSIDE = (
    "import sys; sys.path.insert(0, {packages!r});"
    " from fusebench.sandbox.inside.main import main; main(**{plan})"
)
PROBE_SECONDS = 60
MB = 1_000_000


@dataclass(frozen=True)
class Sandbox:
    """A kind of sandbox that works on this machine.

    Attributes:
        level: its name.
        landlock: whether Landlock is in force beside it.
        refused: why each stronger level was not taken.
    """

    level: Level
    landlock: bool = False
    refused: tuple[str, ...] = ()

    def command(
        self, program: Sequence[str], cwd: str, steps: Sequence[Step], limits: Limits
    ) -> list[str]:
        """Return the command that starts a program in this sandbox.

        This process must call it: the program ends with its parent.

        Args:
            program: its file and its arguments.
            cwd: its working folder.
            steps: what it sees.
            limits: what it may use.
        """
        words, shown = list(program), list(steps)
        if self.level == "bwrap":
            words, shown = bwrap_command(program, cwd, steps, limits.memory_mb), []
        elif self.level == "apptainer":
            words, shown = apptainer_command(program, cwd, steps), []
        plan = Plan(
            level=self.level,
            parent=os.getpid(),
            command=words,
            cwd=cwd if shown else "/",
            steps=[(step.path, step.kind, step.source) for step in shown],
            file_mb=limits.file_mb,
            shared_mb=limits.memory_mb,
            landlock=self.landlock,
        )
        inside = _INSIDE.format(packages=str(PACKAGES), plan=plan.source())
        return [sys.executable, "-I", "-S", "-c", inside]

    def status(self, ended: int) -> int:
        """Return the exit status of the program, from that of the sandbox; negative for a signal.

        bubblewrap and Apptainer tell a signal n as 128 + n.
        """
        told = self.level in PROGRAMS and 128 < ended <= 128 + signal.SIGRTMAX
        return 128 - ended if told else ended


def strongest(
    levels: Sequence[Sandbox], python: Path, steps: Sequence[Step], environ: Mapping[str, str]
) -> Sandbox:
    """Return the strongest sandbox in which an interpreter starts.

    Args:
        levels: those that may be taken, the strongest first.
        python: the interpreter.
        steps: what it sees.
        environ: its variables.

    Raises:
        EnvironmentFailed: no level of these works.
    """
    refused: list[str] = []
    for sandbox in levels:
        complaint = _complaint(sandbox, python, steps, environ)
        if not complaint:
            return replace(sandbox, refused=tuple(refused))
        refused.append(f"{sandbox.level}: {complaint}")
    raise EnvironmentFailed(
        f"the script must run in a sandbox of level {levels[-1].level} or stronger"
        " (`min_sandbox`); found"
        f" none that works on this machine ({'; '.join(refused) or 'none was tried'}): install"
        " bubblewrap, allow user namespaces, or ask for less"
    )


def candidates(highest: Level, lowest: Level, *, landlock: bool = True) -> list[Sandbox]:
    """Return the sandboxes to be tried, the strongest first.

    Args:
        highest: the strongest level that is tried.
        lowest: the weakest level that may be taken.
        landlock: whether the kernel's Landlock is used where it has it.
    """
    levels = LEVELS[LEVELS.index(highest) : LEVELS.index(lowest) + 1]
    found = [Sandbox(level) for level in levels]
    if landlock and "env-only" in levels and version() >= FIRST_USABLE:
        found.insert(-1, Sandbox("env-only", landlock=True))
    return found


def _complaint(
    sandbox: Sandbox, python: Path, steps: Sequence[Step], environ: Mapping[str, str]
) -> str:
    """Start an interpreter in a sandbox; return why that fails, or nothing."""
    if sandbox == Sandbox("env-only"):  # nothing of it can fail
        return ""
    if sandbox.level in PROGRAMS and shutil.which(PROGRAMS[sandbox.level]) is None:
        return "not installed"
    program = [str(python), "-I", "-c", "pass"]
    try:
        ended = subprocess.run(
            sandbox.command(program, "/", steps, NO_LIMITS),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"it did not start within {PROBE_SECONDS} s"
    lines = plain(ended.stderr).replace(COMPLAINT, "").strip().splitlines()
    return (lines[-1] if lines else f"exit status {ended.returncode}") if ended.returncode else ""


PROGRAMS: dict[Level, str] = {"bwrap": "bwrap", "apptainer": "apptainer"}
"""The levels that need a program of the machine."""
BWRAP_WORDS = {"read": "--ro-bind", "write": "--bind", "device": "--dev-bind"}
RIGHTS_OF_ROOT = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID")
"""What root keeps, as in ``inside/rights.py``."""


def bwrap_command(
    program: Sequence[str], cwd: str, steps: Sequence[Step], shared_mb: int | None
) -> list[str]:
    """Return the command that starts a program in bubblewrap."""
    words = [_program("bwrap"), "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    words += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.geteuid() == 0:
        words += [word for right in RIGHTS_OF_ROOT for word in ("--cap-add", right)]
    else:
        words.append("--unshare-user")
    words += ["--proc", "/proc", "--dev", "/dev"]
    guarded = (f"/proc/{name}" for name in GUARDED if Path("/proc", name).exists())
    words += [word for path in guarded for word in ("--ro-bind", path, path)]
    if shared_mb and _bwrap_limits_size():
        words += ["--size", str(shared_mb * MB)]
    words += ["--tmpfs", "/dev/shm"]
    for step in steps:
        if step.kind == "empty":
            words += ["--tmpfs", step.path]
        elif step.kind == "link":
            words += ["--symlink", step.source, step.path]
        elif step.kind != "device" or step.path not in PLAIN_DEVICES:
            words += [BWRAP_WORDS[step.kind], step.source, step.path]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", cwd, "--", *program]


def _program(name: str) -> str:
    """Return the path of a program of the machine: the sandbox has another PATH."""
    return shutil.which(name) or name


@cache
def _bwrap_limits_size() -> bool:
    """Say whether bubblewrap can limit the size of a folder in memory: older ones cannot."""
    told = subprocess.run(
        [_program("bwrap"), "--help"], capture_output=True, text=True, check=False
    )
    return "--size" in told.stdout + told.stderr


def apptainer_command(program: Sequence[str], cwd: str, steps: Sequence[Step]) -> list[str]:
    """Return the command that starts a program in Apptainer, in an image that is empty.

    What the steps show is bound into it; Apptainer makes the places for it.
    """
    words = [_program("apptainer"), "--silent", "exec", "--contain", "--ipc", "--pid", "--no-home"]
    words += ["--no-privs", "--net", "--network", "none"]
    for step in steps:
        if step.kind != "empty":
            source = os.path.realpath(step.path) if step.kind == "link" else step.source
            access = "ro" if step.kind in ("read", "link") else "rw"
            words += ["--bind", f"{source}:{step.path}:{access}"]
    return [*words, "--pwd", cwd, _empty_image(), *program]


def _empty_image() -> str:
    folder = Path(tempfile.gettempdir(), f"fusebench-{os.getuid()}", "empty-image")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(folder)

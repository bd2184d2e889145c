"""Runs that must fail: no memory on the GPU, and environments that cannot use it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer

from fusebench.contracts.jobs.fusing import FuseJob
from fusebench.layout import ENVIRONMENTS
from fusebench.states import State

from on_gpu.cells import Project, StepFailedError, fuse
from on_gpu.contents import Fault
from on_gpu.environments import (
    FOR_THE_CPU,
    HIDDEN_GPUS,
    LITTLE_MEMORY,
    OLD_KERNELS,
    OWN,
    Variant,
)

HOLD_MEMORY = """
import sys, torch
free, total = torch.cuda.mem_get_info()
held = []
step = 1 << 30
while step >= 1 << 21 and sum(map(len, held)) < free:
    try:
        held.append(torch.empty(step, dtype=torch.uint8, device="cuda"))
    except Exception:
        step //= 2
print("holding", sum(map(len, held)), "of", total, flush=True)
sys.stdin.read()
"""
"""Takes all memory of the GPU, by pieces of 1 GiB and then smaller ones, until its input ends."""


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong with the machine or an environment, and how a run must end then.

    Attributes:
        name: of the project folder.
        what: in words, for the page.
        environment: that the method is run in.
        expected: the state.
        gpu_is_full: whether another process holds the GPU's memory.
    """

    name: str
    what: str
    environment: Variant
    expected: State
    gpu_is_full: bool = False


WRONG = (
    Wrong(
        "little-memory",
        "torch may use a ten-millionth of the GPU's memory",
        LITTLE_MEMORY,
        "out-of-memory",
    ),
    Wrong(
        "old-kernels",
        "an environment whose torch says that it has kernels for sm_37, sm_60 and sm_70"
        " (its marker is made up)",
        OLD_KERNELS,
        "env-failed",
    ),
    Wrong(
        "for-the-cpu",
        "an environment that was locked for the CPU (its marker is made up)",
        FOR_THE_CPU,
        "env-failed",
    ),
    Wrong(
        "hidden-gpus",
        "torch sees no GPU although the job was given one",
        HIDDEN_GPUS,
        "crashed",
    ),
    Wrong(
        "gpu-is-full",
        "another process holds all memory of the GPU",
        OWN,
        "out-of-memory",
        gpu_is_full=True,
    ),
)


def run_fault(project: Project, wrong: Wrong, job: FuseJob, until: float) -> Fault:
    """Run a method where something is wrong, and return how it ended.

    Args:
        project: the folders.
        wrong: what is wrong.
        job: of the method, on few pairs.
        until: the end of the time, by ``time.monotonic``.

    Raises:
        StepFailedError: the run has no record, or the GPU's memory could not be taken.
    """
    if not wrong.gpu_is_full:
        return _fault(project, wrong, job, until)
    with _full_gpu(project, until):
        return _fault(project, wrong, job, until)


def _fault(project: Project, wrong: Wrong, job: FuseJob, until: float) -> Fault:
    fusing = fuse(project, f"fault-{wrong.name}", job, until, wrong.environment)
    return Fault(what=wrong.what, expected=wrong.expected, seen=fusing.seen())


@contextmanager
def _full_gpu(project: Project, until: float) -> Iterator[None]:
    """Let another process hold the memory of the GPU for the time of the block."""
    python = project.work / ENVIRONMENTS / OWN.name / "bin" / "python"
    process = subprocess.Popen(
        [python, "-c", HOLD_MEMORY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watchdog = Timer(max(1.0, until - time.monotonic()), process.kill)
    watchdog.start()
    try:
        _wait_until_it_holds(process)
        yield
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def _wait_until_it_holds(process: subprocess.Popen[str]) -> None:
    """Read what a process prints until it says that it holds the memory.

    Raises:
        StepFailedError: the process ended before.
    """
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        if line.startswith("holding"):
            return
        lines.append(line.strip())
    raise StepFailedError(f"the memory of the GPU was not taken: {' | '.join(lines[-3:])}")

"""Which device a job runs on: the scheduler's GPU, a free GPU of this machine, or the CPU."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from fusebench.contracts.base import DeviceKind
from fusebench.errors import EnvironmentFailed
from fusebench.slurm import gpus_in_cluster


@dataclass(frozen=True)
class Device:
    """The device of a job.

    Attributes:
        kind: ``cpu`` or ``cuda``.
        visible: the value of CUDA_VISIBLE_DEVICES: GPU ids with commas between them.
    """

    kind: DeviceKind
    visible: str = ""


@cache
def gpus_of_this_machine() -> tuple[str, ...]:
    """Return the ids of the GPUs that this process may use.

    These are the ids of CUDA_VISIBLE_DEVICES; where it is not set, all that the driver lists.
    """
    assigned = os.environ.get("CUDA_VISIBLE_DEVICES")
    if assigned is not None:
        return tuple(part for part in assigned.split(",") if part and part != "-1")
    if shutil.which("nvidia-smi") is None:
        return ()
    query = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=60)
    return tuple(done.stdout.split()) if done.returncode == 0 else ()


def compute_capability(gpu: str) -> tuple[int, int] | None:
    """Return major and minor version of a GPU's compute capability, e.g. (9, 0).

    None where the driver does not say.
    """
    if shutil.which("nvidia-smi") is None:
        return None
    query = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader", "-i", gpu]
    done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=60)
    major, _, minor = done.stdout.strip().partition(".")
    return (
        (int(major), int(minor))
        if done.returncode == 0 and major.isdigit() and minor.isdigit()
        else None
    )


def device_kind(asked: str, on_cluster: bool = False) -> DeviceKind:
    """Return ``cuda`` or ``cpu`` for the option ``device``.

    Args:
        asked: auto, cpu or cuda.
        on_cluster: jobs run on the nodes of a cluster; the machine that submits them rarely has a
            GPU itself.
    """
    if asked == "auto":
        return "cuda" if (gpus_in_cluster() if on_cluster else gpus_of_this_machine()) else "cpu"
    return "cuda" if asked == "cuda" else "cpu"


@contextlib.contextmanager
def reserved_device(kind: DeviceKind, count: int = 1, on_cluster: bool = False) -> Iterator[Device]:
    """Hold a device for the time of the block.

    With a scheduler, these are all GPUs that it gave the job; otherwise GPUs that no other job
    holds.

    Snakemake counts GPUs but does not say which one a local job may use, so each has a lock file.

    Args:
        kind: ``cpu`` or ``cuda``; the CPU is used where there is no GPU.
        count: how many GPUs the job needs.
        on_cluster: a scheduler has given the job its GPUs.

    Raises:
        EnvironmentFailed: this machine has some GPUs, but fewer.
    """
    gpus = gpus_of_this_machine()
    if kind == "cpu" or not gpus:
        yield Device("cpu")
    elif on_cluster:
        yield Device("cuda", ",".join(gpus))
    elif len(gpus) < count:
        raise EnvironmentFailed(
            f"`resources.gpu` of the entry asks for {count} GPUs, and this machine has {len(gpus)}"
            f" for fusebench ({', '.join(gpus)}; CUDA_VISIBLE_DEVICES, else nvidia-smi): ask for"
            " fewer, or run it where there are more"
        )
    else:
        with _free(gpus, count) as held:
            yield Device("cuda", ",".join(held))


@contextlib.contextmanager
def _free(gpus: tuple[str, ...], count: int) -> Iterator[list[str]]:
    """Wait until ``count`` GPUs are free at once, and hold them."""
    folder = Path(tempfile.gettempdir(), f"fusebench-gpus-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        streams = {gpu: stack.enter_context((folder / f"{gpu}.lock").open("w")) for gpu in gpus}
        while not (held := _locked(streams, count, folder / "turn.lock")):
            time.sleep(0.5)
        yield held


def _locked(streams: Mapping[str, IO[str]], count: int, turn: Path) -> list[str]:
    """Lock ``count`` GPUs, or none where fewer are free.

    A waiting job thus holds no GPU that another job could use.

    One job tries at a time. Otherwise two jobs could each lock a part, release it and try again,
    without end.
    """
    held: list[str] = []
    with turn.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        for gpu, lock in streams.items():
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held.append(gpu)
            if len(held) == count:
                return held
        for gpu in held:
            fcntl.flock(streams[gpu], fcntl.LOCK_UN)
    return []

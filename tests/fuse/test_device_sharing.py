"""Each job has a GPU of its own, with and without a scheduler."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fusebench.fuse import devices

HOLD = """
import sys, time
from pathlib import Path
from fusebench.fuse.devices import reserved_device
with reserved_device("cuda") as device:
    print(device.kind, device.visible, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Forget which GPUs were seen, before and after a test."""
    devices.gpus_of_this_machine.cache_clear()
    yield
    devices.gpus_of_this_machine.cache_clear()


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a machine whose driver lists three GPUs."""
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf '0\\n1\\n2\\n'\n")
    program.chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    return {**environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}


def holding(environ: dict[str, str]) -> subprocess.Popen[str]:
    """Start a job that holds its GPU until its input is closed."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", HOLD], env=environ, stdin=pipe, stdout=pipe, text=True)


def said(job: subprocess.Popen[str]) -> str:
    """Return the device that a job says it holds."""
    assert job.stdout is not None
    return job.stdout.readline().strip()


def end(job: subprocess.Popen[str]) -> None:
    """Let a job end."""
    job.communicate()


def test_jobs_at_once_hold_different_gpus(machine: dict[str, str]) -> None:
    """Three jobs on three GPUs hold one each; a fourth gets the one that is freed first."""
    jobs = [holding(machine) for _ in range(3)]
    held = [said(job) for job in jobs]
    assert sorted(held) == ["cuda 0", "cuda 1", "cuda 2"]
    fourth = holding(machine)
    end(jobs[1])
    assert said(fourth) == held[1]
    for job in (jobs[0], jobs[2], fourth):
        end(job)


def test_one_gpu_is_not_shared_either(machine: dict[str, str]) -> None:
    """On a machine with one GPU a second job waits, so that neither disturbs the other's times."""
    one = {**machine, "CUDA_VISIBLE_DEVICES": "5"}
    first = holding(one)
    assert said(first) == "cuda 5"
    second = holding(one)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=1.5)
    end(first)
    assert said(second) == "cuda 5"
    end(second)


def test_what_a_scheduler_gave_is_used_whole(machine: dict[str, str]) -> None:
    """A job of a cluster uses the GPUs that the scheduler gave it, without a lock: their numbers mean nothing elsewhere."""
    given = {**machine, "CUDA_VISIBLE_DEVICES": "0,1", devices.CLUSTER_VARIABLE: "1"}
    jobs = [holding(given), holding(given)]
    assert [said(job) for job in jobs] == ["cuda 0,1", "cuda 0,1"]
    for job in jobs:
        end(job)


def test_the_nodes_decide_on_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """``auto`` means cuda where any node has a GPU, although the submitting machine has none; jobs are told the same."""
    monkeypatch.setattr(devices, "gpus_in_cluster", lambda: True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for name in (devices.DEVICE_VARIABLE, devices.CLUSTER_VARIABLE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    assert devices.device_of_jobs("auto", on_cluster=True) == "cuda"
    assert os.environ[devices.DEVICE_VARIABLE] == "cuda"
    monkeypatch.setattr(devices, "gpus_in_cluster", lambda: False)
    assert devices.device_of_jobs("auto", on_cluster=True) == "cuda"
    monkeypatch.delenv(devices.DEVICE_VARIABLE)
    assert devices.device_of_jobs("auto", on_cluster=True) == "cpu"

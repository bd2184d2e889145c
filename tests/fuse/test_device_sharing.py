"""Each job has a GPU of its own, with and without a scheduler."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fusebench.contracts.configuration import Config
from fusebench.errors import EnvironmentFailed
from fusebench.fuse import devices
from fusebench.planning.session import begun_session, whole_session
from fusebench.variables import SESSION

HOLD = """
import sys, time
from pathlib import Path
from fusebench.fuse.devices import reserved_device
with reserved_device("cuda", int(sys.argv[1]), on_cluster=sys.argv[2] == "cluster") as device:
    print(device.kind, device.visible, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Clear the cached list of GPUs before and after a test."""
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


def holding(
    environ: dict[str, str], count: int = 1, place: str = "machine"
) -> subprocess.Popen[str]:
    """Start a job, here or on a cluster, that holds its GPUs until its input is closed."""
    command = [sys.executable, "-c", HOLD, str(count), place]
    return subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def said(job: subprocess.Popen[str]) -> str:
    """Return the device that a job reports."""
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
    """With one GPU a second job waits, so that no job disturbs the times of another."""
    one = {**machine, "CUDA_VISIBLE_DEVICES": "5"}
    first = holding(one)
    assert said(first) == "cuda 5"
    second = holding(one)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=1.5)
    end(first)
    assert said(second) == "cuda 5"
    end(second)


def test_several_gpus_are_held_together(machine: dict[str, str]) -> None:
    """A job that needs two GPUs waits until two are free, and holds none while it waits."""
    pair, single = holding(machine, 2), holding(machine)
    assert {*said(pair).removeprefix("cuda ").split(","), said(single).removeprefix("cuda ")} == {
        "0",
        "1",
        "2",
    }
    second = holding(machine, 2)
    end(single)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=1.5)
    third = holding(machine)
    assert said(third)
    end(pair)
    assert len(said(second).split(",")) == 2
    for job in (second, third):
        end(job)


def test_jobs_that_want_all_gpus_follow_each_other(machine: dict[str, str]) -> None:
    """Jobs that need every GPU do not block each other: each of them runs in the end."""
    jobs = [holding(machine, 3) for _ in range(4)]
    for job in jobs:
        assert job.stdin is not None
        job.stdin.close()
    assert [said(job) for job in jobs] == ["cuda 0,1,2"] * 4
    assert [job.wait(timeout=10) for job in jobs] == [0] * 4


def test_more_gpus_than_the_machine_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that asks for more GPUs than there are ends at once as env-failed.

    The reason says how many there are.
    """
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with (
        pytest.raises(EnvironmentFailed, match="asks for 3 GPUs, and this machine has 2"),
        devices.reserved_device("cuda", 3),
    ):
        pass


def test_what_a_scheduler_gave_is_used_whole(machine: dict[str, str]) -> None:
    """A job of a cluster uses all GPUs that the scheduler gave it, without a lock.

    Their numbers mean nothing on another node.
    """
    given = {**machine, "CUDA_VISIBLE_DEVICES": "0,1"}
    jobs = [holding(given, place="cluster"), holding(given, place="cluster")]
    assert [said(job) for job in jobs] == ["cuda 0,1", "cuda 0,1"]
    for job in jobs:
        end(job)


def test_the_nodes_decide_on_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """``auto`` means cuda where any node has a GPU, even if the submitting machine has none.

    Jobs get the same device.
    """
    monkeypatch.setattr(devices, "gpus_in_cluster", lambda: True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv(SESSION, "")
    config = Config(suite="s", suites={})
    begun = begun_session(config, on_cluster=True)
    assert (begun.device, begun.on_cluster) == ("cuda", True)
    whole_session(begun, [], [], retries=0)
    monkeypatch.setattr(devices, "gpus_in_cluster", lambda: False)
    assert begun_session(config, on_cluster=True).device == "cuda"
    monkeypatch.delenv(SESSION)
    assert begun_session(config, on_cluster=True).device == "cpu"

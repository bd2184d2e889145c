"""Which device a job gets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fusebench.fuse import devices
from fusebench.fuse.cells import run_cell
from fusebench.fuse.records import Cell


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Ask for the GPUs again in every test, and keep the lock files apart."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    devices.gpus_of_this_machine.cache_clear()
    yield
    devices.gpus_of_this_machine.cache_clear()


def test_a_job_of_a_scheduler_uses_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA_VISIBLE_DEVICES of the scheduler is honoured."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    with devices.reserved_device("cuda") as device:
        assert device == devices.Device("cuda", "3")


def test_without_a_gpu_the_job_runs_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no GPU is visible the device is the CPU, and none is shown to the script."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices.device_kind("auto") == "cpu"
    with devices.reserved_device("cpu") as device:
        assert device == devices.Device("cpu", "")


def test_each_local_job_gets_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several GPUs, jobs of one machine hold different ones; a further job waits for one to come free."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    third: list[str] = []

    def wait() -> None:
        with devices.reserved_device("cuda") as device:
            third.append(device.visible)

    with devices.reserved_device("cuda") as first:
        with devices.reserved_device("cuda") as second:
            assert {first.visible, second.visible} == {"0", "1"}
            waiting = threading.Thread(target=wait)
            waiting.start()
            waiting.join(timeout=1)
            assert third == []
        waiting.join(timeout=10)
    assert third == [second.visible]


def test_a_gpu_without_kernels_is_refused_before_the_script_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A job on a GPU that the environment's torch was not built for ends as env-failed, and says what to use."""
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho 9.0\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    source = tmp_path / "source"
    source.mkdir()
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    receipt: dict[str, Any] = {"env": "torch-1.8", "variant": "", "conda_packages": {}}
    receipt |= {"packages": {"torch": "1.8.1"}, "cuda_architectures": ["sm_37", "sm_70"]}
    cell = Cell(
        {
            "method": "old",
            "dataset": "pairs",
            "device": "cuda",
            "threads": 1,
            "run": {"compat": [], "edit": {}, "seed": 0},
        },
        {"state": "ok", "path": str(source), "code": "x"},
        {"state": "ok", "path": str(tmp_path / "env"), **receipt},
        {"state": "ok", "pairs": []},
        None,
        tmp_path / "run",
        tmp_path / "log",
    )
    record = run_cell(cell)
    assert record["state"] == "env-failed"
    assert (
        "torch 1.8.1 has no kernels for sm_90" in record["reason"]
        and "use env torch-2" in record["reason"]
    )

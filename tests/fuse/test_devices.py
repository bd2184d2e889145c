"""Which device a job gets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fusebench.contracts.jobs.fusing import CellSpec, Run
from fusebench.contracts.markers import EnvironmentMarker, Manifest
from fusebench.contracts.methods import Stage
from fusebench.fuse import devices
from fusebench.fuse.cells import run_cell
from fusebench.fuse.records import Cell
from fusebench.sources.repositories import obtain_source


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Clear the cached list of GPUs for every test, and give it a folder of lock files."""
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
    """Local jobs hold different GPUs; a further job waits until one is free."""
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
    """A job on a GPU without kernels in the environment's torch ends as env-failed.

    The reason says what to use.
    """
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
    run = Run(stage=Stage(a="a/{name}.png", b="b/{name}.png"), collect="o/{name}.png")
    environment = EnvironmentMarker(
        path=str(tmp_path / "env"),
        env="torch-1.8",
        packages={"torch": "1.8.1"},
        cuda_architectures=["sm_37", "sm_70"],
    )
    cell = Cell(
        "pairs",
        CellSpec(
            method="old",
            dataset="pairs",
            run=run,
            weights=[],
            modalities=("infrared", "visible"),
            threads=1,
            minutes=60,
            device="cuda",
        ),
        obtain_source("source", None, tmp_path / "copy", tmp_path),
        environment,
        Manifest(),
        None,
        tmp_path,
    )
    record = run_cell(cell)
    assert record.state == "env-failed"
    assert (
        "torch 1.8.1 has no kernels for sm_90" in record.reason
        and "use env torch-2" in record.reason
    )


@pytest.mark.parametrize(
    ("answer", "capability"),
    [
        ("echo 9.0", (9, 0)),
        ("echo 12.1", (12, 1)),
        ("echo '[N/A]'", None),
        ("echo 9.0; exit 1", None),
    ],
)
def test_the_driver_is_asked_for_the_architecture_of_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    answer: str,
    capability: tuple[int, int] | None,
) -> None:
    """A GPU whose driver does not report the architecture is not refused."""
    smi = tmp_path / "nvidia-smi"
    smi.write_text(f"#!/bin/sh\n{answer}\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert devices.compute_capability("0") == capability


@pytest.mark.parametrize(
    ("visible", "answer", "gpus"),
    [
        ("", "echo 0", ()),
        ("-1", "echo 0", ()),
        ("1,3", "echo 0", ("1", "3")),
        ("GPU-4f2c", "echo 0", ("GPU-4f2c",)),
        (None, "printf '0\\n1\\n'", ("0", "1")),
        (None, "echo 'no driver'; exit 9", ()),
    ],
)
def test_gpus_are_those_that_are_visible_or_all(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    visible: str | None,
    answer: str,
    gpus: tuple[str, ...],
) -> None:
    """GPUs are those that a user or scheduler assigned, else those that the driver lists."""
    smi = tmp_path / "nvidia-smi"
    smi.write_text(f"#!/bin/sh\n{answer}\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert devices.gpus_of_this_machine() == gpus
    assert devices.device_kind("auto") == ("cuda" if gpus else "cpu")
    assert (devices.device_kind("cuda"), devices.device_kind("cpu")) == ("cuda", "cpu")

"""``gpu.py run``: every step on a machine that pretends to have a GPU, with a fake torch."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
from fusebench.command import main
from fusebench.compare.speed import write_speed_tables
from fusebench.contracts.files import read_stored
from fusebench.contracts.records import Record
from fusebench.registry.loading import load_registry
from on_gpu.contents import MethodResult

from tests.benchmarks.conftest import Ran


def only(ran: Ran) -> MethodResult:
    """Return the result of the one method."""
    [method] = ran.run.methods
    return method


def test_the_machine_is_described(ran: Ran) -> None:
    """GPU, driver and clocks are those of nvidia-smi; a stand-in is called one.

    The driver refuses a question with a field that it does not know: the others are still told.
    """
    machine = ran.run.machine
    assert (machine.gpu, machine.driver, machine.capability) == ("Stand-in H100", "580.00", "9.0")
    assert machine.stand_in and machine.torch == "2.6.0+fake"
    assert machine.tf32 == {"cudnn": True, "matmul": False}
    assert ran.run.clocks_before["clocks.sm"] == ran.run.clocks_after["clocks.sm"] == "1980"


def test_a_method_runs_on_both_devices(ran: Ran) -> None:
    """The GPU has the whole dataset, the CPU a part; redirections and memory are told."""
    method = only(ran)
    assert method.gpu and method.cpu
    assert (method.gpu.state, method.gpu.images, method.gpu.device) == ("ok", 3, "Fake cuda:0")
    assert method.gpu.shims == {"cuda-index:Module.to": 1}
    assert method.gpu.peak_device_bytes == 4096 and method.gpu.model and method.gpu.total
    assert (method.cpu.state, method.cpu.images) == ("ok", 2)
    assert method.cpu.shims["cuda-to-cpu:Module.to"] == 1
    assert method.cpu.peak_device_bytes is None


def test_images_of_both_devices_are_compared(ran: Ran) -> None:
    """Pixels, PSNR and metrics of the pairs that both have; two runs on the GPU are equal."""
    found, again = only(ran).cpu_to_gpu, only(ran).gpu_to_gpu
    assert found and again
    assert (found.images, found.exact, found.worst) == (2, 0, 1)
    assert found.psnr is not None and 48.1 < found.psnr < 48.2  # 20 log10(255)
    cpu, gpu = found.metrics["MI"]
    assert cpu > 0 and gpu > 0 and found.metrics.keys() >= {"EN", "SSIM", "Qabf"}
    assert any(cpu != gpu for cpu, gpu in found.metrics.values())
    assert (again.images, again.exact, again.worst, again.psnr) == (2, 2, 0, None)


def test_times_are_told_with_and_without_waiting(ran: Ran) -> None:
    """Every size has ten times; without waiting, the first size."""
    method = only(ran)
    assert [(row.size, row.repeats, row.state) for row in method.speed] == [
        ("640x480", 10, "ok"),
        ("1024x768", 10, "ok"),
    ]
    assert [row.size for row in method.unsynchronised] == ["640x480"]


def test_two_jobs_do_not_share_a_gpu(ran: Ran) -> None:
    """Both end well, and their scripts do not run at the same time."""
    sharing = ran.run.sharing
    assert sharing and [job.state for job in sharing.jobs] == ["ok", "ok"]
    assert sharing.overlap_seconds == 0.0


def test_what_must_fail_fails_as_it_must(ran: Ran) -> None:
    """Lack of memory, missing kernels and hidden GPUs end in their states, with a reason."""
    ended = {fault.what: (fault.expected, fault.seen.state) for fault in ran.run.faults}
    assert len(ended) == 4
    assert all(expected == state for expected, state in ended.values()), ended
    reasons = [fault.seen.reason for fault in ran.run.faults]
    assert "CUDA out of memory" in reasons[0]
    assert "torch 1.8.1 has no kernels for sm_90; use env torch-2" in reasons[1]
    assert "use its CUDA variant" in reasons[2]
    assert "torch sees none" in reasons[3]


def test_a_step_that_breaks_stops_no_other(ran: Ran) -> None:
    """The fake torch cannot fill its memory, which is told; all later steps are done."""
    states = {step.name: (step.state, step.reason) for step in ran.run.steps}
    state, reason = states.pop("fault: gpu-is-full")
    assert state == "failed" and "the memory of the GPU was not taken" in reason
    assert {state for state, _ in states.values()} == {"ok"}, states
    assert ran.run.redirections and ran.run.redirections.log
    assert ran.printed.count("\n") == len(ran.run.steps)


@pytest.fixture
def taken_over(ran: Ran, project: Path, tmp_path: Path) -> Path:
    """A project in which the archives of the run were unpacked."""
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    archives = sorted(ran.results.glob("results-*.tar"))
    assert archives
    for path in archives:
        with tarfile.open(path) as archive:
            archive.extractall(copy, filter="data")
    return copy


def test_a_method_is_verified_by_the_run(taken_over: Path) -> None:
    """``fusebench verified`` writes the name of the GPU, from records and images of the run."""
    datasets = ["--dataset", "all3"]
    assert main(["verified", "one", *datasets, "--project", str(taken_over)]) == 0
    fact = load_registry(taken_over).methods["one"].verified
    assert fact is not None and (fact.device, fact.dataset) == ("Fake cuda:0", "all3")


def test_speed_tables_show_the_run(taken_over: Path, tmp_path: Path) -> None:
    """The records of the run fill a table of the GPU's name."""
    files = sorted(taken_over.glob("results/runs/one/speed-*/record.json"))
    write_speed_tables(tmp_path, "s", [read_stored(path, Record) for path in files])
    text = (tmp_path / "s.md").read_text(encoding="utf-8")
    assert text.count("### ") == 1 and "### Fake cuda:0\n" in text
    assert text.count("| one |") == 2

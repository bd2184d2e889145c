"""The steps of a GPU run: their budget, their guard, and the environments that they use."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import EnvironmentMarker
from fusebench.layout import ENVIRONMENTS
from on_gpu.contents import GpuRun, Machine, MethodResult
from on_gpu.environments import (
    FOR_THE_CPU,
    HIDDEN_GPUS,
    NEVER_WAIT,
    OLD_KERNELS,
    OWN,
    Variant,
    make_environments,
)
from on_gpu.page import read_run
from on_gpu.running import ARCHIVE_BYTES, _overlap, _parts
from on_gpu.steps import Action, Report, perform

from tests.benchmarks.conftest import FAKES
from tests.benchmarks.stand_in import make_machine


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """The report of a run that has not begun."""
    methods = [MethodResult(name="m", label="M", whole="d", part="d")]
    machine = Machine(stand_in=True)
    run = GpuRun(date="d", commit="c", budget_seconds=9, machine=machine, methods=methods)
    return Report(tmp_path / "out" / "run.json", run)


def test_the_file_is_written_after_each_step(report: Report) -> None:
    """A run that is killed leaves the steps that were done."""
    left: list[int] = []

    def look(_: float) -> None:
        left.append(len(read_run(report.path).steps) if report.path.exists() else 0)

    perform([Action(name, 0, look) for name in "abc"], report, time.monotonic() + 60)
    assert left == [0, 1, 2] and len(read_run(report.path).steps) == 3


def test_steps_that_do_not_fit_are_skipped(report: Report) -> None:
    """What is planned to take longer than what is left is told and left out; later ones may fit."""
    done: list[str] = []
    steps = [
        Action("short", 1, lambda _: done.append("short")),
        Action("long", 1000, lambda _: done.append("long")),
        Action("last", 1, lambda _: done.append("last")),
        Action("without", 1, lambda _: done.append("without"), obstacle="no GPU"),
    ]
    perform(steps, report, time.monotonic() + 60)
    assert done == ["short", "last"]
    told = {step.name: (step.state, step.reason) for step in report.run.steps}
    assert told["long"][0] == "skipped"
    assert told["long"][1].startswith("planned to take 1000 s, and ")
    assert told["without"] == ("skipped", "no GPU")


def test_a_step_has_an_end(report: Report) -> None:
    """It is told the moment: some times what was planned, or the end of the budget."""
    ends: list[float] = []
    now = time.monotonic()
    steps = [Action("a", 1, ends.append), Action("b", 100, ends.append)]
    perform(steps, report, now + 200)
    assert now + 60 < ends[0] < now + 200 and ends[1] == now + 200


def test_a_failure_is_written_down(report: Report) -> None:
    """Kind, message and place of the error are told, and the next step is done."""

    def fail(_: float) -> None:
        raise OSError("disk full")

    done: list[str] = []
    steps = [Action("bad", 0, fail), Action("good", 0, lambda _: done.append("good"))]
    perform(steps, report, time.monotonic() + 60)
    bad, good = read_run(report.path).steps
    assert bad.state == "failed" and bad.reason.startswith("OSError: disk full (test_gpu_steps.py:")
    assert good.state == "ok" and done == ["good"]


@pytest.fixture
def environments(tmp_path: Path) -> Path:
    """The environments of a machine with the fake torch."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "carried_along.py").write_text("VALUE = 3\n")
    (packages / "json.py").write_text("raise ImportError('the machine has its own')\n")
    python = make_machine(tmp_path / "machine", Path(sys.executable), FAKES)
    make_environments(tmp_path, python, packages)
    return tmp_path


def printed(root: Path, variant: Variant, code: str) -> str:
    """Return what the Python of an environment prints."""
    done = subprocess.run(
        [root / ENVIRONMENTS / variant.name / "bin" / "python", "-c", code],
        env={"CUDA_VISIBLE_DEVICES": "0", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_carried_packages_fill_in_what_is_missing(environments: Path) -> None:
    """They come after the machine's own, which they never replace."""
    code = "import json, carried_along; print(carried_along.VALUE, json.dumps([]))"
    assert printed(environments, OWN, code) == "3 []"


@pytest.mark.parametrize(("variant", "log"), [(OWN, "['synchronize']"), (NEVER_WAIT, "[]")])
def test_one_environment_never_waits(environments: Path, variant: Variant, log: str) -> None:
    """There a call of ``synchronize`` does not reach the device."""
    code = "import torch; torch.cuda.synchronize(); print(torch.LOG)"
    assert printed(environments, variant, code) == log


def test_one_environment_sees_no_gpu(environments: Path) -> None:
    """The job was given a GPU, but torch does not see it."""
    code = "import torch; print(torch.cuda.is_available())"
    assert printed(environments, OWN, code) == "True"
    assert printed(environments, HIDDEN_GPUS, code) == "False"


def test_markers_of_wrong_environments_differ_in_one_thing(environments: Path) -> None:
    """The machine's own is told as it is; made-up markers name another torch."""
    own, old, cpu = (
        read_stored(environments / one.path, EnvironmentMarker)
        for one in (OWN, OLD_KERNELS, FOR_THE_CPU)
    )
    assert own.packages["numpy"] and own.python and own.python.version.startswith("3.")
    assert old.packages == {"torch": "1.8.1"} and "sm_70" in (old.cuda_architectures or [])
    assert cpu.variant == "cpu" and cpu.cuda_architectures is None
    assert {own.key, old.key, cpu.key} == {"own", "old-kernels", "for-the-cpu"}


@pytest.mark.parametrize(
    ("times", "overlap"),
    [
        ([(0.0, 2.0), (2.5, 4.0)], 0.0),
        ([(0.0, 2.0), (1.5, 4.0)], 0.5),
        ([(1.0, 2.0), (0.0, 4.0)], 1.0),
        ([(0.0, 2.0), None], None),
    ],
)
def test_overlap_of_two_scripts(
    times: list[tuple[float, float] | None], overlap: float | None
) -> None:
    """It is the time in which both ran; unknown where one of them was not seen."""
    assert _overlap(times) == overlap


def test_archives_are_small(tmp_path: Path) -> None:
    """Files are grouped so that each archive stays below the limit; none is lost."""
    folder = tmp_path / "results" / "runs" / "m" / "d"
    folder.mkdir(parents=True)
    for number in range(5):
        with (folder / f"{number}.png").open("wb") as stream:
            stream.truncate(ARCHIVE_BYTES * 2 // 5)
    groups = list(_parts(tmp_path))
    assert [len(group) for group in groups] == [2, 2, 1]

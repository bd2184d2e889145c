"""Runs cells with the steps of fusebench, each in a process of its own, and reads their records."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fusebench.compare.devices import device_of
from fusebench.contracts.files import as_parameter, read_stored
from fusebench.contracts.jobs.fusing import FuseJob
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.records import Record
from fusebench.errors import UnreadableFile
from fusebench.layout import RECORD, cell_log, fusing_job, record_path
from msgspec.structs import replace

from on_gpu.contents import Seen
from on_gpu.environments import OWN, Variant

SESSION = Session(id="gpu-run", device="cuda", sandbox="env-only", landlock=False)
LINES_OF_LOG = 12


class StepFailedError(Exception):
    """A process of fusebench ended badly, or ran out of time; the message says how."""


@dataclass(frozen=True)
class Project:
    """The folders of a GPU run on the machine.

    Attributes:
        carried: the folder that ``prepare`` made.
        packages: the folder of the unpacked packages.
        work: where everything is written; each run has a project folder below it, and all share
            ``resources``.
    """

    carried: Path
    packages: Path
    work: Path

    def root(self, name: str) -> Path:
        """Return the project folder of a run; it is made at the first time."""
        folder = self.work / name
        if not folder.is_dir():
            folder.mkdir(parents=True)
            (folder / "resources").symlink_to("../resources")
        return folder

    def start(self, root: Path, words: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a step of fusebench in a project folder."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", "fusebench.steps", *words],
                cwd=root,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def environ(self) -> dict[str, str]:
        """Variables of the steps: where fusebench lies, and that git is not needed."""
        folders = [str(self.carried / "workflow"), str(self.work / "steps")]
        return {**os.environ, "PYTHONPATH": ":".join(folders), "GIT_PYTHON_REFRESH": "quiet"}


def wait(process: subprocess.Popen[bytes], seconds: float, what: str) -> None:
    """Wait for a step; end it, and the script that it runs, when the time is over.

    Raises:
        StepFailedError: it ended badly or was ended.
    """
    try:
        status = process.wait(timeout=max(1.0, seconds))
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise StepFailedError(
            f"{what}: it needs more than the {seconds:.0f} s left for it"
        ) from error
    if status != 0:
        raise StepFailedError(f"{what}: the step ended with exit status {status}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a step: on SIGTERM a fusing job ends its script and removes its scratch folder."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, ending)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
            return


@dataclass
class Fusing:
    """A fusing job that was started.

    Attributes:
        root: the project folder.
        job: its parameters.
        process: the step.
        began: by ``time.monotonic``.
    """

    root: Path
    job: FuseJob
    process: subprocess.Popen[bytes]
    began: float

    def wait(self, until: float) -> None:
        """Wait for it until a moment of ``time.monotonic``.

        Raises:
            StepFailedError: see :func:`wait`.
        """
        wait(self.process, until - time.monotonic(), f"{self.job.method.name} in {self.root.name}")

    def seen(self, cell: int = 0) -> Seen:
        """Return how one of its cells ended."""
        return seen(self.root, self.job.method.name, self.job.cells[cell].name)


def start_fusing(project: Project, name: str, job: FuseJob, environment: Variant = OWN) -> Fusing:
    """Start a fusing job in the project folder ``name``, in one of the environments."""
    root = project.root(name)
    job = replace(job, method=replace(job.method, environment=environment.path))
    output = fusing_job(job.method.name, "+".join(cell.name for cell in job.cells))
    words = [
        "fuse",
        "--job",
        as_parameter(job),
        "--session",
        as_parameter(SESSION),
        "--numbers",
        *["0"] * len(job.cells),
        "--attempt",
        "1",
        "--output",
        output,
    ]
    process = project.start(root, words, root / "logs" / f"{job.method.name}.step.log")
    return Fusing(root, job, process, time.monotonic())


@contextmanager
def ending(jobs: Sequence[Fusing]) -> Iterator[Sequence[Fusing]]:
    """End those of several jobs that still run when the block ends, well or not."""
    try:
        yield jobs
    finally:
        for fusing in jobs:
            if fusing.process.poll() is None:
                _end(fusing.process)


def fuse(
    project: Project, name: str, job: FuseJob, until: float, environment: Variant = OWN
) -> Fusing:
    """Run a fusing job to its end.

    Raises:
        StepFailedError: see :func:`wait`.
    """
    fusing = start_fusing(project, name, job, environment)
    fusing.wait(until)
    return fusing


def prepare_images(project: Project, marker: str, job: DatasetJob, until: float) -> None:
    """Make a generated dataset on the machine.

    Raises:
        StepFailedError: see :func:`wait`.
    """
    words = ["dataset", "--job", as_parameter(job), "--session", as_parameter(SESSION)]
    words += ["--attempt", "0", "--marker", marker, "--crops", "{}"]
    process = project.start(project.work, words, project.work / "logs" / "datasets.log")
    wait(process, until - time.monotonic(), marker)


def read_record(root: Path, method: str, cell: str) -> Record:
    """Return the record of a cell.

    Raises:
        StepFailedError: there is none; the end of the step's log says why.
    """
    path = root / record_path(method, cell)
    try:
        return read_stored(path, Record)
    except (FileNotFoundError, UnreadableFile) as error:
        told = " | ".join(_last_lines(root / "logs" / f"{method}.step.log"))
        raise StepFailedError(f"no {RECORD} of {method} on {cell}: {error}; {told}") from error


def seen(root: Path, method: str, cell: str) -> Seen:
    """Return how a cell ended, in short.

    Raises:
        StepFailedError: it has no record.
    """
    record = read_record(root, method, cell)
    times = record.timing
    loads = [load for load in (record.host.load_per_cpu if record.host else []) if load is not None]
    return Seen(
        state=record.state,
        reason=record.reason,
        device=device_of(record),
        images=len(record.images),
        seconds=record.seconds,
        model=times.model_seconds if times else None,
        total=times.seconds if times else None,
        startup_seconds=times.startup_seconds if times else None,
        peak_device_bytes=times.peak_device_bytes if times else None,
        load_per_cpu=max(loads, default=None),
        shims=record.shims,
        notes=record.notes,
        versions={name: str(value) for name, value in record.versions.items() if value},
        log=[] if record.is_ok else _last_lines(root / cell_log(method, cell)),
    )


def _last_lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_OF_LOG:]

"""The parameters of a fusing job, and what it asks of the scheduler."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET

from fusebench.contracts.base import DeviceKind
from fusebench.contracts.configuration import Config
from fusebench.contracts.jobs.fusing import CellPart, CellSpec, FuseJob, MethodPart, Run, WeightRef
from fusebench.contracts.weights import AUTHORS, WeightEntry
from fusebench.fuse.records import spec_of
from fusebench.registry.datasets import ImageSet
from fusebench.registry.methods import Method

DEFAULT_MINUTES = 60.0
DEFAULT_MEMORY_MB = 8000
SLACK_MINUTES = 10
"""The time that a job has beyond the limits of its scripts.

A script that reaches its own limit then ends as ``timeout`` before the scheduler kills the job.
"""


@dataclass(frozen=True)
class CellPlan:
    """One cell as it is planned.

    Attributes:
        name: among the cells of its method, see ``layout.cell_folder``.
        images: what the job must know of its images.
        manifest: the marker of the images.
        run: how the script is started.
    """

    name: str
    images: ImageSet
    manifest: str
    run: Run


@dataclass(frozen=True)
class Needs:
    """What a job asks of the scheduler.

    Attributes:
        gpus: the number of GPUs.
        memory_mb: in MB.
        minutes: until the scheduler may kill it.
    """

    gpus: int
    memory_mb: int
    minutes: int


def device_for(method: Method, device: DeviceKind) -> DeviceKind:
    """Return the device of a method's runs: ``cuda`` or ``cpu``.

    It is the device of the session, or the CPU where the entry asks for no GPU. Where the script
    cannot run on that device, it is the first one that the script can run on.
    """
    devices = (method.entry.run.devices if method.entry.run else None) or ["cpu", "cuda"]
    asked = "cpu" if method.resources.gpu == 0 else device
    return asked if asked in devices else devices[0]


def gpus_of(method: Method, device: DeviceKind) -> int:
    """Return how many GPUs a run of a method takes."""
    if device_for(method, device) != "cuda":
        return 0
    asked = method.resources.gpu
    return 1 if asked is UNSET else asked


def needs(method: Method, device: DeviceKind, cells: int = 1, attempt: int = 1) -> Needs:
    """Return what a fusing job asks of the scheduler.

    Args:
        method: of its cells.
        device: of the session.
        cells: how many it fuses.
        attempt: each retry of a killed job gets twice the memory and time of the attempt before.
            The script's own limit stays the same. 0 is the final attempt, which only records how
            the others ended.
    """
    gpus = gpus_of(method, device)
    if attempt == 0:
        return Needs(min(1, gpus), 2000, SLACK_MINUTES)
    memory = method.resources.mem_mb or DEFAULT_MEMORY_MB
    minutes = cells * int(method.resources.runtime or DEFAULT_MINUTES) + SLACK_MINUTES
    return Needs(gpus, attempt * memory, attempt * minutes)


def threads_of(method: Method, config: Config) -> int:
    """Return the CPU threads of a run of a method."""
    return method.resources.threads or config.threads


def method_part(
    method: Method, markers: dict[str, str], config: Config, device: DeviceKind
) -> MethodPart:
    """Return the part of a fusing job's parameters that describes its method.

    Args:
        method: the method.
        markers: ``source``, ``environment`` and, where weights are fetched, ``weights``.
        config: of the project.
        device: of the session.
    """
    return MethodPart(
        name=method.name,
        source=markers["source"],
        commit=method.commit or UNSET,
        environment=markers["environment"],
        fetched=markers.get("weights"),
        weights=[weight_ref(item) for item in method.weights],
        threads=threads_of(method, config),
        minutes=method.resources.runtime or DEFAULT_MINUTES,
        device=device_for(method, device),
        gpus=gpus_of(method, device),
        accept=method.entry.accept,
    )


def weight_ref(item: WeightEntry) -> WeightRef:
    """Return a file of weights as far as it decides a result."""
    origin = UNSET if item.origin == AUTHORS else item.origin
    return WeightRef(path=item.path, sha256=item.sha256, origin=origin)


def fuse_job(method: MethodPart, cells: list[CellPlan], exclusive: bool = False) -> FuseJob:
    """Return the parameters of the job that fuses some cells of a method.

    Args:
        method: what the cells have in common.
        cells: in the order in which they are run.
        exclusive: whether the method wants the machine for itself, whatever the images.
    """
    runs: list[Run] = []
    for cell in cells:
        if cell.run not in runs:
            runs.append(cell.run)
    parts = [
        CellPart(
            name=cell.name,
            images=cell.images.name,
            manifest=cell.manifest,
            run=runs.index(cell.run),
            modalities=cell.images.modalities,
            exclusive=exclusive or cell.images.exclusive,
        )
        for cell in cells
    ]
    return FuseJob(method=method, runs=runs, cells=parts)


def cell_spec(method: Method, images: ImageSet, config: Config, device: DeviceKind) -> CellSpec:
    """Return what the entry of a method says about its run on some images.

    The record of the run holds the hash of it.
    """
    part = method_part(method, {"source": "", "environment": ""}, config, device)
    run = method.run_for(images.name, images.task)
    plan = CellPlan(images.name, images, "", run)
    job = fuse_job(part, [plan], bool(method.resources.exclusive))
    return spec_of(job, job.cells[0])

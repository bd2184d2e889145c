"""What is trained for a method, its key, and where its weights lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import UNSET

from fusebench.contracts.base import DeviceKind
from fusebench.contracts.jobs.fusing import WeightRef
from fusebench.contracts.jobs.training import TrainSpec
from fusebench.contracts.methods import Resources
from fusebench.contracts.training import Resume
from fusebench.contracts.weights import WeightEntry
from fusebench.hashes import sha256_of_file, sha256_of_json
from fusebench.layout import trained_marker
from fusebench.planning.cells import device_for, threads_of
from fusebench.project import locate
from fusebench.registry.loading import Registry
from fusebench.registry.methods import Method, Training
from fusebench.registry.pairing import dataset_job
from fusebench.registry.training import all_parts

KEY_LENGTH = 16


@dataclass(frozen=True)
class Planned:
    """A training that is planned.

    Attributes:
        method: whose weights it makes.
        spec: all that decides what is trained, except for the seed.
    """

    method: Method
    spec: TrainSpec

    @property
    def training(self) -> Training:
        """The training of the method."""
        return training_of(self.method)

    @property
    def marker(self) -> str:
        """Its marker; beside it lies the folder of the trained weights."""
        key = sha256_of_json(msgspec.to_builtins(self.spec))[:KEY_LENGTH]
        return trained_marker(self.training.base, key, self.training.seed)

    @property
    def resources(self) -> Resources:
        """What it needs, as far as the entry says."""
        return self.training.entry.resources or Resources()


def training_of(method: Method) -> Training:
    """Return the training of a method that is trained here."""
    assert method.training is not None
    return method.training


def planned_training(
    registry: Registry, method: Method, keys: tuple[str, str], device: DeviceKind
) -> Planned:
    """Return the training of a method.

    Args:
        registry: of the project.
        method: one that is trained here.
        keys: of its source and its environment.
        device: of the session.
    """
    train, root = training_of(method).entry, registry.root
    source, environment = keys
    asked = train.resources or Resources()
    trained = device_for(training_method(method), device)
    spec = TrainSpec(
        source=source,
        environment=environment,
        datasets={
            data.dataset: dataset_job(registry.datasets[data.dataset].entry, root)
            for data in train.data
        },
        # A file that is pinned later is the same file: the marker of what was fetched has its hash.
        pretrained=[WeightRef(path=item.path) for item in parts_of(registry, method)],
        files={
            target: sha256_of_file(locate(root, file)) if locate(root, file).is_file() else ""
            for target, file in (train.files or {}).items()
        },
        script=train.script,
        args=train.args or "",
        cwd=train.cwd or ".",
        unpack=train.unpack or [],
        edit=train.edit or {},
        compat=train.compat or [],
        environ=train.environ or {},
        data=train.data,
        checkpoint=train.checkpoint.files,
        resume=train.resume or Resume(),
        threads=asked.threads or threads_of(method, registry.config),
        device=trained,
    )
    return Planned(method, spec)


def training_method(method: Method) -> Method:
    """Return a method with the resources of its training in place of those of its test."""
    asked = training_of(method).entry.resources
    gpu = asked.gpu if asked else UNSET
    resources = method.resources
    if gpu is not UNSET:
        resources = msgspec.structs.replace(resources, gpu=gpu)
    entry = msgspec.structs.replace(method.entry, resources=resources)
    return Method(method.name, entry, method.training)


def parts_of(registry: Registry, method: Method) -> list[WeightEntry]:
    """Return the weights that a training starts from."""
    return all_parts(registry.methods[training_of(method).base].entry)


def progress_folder(marker: str) -> Path:
    """Return the folder that keeps what was done of a training that has not ended."""
    return Path(marker).with_suffix(".part")

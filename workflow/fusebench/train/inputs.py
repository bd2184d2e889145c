"""What a training is made from, and where it leaves what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fusebench.contracts.files import read_stored
from fusebench.contracts.jobs.training import TrainJob
from fusebench.contracts.markers import (
    EnvironmentMarker,
    Manifest,
    Marker,
    SourceMarker,
    WeightsMarker,
)
from fusebench.hashes import sha256_of_json
from fusebench.sandbox.starting import Policy
from fusebench.train.staging import TrainingImages


@dataclass(frozen=True)
class Inputs:
    """The markers that a training reads.

    Attributes:
        source: of the repository.
        environment: of the method.
        fetched: of the pretrained parts; None where none are fetched.
        manifests: dataset -> its manifest.
    """

    source: SourceMarker
    environment: EnvironmentMarker
    fetched: WeightsMarker | None
    manifests: Mapping[str, Manifest]

    @property
    def all(self) -> list[Marker]:
        """All of them."""
        fetched = [self.fetched] if self.fetched else []
        return [self.source, self.environment, *fetched, *self.manifests.values()]

    def images(self, job: TrainJob) -> list[TrainingImages]:
        """Return the training images of a job."""
        return [TrainingImages(data, self.manifests[data.dataset]) for data in job.spec.data]


@dataclass(frozen=True)
class Order:
    """What a training needs beside its parameters.

    Attributes:
        marker: the file that says how it ended, from the project's folder on; the folder of its
            weights lies beside it.
        log: receives all that the script prints, in all stretches.
        root: the project's folder.
        policy: in which sandboxes the script may run, and what it may use.
        on_cluster: a scheduler has given the job its GPUs.
        session: the run of Snakemake that the job belongs to.
    """

    marker: Path
    log: Path
    root: Path
    policy: Policy
    on_cluster: bool = False
    session: str = ""

    @property
    def lease(self) -> Path:
        """The folder whose lease keeps two jobs of one training apart."""
        return self.root / self.marker.parent / ".leases" / self.marker.stem

    @property
    def folder(self) -> Path:
        """The folder of the trained weights, from the project's folder on."""
        return self.marker.with_suffix("")

    @property
    def part(self) -> Path:
        """The folder that keeps what was done of a training that has not ended."""
        return self.root / self.marker.with_suffix(".part")


def read_inputs(job: TrainJob, root: Path) -> Inputs:
    """Return the markers that a training reads; raises UnreadableFile for a damaged one."""
    return Inputs(
        read_stored(root / job.source, SourceMarker),
        read_stored(root / job.environment, EnvironmentMarker),
        read_stored(root / job.fetched, WeightsMarker) if job.fetched else None,
        {name: read_stored(root / path, Manifest) for name, path in job.manifests.items()},
    )


def identity_of(job: TrainJob, inputs: Inputs) -> str:
    """Return the sha256 over all that decides what is trained."""
    fetched = inputs.fetched.sha256 if inputs.fetched else None
    manifests = {name: manifest.sha256 for name, manifest in inputs.manifests.items()}
    source = [inputs.source.commit, inputs.source.tree]
    spec = msgspec.to_builtins(job.spec)
    return sha256_of_json([spec, job.seed, source, inputs.environment.key, manifests, fetched])

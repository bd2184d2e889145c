"""The jobs that train: their parameters, inputs, and what they ask of the scheduler."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET

from fusebench.contracts.jobs.training import TrainJob, TrialRun
from fusebench.layout import dataset_marker, trained_marker
from fusebench.planning.cells import (
    DEFAULT_MEMORY_MB,
    DEFAULT_MINUTES,
    SLACK_MINUTES,
    Needs,
    device_for,
    gpus_of,
    weight_ref,
)
from fusebench.planning.selection import Selection
from fusebench.planning.trained import Planned, training_method
from fusebench.registry.training import all_trained

STRETCHES = 20
"""How often a job that was killed, or cut off and can go on, is started again in one run."""

DEFAULT_TRAINING_MINUTES = 24 * 60.0


@dataclass(frozen=True)
class TrainingJobs:
    """What the rule that trains looks up; a training is known by method, key and seed."""

    selection: Selection

    def planned(self, method: str, key: str, seed: str) -> Planned:
        """Return a training by the name of its method, its key and its seed.

        Raises:
            KeyError: nothing in the registry is trained under this key.
        """
        marker = trained_marker(method, key, int(seed))
        if marker not in self.selection.trained:
            for known in all_trained(self.selection.registry.methods):
                self.selection.keys_of(known)
        return self.selection.trained[marker]

    def job(self, method: str, key: str, seed: str) -> TrainJob:
        """Return the parameters of a training."""
        planned = self.planned(method, key, seed)
        known, training = planned.method, planned.training
        markers = self.selection.markers_of(known.name)
        base = self.selection.pretrained_marker(training.base)
        return TrainJob(
            name=known.name,
            method=training.base,
            variant=training.variant,
            seed=training.seed,
            spec=planned.spec,
            selected=training.entry.checkpoint.selected,
            source=markers["source"],
            commit=known.commit or UNSET,
            environment=markers["environment"],
            fetched=base,
            manifests={name: dataset_marker(name) for name in planned.spec.datasets},
            texts=training.entry.files or {},
            minutes=self._minutes(planned),
            job_minutes=self.selection.registry.config.training_minutes,
            gpus=gpus_of(training_method(known), self.selection.device),
            test=self._test(planned),
        )

    def _test(self, planned: Planned) -> TrialRun:
        method, dataset = planned.method, planned.spec.data[0].dataset
        images = self.selection.registry.datasets[dataset].images
        return TrialRun(
            run=method.run_for(dataset, images.task),
            weights=[weight_ref(item) for item in method.weights],
            dataset=dataset,
            modalities=images.modalities,
            minutes=method.resources.runtime or DEFAULT_MINUTES,
        )

    def _minutes(self, planned: Planned) -> float:
        return planned.resources.runtime or DEFAULT_TRAINING_MINUTES

    def inputs(self, method: str, key: str, seed: str) -> list[str]:
        """Return the markers that a training reads."""
        job = self.job(method, key, seed)
        fetched = [job.fetched] if job.fetched else []
        return [job.source, job.environment, *fetched, *job.manifests.values()]

    def needs(self, method: str, key: str, seed: str, attempt: int) -> Needs:
        """Return what a training asks of the scheduler.

        Each attempt after the first gets more memory, up to twice as much; the time stays the same.
        """
        job = self.job(method, key, seed)
        memory = self.planned(method, key, seed).resources.mem_mb or DEFAULT_MEMORY_MB
        minutes = min(filter(None, (job.minutes, job.job_minutes)))
        test = 2 * job.test.minutes  # the test script is tried twice
        return Needs(job.gpus, min(attempt, 2) * memory, int(minutes + test) + SLACK_MINUTES)

    def threads(self, method: str, key: str, seed: str) -> int:
        """Return the CPU threads of a training."""
        return self.planned(method, key, seed).spec.threads

    def methods_on(self, kind: str) -> set[str]:
        """Return the entries whose training runs on one kind of device."""
        selection = self.selection
        return {
            method.training.base
            for method in all_trained(selection.registry.methods)
            if method.training and device_for(training_method(method), selection.device) == kind
        }

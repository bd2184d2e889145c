"""``config/config.yaml``: which methods run on which datasets, and which metrics are measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fusebench.registry.datasets import Dataset
from fusebench.registry.methods import Method

DEFAULT_DECIMALS = 4

AGAINST_GROUND_TRUTH = ("PSNR-GT", "SSIM-GT", "VIF-GT")
"""Measured on every dataset with a ground truth.

Not where the suite itself names metrics that need a ground truth.
"""
BANDS_AGAINST_GROUND_TRUTH = ("Q2n", "Q", "SAM", "ERGAS", "SCC")
"""Measured in pansharpening where there is a ground truth and the suite names no metrics."""


@dataclass(frozen=True)
class Suite:
    """One comparison: methods and datasets in the order of its tables, and its metrics.

    Without metrics those of the task are taken.
    """

    name: str
    methods: tuple[Method, ...]
    datasets: tuple[Dataset, ...]
    metrics: tuple[str, ...]
    decimals: int = DEFAULT_DECIMALS
    speed: tuple[Dataset, ...] = ()

    def metrics_for(self, dataset: Dataset) -> list[str]:
        """Return the ids of the metrics measured on a dataset.

        They are those of the suite that images, or arrays, have. Metrics against its ground truth,
        where it has one, come last; of arrays they are measured instead of those without.
        """
        from fusebench.metrics import default_metrics, resolve

        kind = dataset.measured_as
        own = [name for name in self.metrics if resolve([name])[0].kind == kind]
        if kind == "bands":
            compared = dataset.has_reference and dataset.task == "pansharpening"
            truth = list(BANDS_AGAINST_GROUND_TRUTH) if compared else []
            return own or truth or default_metrics(dataset.task)
        asked = own or default_metrics(dataset.task)
        named = any(definition.needs_reference for definition in resolve(asked))
        return asked + (list(AGAINST_GROUND_TRUTH) if dataset.has_reference and not named else [])

    def methods_for(self, dataset: Dataset) -> list[Method]:
        """Return the methods published for the dataset's task, in the order of the tables."""
        return [method for method in self.methods if dataset.task in method.tasks]

    def cells(self) -> Iterator[tuple[Method, Dataset]]:
        """Yield every method with every dataset of its tasks."""
        for dataset in self.datasets:
            for method in self.methods_for(dataset):
                yield method, dataset

    def speed_cells(self) -> Iterator[tuple[Method, Dataset]]:
        """Yield every method with every size at which it is timed."""
        for dataset in self.speed:
            for method in self.methods_for(dataset):
                yield method, dataset

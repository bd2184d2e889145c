"""What is wrong with the metrics of a suite or a table on its datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fusebench.contracts.datasets import DatasetEntry
from fusebench.errors import MetricError
from fusebench.metrics import Definition, default_metrics, resolve
from fusebench.registry.datasets import Dataset

HELD = {"gray": "gray or RGB images", "bands": "multi-band arrays"}
"""What metrics of a kind are of."""


def metric_problems(asked: Sequence[str], datasets: Mapping[str, DatasetEntry]) -> Iterator[str]:
    """Yield each problem as a sentence without its place.

    Args:
        asked: ids of metrics; empty for the default metrics of each dataset's task.
        datasets: those that are measured, by name.
    """
    if asked:
        try:
            yield from _of_named_metrics(resolve(asked), datasets)
        except MetricError as error:
            yield str(error)
    else:
        for name, entry in datasets.items():
            yield from _of_default_metrics(name, Dataset(name, entry))


def _of_named_metrics(
    definitions: Sequence[Definition], datasets: Mapping[str, DatasetEntry]
) -> Iterator[str]:
    measured = {Dataset(name, entry).measured_as for name, entry in datasets.items()}
    if datasets and (idle := [one for one in definitions if one.kind not in measured]):
        held = " and ".join(HELD[kind] for kind in sorted(measured))
        named = ", ".join(one.id for one in idle)
        yield (
            f"must be metrics of {held}, which is what datasets hold; found {named}, of"
            f" {HELD[idle[0].kind]}"
        )
        return
    for name, entry in datasets.items():
        dataset = Dataset(name, entry)
        own = [one for one in definitions if one.kind == dataset.measured_as]
        wanting = ", ".join(one.id for one in own if one.needs_reference)
        if wanting and not dataset.has_reference:
            yield f"{wanting} need a ground truth, but dataset {name!r} has none"
        if not own:
            yield from _of_default_metrics(name, dataset)


def _of_default_metrics(name: str, dataset: Dataset) -> Iterator[str]:
    task = dataset.task
    try:
        defaults = default_metrics(task)
    except MetricError:
        yield (
            f"must be given, because dataset {name!r} is for {task}, a task without default"
            " metrics: name the metrics of this suite, e.g. [EN, SSIM]"
        )
        return
    own = dataset.measured_as
    if other := [one for one in resolve(defaults) if one.kind != own]:
        named = ", ".join(one.id for one in other)
        yield (
            f"must be given, because dataset {name!r} is for {task}, and the default metrics of"
            f" this task ({named}) are of {HELD[other[0].kind]}, where the dataset holds"
            f" {HELD[own]}"
        )

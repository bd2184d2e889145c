"""What is wrong with the metrics of a suite or a table on its datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fusebench.contracts.datasets import DatasetEntry
from fusebench.errors import MetricError
from fusebench.metrics import Definition, default_metrics, resolve
from fusebench.registry.datasets import Dataset


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
            yield from _of_default_metrics(name, Dataset(name, entry).task)


def _of_named_metrics(
    definitions: Sequence[Definition], datasets: Mapping[str, DatasetEntry]
) -> Iterator[str]:
    if bands := _band_metrics(definitions):
        yield (
            "must be metrics of gray or RGB images, which is what datasets hold; found"
            f" {bands}, of multi-band arrays"
        )
        return
    wanting = ", ".join(one.id for one in definitions if one.needs_reference)
    for name, entry in datasets.items():
        if wanting and not Dataset(name, entry).has_reference:
            yield f"{wanting} need a ground truth, but dataset {name!r} has none"


def _of_default_metrics(name: str, task: str) -> Iterator[str]:
    try:
        defaults = default_metrics(task)
    except MetricError:
        yield (
            f"must be given, because dataset {name!r} is for {task}, a task without default"
            " metrics: name the metrics of this suite, e.g. [EN, SSIM]"
        )
        return
    if bands := _band_metrics(resolve(defaults)):
        yield (
            f"must be given, because dataset {name!r} is for {task}, and the default metrics of"
            f" this task ({bands}) are of multi-band arrays, where datasets hold gray or RGB images"
        )


def _band_metrics(definitions: Sequence[Definition]) -> str:
    return ", ".join(one.id for one in definitions if one.kind == "bands")

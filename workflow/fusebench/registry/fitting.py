"""Which datasets of its tasks a method was made for."""

from __future__ import annotations

from fusebench.contracts.methods import MethodEntry
from fusebench.registry.array_problems import kind_problem
from fusebench.registry.datasets import Dataset
from fusebench.registry.methods import Method, why_skipped


def why_not_on(method: Method, dataset: Dataset) -> str:
    """Return why a method is not run on a dataset of its task; empty where it is.

    It cannot be run at all, its entry takes images where the dataset holds arrays or the other way
    round, or it was made for other modalities, sensors, bands or ratios.
    """
    if not method.is_active:
        return why_skipped(method)
    run = method.run_for(dataset.name, dataset.task)
    return kind_problem(dataset.entry, run) or _unfit(method.entry, dataset)


def _unfit(entry: MethodEntry, dataset: Dataset) -> str:
    modalities = dataset.modalities
    if entry.modalities and modalities not in [tuple(pair) for pair in entry.modalities]:
        made = " or ".join(f"{a} with {b}" for a, b in entry.modalities)
        return f"made for {made}; these images are {modalities[0]} with {modalities[1]}"
    cube = dataset.entry.cube
    if not cube:
        return ""
    if entry.sensors and cube.sensor not in entry.sensors:
        return (
            f"its weights are of {' and '.join(entry.sensors)}; these images are of {cube.sensor}"
        )
    if entry.ratios and cube.ratio not in entry.ratios:
        return f"made for the ratio {_listed(entry.ratios)}; these images have {cube.ratio}"
    if entry.bands and cube.bands not in entry.bands:
        return f"made for {_listed(entry.bands)} bands; these images have {cube.bands}"
    return ""


def _listed(numbers: list[int]) -> str:
    return " or ".join(map(str, numbers))

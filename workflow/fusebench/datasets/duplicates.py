"""Pairs that several datasets share, recognised by their pixels, not by file names."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from fusebench.datasets.pins import read_pins, sums_of
from fusebench.markers import read_manifest
from fusebench.project import locate
from fusebench.registry.datasets import Dataset
from fusebench.registry.loading import Registry

Pairs = dict[str, frozenset[str]]
"""Name of a pair -> the sha256 of its two source images, whichever is A."""


def shared_pairs(registry: Registry) -> list[dict[str, str]]:
    """Return a row for every two datasets that share pairs.

    It says how many pairs of each they share, and the names of the first one. A dataset takes part
    as soon as its images are pinned or prepared; parts of it, which name the same file of pins, do
    not.
    """
    known = {dataset.name: pairs_of(registry, dataset) for dataset in _without_parts(registry)}
    rows = []
    for one, other in combinations((name for name, pairs in known.items() if pairs), 2):
        names = {images: name for name, images in known[other].items()}
        same = {name: names[images] for name, images in known[one].items() if images in names}
        if same:
            first, its_name = next(iter(same.items()))
            rows.append(
                {
                    "dataset": one,
                    "same images as": other,
                    "pairs": f"{len(same)} of {len(known[one])} and {len(known[other])}",
                    "first": f"{first} = {its_name}",
                }
            )
    return rows


def pairs_of(registry: Registry, dataset: Dataset) -> Pairs:
    """Return the pairs of a dataset from its file of pins, or else from its manifest.

    There are none if it has neither.
    """
    sums = _known_sums(registry.root, dataset)
    names = {name for side, name in sums if side == "a" and ("b", name) in sums}
    return {name: frozenset((sums["a", name], sums["b", name])) for name in sorted(names)}


def _known_sums(root: Path, dataset: Dataset) -> dict[tuple[str, str], str]:
    if dataset.entry.hashes:
        return read_pins(locate(root, dataset.entry.hashes))
    try:
        return dict(sums_of(read_manifest(root, dataset.name)))
    except FileNotFoundError:
        return {}


def _without_parts(registry: Registry) -> list[Dataset]:
    """Return the datasets, but only the first of those that name the same file of pins."""
    by_pins = {
        dataset.entry.hashes or dataset.name: dataset
        for dataset in reversed(registry.datasets.values())
    }
    return [dataset for dataset in registry.datasets.values() if dataset in by_pins.values()]

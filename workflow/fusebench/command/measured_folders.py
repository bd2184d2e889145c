"""``fusebench measure IR/ VIS/ RESULTS/``: a table of means over the images of folders."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from fusebench.compare.contents import printed
from fusebench.compare.terminal import ARROWS, grid, terminal_width
from fusebench.errors import MetricError
from fusebench.measure.folders import (
    REFERENCE,
    A,
    B,
    Folders,
    check_images,
    measure_folders,
    methods_of,
    scenes_of,
)
from fusebench.measure.runs import Row, write_rows
from fusebench.metrics import Definition
from fusebench.registry.suites import DEFAULT_DECIMALS


@dataclass(frozen=True)
class FolderMean:
    """The mean of one metric over a method's images.

    Attributes:
        value: None where no image has a value.
        measured: how many images have one.
        reason: why the first of the others has none.
    """

    value: float | None
    measured: int
    reason: str


Means = Mapping[str, Sequence[FolderMean]]
"""Method -> its means, in the order of the metrics."""


def print_folders(
    a: Path,
    b: Path,
    fused: Sequence[Path],
    definitions: list[Definition],
    options: argparse.Namespace,
) -> int:
    """Measure folders of results and print the table of their means.

    Args:
        a: the folder of the first sources.
        b: the folder of the second sources.
        fused: a folder of fused images for each method.
        definitions: what is measured.
        options: ``reference``, ``csv``, ``cores`` and ``json`` of the command line.

    Returns:
        The exit status: 1 when no metric has a value.

    Raises:
        MetricError: no images belong together, or one of them cannot be used; names them.
    """
    sources = {A: a, B: b} | ({REFERENCE: options.reference} if options.reference else {})
    folders = Folders(sources, methods_of(_existing(fused)))
    _existing(list(sources.values()))
    scenes, left_out = scenes_of(folders)
    for line in [*left_out, *check_images(scenes)]:
        print(f"fusebench measure: {line}", file=sys.stderr)
    ids = [definition.id for definition in definitions]
    methods = list(folders.results)
    rows = measure_folders(scenes, methods, ids, _common_name(a, b), options.cores)
    if options.csv:
        write_rows(options.csv, rows)
    means = _means(rows, methods, definitions)
    for line in _missing(means, ids, len(scenes)):
        print(f"fusebench measure: {line}", file=sys.stderr)
    shown = _as_json(means, ids) if options.json else _as_table(means, definitions, len(scenes))
    print(shown)
    return 0 if any(mean.measured for found in means.values() for mean in found) else 1


def _existing(folders: Sequence[Path]) -> Sequence[Path]:
    for folder in folders:
        if not folder.is_dir():
            found = "a file" if folder.exists() else "nothing there"
            raise MetricError(f"{folder}: must be a folder, as A and B are; found {found}")
    return folders


def _common_name(a: Path, b: Path) -> str:
    """Return what the images are called in the CSV: the folder that holds A and B, else A."""
    first, second = a.resolve(), b.resolve()
    return first.parent.name if first.parent == second.parent else first.name


def _means(rows: Sequence[Row], methods: Sequence[str], definitions: Sequence[Definition]) -> Means:
    of_metric: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        of_metric[row.method, row.metric, row.definition].append(row)
    return {
        method: [_mean(of_metric[method, d.metric, d.definition]) for d in definitions]
        for method in methods
    }


def _mean(rows: Sequence[Row]) -> FolderMean:
    known = [row.value for row in rows if row.value is not None]
    missing = [f"{row.image}: {row.reason}" for row in rows if row.value is None]
    return FolderMean(fmean(known) if known else None, len(known), (missing or [""])[0])


def _missing(means: Means, ids: Sequence[str], count: int) -> Iterator[str]:
    for method, found in means.items():
        for name, mean in zip(ids, found, strict=True):
            if mean.measured < count:
                yield (
                    f"{method}: {name}: {mean.measured} of {count} images have a value; the first"
                    f" without one is {mean.reason}"
                )


def _as_json(means: Means, ids: Sequence[str]) -> str:
    told = {
        method: {
            name: {"mean": mean.value, "images": mean.measured}
            for name, mean in zip(ids, found, strict=True)
        }
        for method, found in means.items()
    }
    return json.dumps(told, indent=2)


def _as_table(means: Means, definitions: Sequence[Definition], count: int) -> str:
    heads = ["method", *(f"{d.id}{ARROWS[d.direction]}" for d in definitions)]
    rows = [[method, *(_shown(mean, count) for mean in found)] for method, found in means.items()]
    return "\n".join([f"mean over {count} images", *grid(heads, rows, terminal_width())])


def _shown(mean: FolderMean, count: int) -> str:
    if mean.value is None:
        return "-"
    partial = "" if mean.measured == count else f" ({mean.measured} of {count})"
    return printed(mean.value, DEFAULT_DECIMALS) + partial

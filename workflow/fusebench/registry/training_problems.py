"""Mistakes in ``train`` of an entry that its schema cannot see."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from fusebench.contracts.base import given
from fusebench.contracts.datasets import DatasetEntry
from fusebench.contracts.methods import MethodEntry, RunEntry, TrainData
from fusebench.project import locate
from fusebench.registry.documents import Document, Place, unknown
from fusebench.registry.placeholders import fields
from fusebench.registry.training import part_for, variants_of

Methods = Document[dict[str, MethodEntry]]
Datasets = Document[dict[str, DatasetEntry]]


def training_problems(root: Path, methods: Methods, datasets: Datasets) -> Iterator[str]:
    """Yield one line for each problem of a training.

    These are datasets and files that do not exist, images that would lie at one path, and two
    scripts for one test.
    """
    for name, entry in methods.data.items():
        for variant in variants_of(entry):
            assert entry.train
            place: Place = (name, "train") if variant == "retrained" else (name, "train", "smoke")
            part = part_for(entry.train, variant)
            for index, data in enumerate(part.data):
                yield from _data_problems(methods, datasets, (*place, "data", index), data)
            for target, file in (part.files or {}).items():
                if not locate(root, file).is_file():
                    yield (
                        f"{methods.where((*place, 'files', target))}: must be a file of this"
                        f" project; found none at {file!r}"
                    )
        yield from _run_problems(methods, name, entry)


def _data_problems(
    methods: Methods, datasets: Datasets, place: Place, data: TrainData
) -> Iterator[str]:
    if data.dataset not in datasets.data:
        remedy = "add it to datasets.yaml"
        yield unknown(methods, (*place, "dataset"), "dataset", data.dataset, datasets.data, remedy)
    if not data.stage.a or not data.stage.b:
        yield (
            f"{methods.where((*place, 'stage'))}: must have `a` and `b`; found `arrays`, which"
            " training cannot take yet"
        )
        return
    sides = {"a": data.stage.a, "b": data.stage.b}
    for side, pattern in sides.items():
        if not fields(pattern) & {"name", "index"}:
            yield (
                f"{methods.where((*place, 'stage', side))}: must hold {{name}} or {{index}}, so"
                f" that each pair has a file of its own; found {pattern!r}"
            )
    if len({posixpath.normpath(pattern) for pattern in sides.values()}) < len(sides):
        yield (
            f"{methods.where((*place, 'stage', 'b'))}: must be another file than that of"
            f" `stage.a`, because each pair would be one image twice; found {data.stage.b!r} for"
            " both"
        )


def _run_problems(methods: Methods, name: str, entry: MethodEntry) -> Iterator[str]:
    """Yield a part of the test that names two programs."""
    part = given(entry.train.run) if entry.train and entry.train.run else {}
    programs = [one for one in RunEntry.ONE_OF if one in part]
    if len(programs) > 1:
        yield (
            f"{methods.where((name, 'train', 'run'))}: must have one of"
            f" {', '.join(RunEntry.ONE_OF)}; found {' and '.join(programs)}"
        )

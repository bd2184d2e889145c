"""Path patterns that give two images one place: one of them is then taken for the other."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec import UNSET

from fusebench.contracts.base import given
from fusebench.contracts.datasets import DatasetEntry
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.methods import CheckInputs, MethodEntry, RunPart
from fusebench.registry.documents import Document, Place
from fusebench.registry.methods import Method, with_fields
from fusebench.registry.pairing import patterns, readings
from fusebench.registry.placeholders import fields, fill
from fusebench.registry.selfchecks import Check, pattern_of, placed_checks

Methods = Document[dict[str, MethodEntry]]
Datasets = Document[dict[str, DatasetEntry]]
EntriesT = TypeVar("EntriesT")

SAMPLE = {
    "work": ".",
    "out": "/out",
    "count": 3,
    "name": "<name>",
    "index": 1234567,
    "modality_a": "<modality of a>",
    "modality_b": "<modality of b>",
    "device": "<device>",
}
"""Values that show whether two patterns are one path, however they are written."""

CONSEQUENCES = {
    "b": "each pair would be one image twice",
    "stage.b": "each pair would be one image twice",
    "collect": "a source image would be taken for the result",
    "reference": "a source image would be taken for the ground truth",
    "expect": "a source image would be taken for the committed output",
}


AMBIGUOUS = "one would be taken for the other"


def path_problems(methods: Methods, datasets: Datasets) -> Iterator[str]:
    """Yield patterns that are one path where there must be several.

    They are the two source images and the result of a run; its pairs among each other; the sides of
    a dataset, and those of a self-check.
    """
    for name, entry in methods.data.items():
        if entry.run:
            for place, run in _runs(Method(name, entry), datasets):
                yield from _run_problems(methods, place, run)
        for place, check in placed_checks(name, entry):
            yield from _check_problems(methods, place, check)
    for name, dataset in datasets.data.items():
        for files in _sides_by_channel(dataset):
            yield from _one_path_twice(datasets, (name,), files)


def _sides_by_channel(dataset: DatasetEntry) -> Iterable[dict[Place, str]]:
    """Return the patterns of the sides that are read in one way.

    A file may hold two of them, by channel or by key.
    """
    read = readings(dataset)
    found: dict[object, dict[Place, str]] = {}
    for side, pattern in patterns(dataset).items():
        way = (read[side].channel, read[side].key) if side in read else (UNSET, UNSET)
        found.setdefault(way, {})[side, "files"] = pattern
    return found.values()


def _runs(method: Method, datasets: Datasets) -> Iterator[tuple[Place, Run]]:
    """Yield the ways in which a script is started: the entry's own, and those of its parts.

    Parts that change no path are left out.
    """
    own: Place = (method.name, "run")
    yield own, method.run_for("", "")
    for task, part in (method.run.per_task or {}).items():
        if _changes_paths(part):
            yield (*own, "per_task", task), method.run_for("", task)
    for name, part in (method.run.per_dataset or {}).items():
        if _changes_paths(part):
            known = datasets.data.get(name)
            yield (*own, "per_dataset", name), method.run_for(name, known.task if known else "")
    for place, check in placed_checks(method.name, method.entry):
        if check.entry.run and _changes_paths(check.entry.run):
            run = method.run_for(check.name, check.task)
            yield (*place, "run"), with_fields(run, check.entry.run)


def _changes_paths(part: RunPart) -> bool:
    return not given(part).keys().isdisjoint({"stage", "collect", "pairs_per_process"})


def _run_problems(methods: Methods, place: Place, run: Run) -> Iterator[str]:
    staged: dict[Place, str] = {
        tuple(field.split(".", 2)): path for field, path in run.stage.patterns.items()
    }
    paths = {**staged, ("collect",): run.collect}
    yield from _one_path_twice(methods, place, paths)
    if run.pairs_per_process == 1:
        return
    for field, pattern in paths.items():
        if not fields(pattern) & {"name", "index"}:
            yield (
                f"{methods.where((*place, *field))}: must hold {{name}} or {{index}}, so that each"
                f" pair has a file of its own; found {pattern!r}; if the script handles one pair"
                " in each process, say `pairs_per_process: 1`"
            )


def _check_problems(methods: Methods, place: Place, check: Check) -> Iterator[str]:
    """Yield inputs and outputs of a self-check that are one file."""
    inputs = given(check.entry.inputs) if isinstance(check.entry.inputs, CheckInputs) else {}
    stated = {**inputs, **({"expect": check.entry.expect} if check.entry.expect else {})}
    known = {side: pattern_of(path) for side, path in stated.items()}
    own: dict[Place, str] = {
        (side,) if side == "expect" else ("inputs", side): path for side, path in known.items()
    }
    yield from _one_path_twice(methods, place, own)
    pairs = check.entry.pairs or {}
    for name, pair in pairs.items() if isinstance(pairs, dict) else ():
        files = {**known, **given(pair)} if given(pair) else {}
        paths: dict[Place, str] = {
            (side,): path.replace("{name}", name) for side, path in files.items()
        }
        yield from _one_path_twice(methods, (*place, "pairs", name), paths)


def _one_path_twice(
    document: Document[EntriesT], place: Place, paths: Mapping[Place, str]
) -> Iterator[str]:
    """Yield each path that an earlier one is the same as.

    Args:
        document: the file that holds them.
        place: of what they have in common.
        paths: place below it -> path pattern.
    """
    seen: dict[str, str] = {}
    for field, path in paths.items():
        name = ".".join(str(part) for part in field if part not in {"inputs", "files"})
        same = posixpath.normpath(fill(path, SAMPLE))
        if same in seen:
            why = CONSEQUENCES.get(name, AMBIGUOUS)
            yield (
                f"{document.where((*place, *field))}: must be another file than that of"
                f" `{seen[same]}`, because {why}; found {path!r} for both"
            )
        seen.setdefault(same, name)

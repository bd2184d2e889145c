"""What a schema cannot see: names that do not exist, and entries that exclude each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import UNSET

from fusebench.contracts.base import choices_of
from fusebench.contracts.configuration import Config, SuiteEntry
from fusebench.contracts.datasets import DatasetEntry, PercentileRange
from fusebench.contracts.methods import ACTIVE, MethodEntry, Resources, Task
from fusebench.contracts.pair_names import why_no_name
from fusebench.generated import GENERATORS
from fusebench.hashes import sha256_of_json
from fusebench.project import locate, names_in
from fusebench.registry.array_problems import array_problems, kind_problem, stage_problems
from fusebench.registry.claims import claim_problems
from fusebench.registry.documents import Document, Place, unknown
from fusebench.registry.matlab_problems import matlab_problems
from fusebench.registry.methods import NAMING_DIGITS, Method, clone_name, is_local, owner_and_name
from fusebench.registry.metric_problems import metric_problems
from fusebench.registry.pairing import pair_names, patterns, readings
from fusebench.registry.path_patterns import pattern_problem
from fusebench.registry.path_problems import path_problems
from fusebench.registry.run_problems import run_problems
from fusebench.registry.selfchecks import check_problems
from fusebench.registry.table_problems import table_problems
from fusebench.registry.training import trained_names
from fusebench.registry.training_problems import training_problems

ARCHIVE_NOTE = "ARCHIVE.md"
"""This file lies in an unpacked archive of results.

No method is run there, so folders of local methods may be missing.
"""

TASKS: tuple[str, ...] = choices_of(Task)

Methods = Document[dict[str, MethodEntry]]
Datasets = Document[dict[str, DatasetEntry]]


def contradictions(
    root: Path, methods: Methods, datasets: Datasets, config: Document[Config]
) -> Iterator[str]:
    """Yield one line for each problem of the three files of a registry."""
    yield from _method_problems(root, methods)
    yield from matlab_problems(methods)
    of_trainings = list(training_problems(root, methods, datasets))
    yield from of_trainings
    yield from run_problems(methods)
    yield from check_problems(methods)
    yield from claim_problems(root, methods, datasets)
    yield from _same_source(methods)
    yield from _mistyped_commits(methods)
    yield from _unknown_datasets(methods, datasets)
    yield from _dataset_problems(root, datasets)
    yield from array_problems(datasets)
    yield from stage_problems(methods)
    yield from path_problems(methods, datasets)
    yield from _suite_problems(methods, datasets, config)
    if not of_trainings:  # tables may name what is trained
        yield from table_problems(methods, datasets, config)


def selected_names(config: Config) -> list[str]:
    """Return the names of the suites asked for: a list, or names joined by commas."""
    names = config.suite.split(",") if isinstance(config.suite, str) else config.suite
    return [name.strip() for name in names if name.strip()]


def _method_problems(root: Path, methods: Methods) -> Iterator[str]:
    envs = names_in(root, "envs")
    for name, entry in methods.data.items():
        if entry.env and entry.env not in envs:
            place = (name, "env")
            remedy = "make the folder envs/<name>"
            yield unknown(methods, place, "environment", entry.env, envs, remedy)
        if is_local(entry.code):
            there = locate(root, entry.code).is_dir() or (root / ARCHIVE_NOTE).is_file()
            if not there:
                yield (
                    f"{methods.where((name, 'code'))}: must be an address or an existing folder;"
                    f" found {entry.code!r}"
                )
        elif entry.commit is UNSET and entry.status == ACTIVE:
            yield (
                f"{methods.where((name,))}: must have 'commit', the full hash at which {entry.code}"
                " is run"
            )
        devices = entry.run.devices if entry.run else UNSET
        if (entry.resources or Resources()).gpu == 0 and devices == ["cuda"]:
            yield (
                f"{methods.where((name, 'resources', 'gpu'))}: must be 1 or more where run.devices"
                " is [cuda]; found 0"
            )


def _same_source(methods: Methods) -> Iterator[str]:
    """Yield entries that are one repository at one commit, run in the same way, under two names.

    Another environment, other weights or arguments make a variant, which may be compared.
    """
    seen: dict[str, str] = {}
    for name, entry in methods.data.items():
        if is_local(entry.code):
            continue
        code = "/".join(owner_and_name(entry.code)).lower()
        run = msgspec.to_builtins(entry.run) if entry.run else None
        weights = [msgspec.to_builtins(one) for one in entry.weights or []]
        key = sha256_of_json([code, entry.commit or None, run, entry.env or None, weights])
        if key in seen:
            yield (
                f"{methods.where((name, 'code'))}: the same code, commit, env, weights and run as"
                f" {seen[key]!r}; keep one of them, or say how they differ"
            )
        seen.setdefault(key, name)


def _mistyped_commits(methods: Methods) -> Iterator[str]:
    """Yield commits of one repository that differ only after the digits that name its clone.

    No repository has two such commits, so that one of them is mistyped.
    """
    seen: dict[str, tuple[str, str]] = {}
    for name, entry in methods.data.items():
        if not entry.commit:
            continue
        clone = clone_name(entry.code, entry.commit)
        other, commit = seen.setdefault(clone, (name, entry.commit))
        if commit != entry.commit:
            yield (
                f"{methods.where((name, 'commit'))}: must be the commit of {other!r}, or differ"
                f" from it in the first {NAMING_DIGITS} digits; found {entry.commit} beside"
                f" {commit}: one of them is mistyped"
            )


def _unknown_datasets(methods: Methods, datasets: Datasets) -> Iterator[str]:
    """Yield datasets with fields of ``run`` of their own that do not exist.

    Their fields would never be used.
    """
    for method, entry in methods.data.items():
        for name in (entry.run.per_dataset or {}) if entry.run else {}:
            if name not in datasets.data:
                place = (method, "run", "per_dataset", name)
                remedy = "add it to datasets.yaml"
                yield unknown(methods, place, "dataset", name, datasets.data, remedy)


def _dataset_problems(root: Path, datasets: Datasets) -> Iterator[str]:
    for name, entry in datasets.data.items():
        if entry.kind == "generated" and entry.generator not in GENERATORS:
            place = (name, "generator")
            yield unknown(datasets, place, "generator", entry.generator or "", GENERATORS)
        try:
            names = pair_names(entry.pairs, root)
            yield from _list_problems(datasets, (name, "pairs"), names)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            yield (
                f"{datasets.where((name, 'pairs'))}: must be a list of names or an existing text"
                f" file in UTF-8; found {entry.pairs!r}: {reason}"
            )
        for side, pattern in patterns(entry).items():
            if problem := pattern_problem(pattern):
                yield f"{datasets.where((name, side, 'files'))}: {problem}"
        yield from _reading_problems(datasets, name, entry)


def _reading_problems(datasets: Datasets, name: str, entry: DatasetEntry) -> Iterator[str]:
    for side, reading in readings(entry).items():
        if isinstance(reading.range, PercentileRange):
            low, high = reading.range.percentiles
            if not 0 <= low < high <= 100:
                yield (
                    f"{datasets.where((name, side, 'range', 'percentiles'))}: must be two numbers"
                    f" of 0 to 100, the smaller one first; found [{low:g}, {high:g}]"
                )
        elif reading.range and not 0 <= reading.range[0] < reading.range[1]:
            yield (
                f"{datasets.where((name, side, 'range'))}: must be two values, 0 or greater, the"
                f" smaller one first; found {list(reading.range)}"
            )
        if reading.range and reading.bits:
            yield (
                f"{datasets.where((name, side, 'bits'))}: must not stand beside 'range'; say the"
                " values that are used in one of them"
            )


def _list_problems(datasets: Datasets, place: Place, names: list[str] | None) -> Iterator[str]:
    """Yield what is wrong with a list: no name, names of no pair, names that occur twice.

    The schema checks the same for a list in YAML.
    """
    if names == []:
        yield (
            f"{datasets.where(place)}: must hold at least one name; found a file of blank lines and"
            " comments (#); remove `pairs` to take all pairs that are found"
        )
    for name, count in Counter(names or []).items():
        if count > 1:
            yield (
                f"{datasets.where(place)}: must hold every name once; found {name!r} {count} times"
            )
        if why := why_no_name(name):
            yield f"{datasets.where(place)}: must hold names of pairs; found {name!r}: {why}"


def _suite_problems(
    methods: Methods, datasets: Datasets, config: Document[Config]
) -> Iterator[str]:
    suites = config.data.suites
    for name in selected_names(config.data):
        if name not in suites:
            yield unknown(config, ("suite",), "suite", name, suites)
    for name, suite in suites.items():
        place: Place = ("suites", name)
        if isinstance(suite.methods, list):
            named = suite.methods
            known_ones = {**methods.data, **dict.fromkeys(trained_names(methods.data))}
            yield from _unknown_names(config, (*place, "methods"), "method", named, known_ones)
        elif suite.methods not in [*TASKS, "all"]:
            known = [*TASKS, "all"]
            yield unknown(config, (*place, "methods"), "task", suite.methods, known)
        named = suite.datasets
        yield from _unknown_names(config, (*place, "datasets"), "dataset", named, datasets.data)
        yield from _kind_problems(methods, datasets, suite, config.where(place))
        measured = {one: datasets.data[one] for one in suite.datasets if one in datasets.data}
        for problem in metric_problems(suite.metrics or [], measured):
            yield f"{config.where((*place, 'metrics'))}: {problem}"


def _kind_problems(
    methods: Methods, datasets: Datasets, suite: SuiteEntry, where: str
) -> Iterator[str]:
    """Yield methods named by a suite that cannot take what its datasets hold: images, or arrays.

    Where a suite names a task, such methods are skipped with the reason.
    """
    chosen = {name: datasets.data[name] for name in suite.datasets if name in datasets.data}
    if suite.speed and (arrays := [name for name, entry in chosen.items() if entry.cube]):
        yield (
            f"{where}: `speed` must be absent with datasets of arrays, because methods are timed on"
            f" 8-bit images; found {arrays[0]!r}"
        )
    named = suite.methods if isinstance(suite.methods, list) else []
    for name in (name for name in named if name in methods.data):
        method = Method(name, methods.data[name])
        for dataset, entry in chosen.items():
            if method.is_active and entry.task in method.tasks:
                problem = kind_problem(entry, method.run_for(dataset, entry.task))
                if problem:
                    yield f"{methods.where((name, 'run'))}: on dataset {dataset!r}, {problem}"


def _unknown_names(
    config: Document[Config],
    place: Place,
    what: str,
    names: Iterable[str],
    known: Mapping[str, object],
) -> Iterator[str]:
    for index, name in enumerate(names):
        if name not in known:
            remedy = f"add it to {what}s.yaml"
            yield unknown(config, (*place, index), what, name, known, remedy)

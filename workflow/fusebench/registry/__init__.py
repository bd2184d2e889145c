"""The registry: what a project's YAML files say, checked as a whole before anything is run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fusebench.datasets.pairing import pair_names
from fusebench.errors import MetricError, RegistryError
from fusebench.registry.datasets import Dataset, speed_datasets
from fusebench.registry.documents import (
    Document,
    Place,
    near,
    read_document,
    read_schema,
    schema_problems,
    unknown,
)
from fusebench.registry.grids import grid_problems
from fusebench.registry.methods import ACTIVE, Method, is_local, owner_and_name
from fusebench.registry.suites import DEFAULT_DECIMALS, Suite
from fusebench.registry.tables import PaperTable, table_problems, tables_of

__all__ = ["Dataset", "Method", "PaperTable", "Registry", "Suite", "load_registry", "near"]

METHODS = Path("methods.yaml")
DATASETS = Path("datasets.yaml")
CONFIG = Path("config/config.yaml")
ARCHIVE_NOTE = "ARCHIVE.md"
"""Lies in an unpacked archive of results, where no method is run and folders of local methods need not be."""


@dataclass(frozen=True)
class Registry:
    """The methods, datasets and suites of a project, and the options of its configuration."""

    root: Path
    methods: dict[str, Method]
    datasets: dict[str, Dataset]
    suites: dict[str, Suite]
    options: dict[str, Any]

    @cached_property
    def selected(self) -> list[Suite]:
        """The suites that the configuration asks for, in its order."""
        return [self.suites[name] for name in selected_names(self.options)]

    @cached_property
    def tables(self) -> dict[str, PaperTable]:
        """The tables of papers by name."""
        return tables_of(self.options, self)

    def env_folder(self, method: Method) -> Path:
        """Return the folder of a method's environment."""
        return self.root / "envs" / method.env


def load_registry(
    root: Path, overrides: Mapping[str, Any] | None = None, checked: bool = False
) -> Registry:
    """Read and check ``methods.yaml``, ``datasets.yaml`` and ``config/config.yaml`` below ``root``.

    Args:
        root: the project's folder.
        overrides: options that replace those of the configuration file (``--config`` of Snakemake).
        checked: for the jobs of a run that has read the same files already: they are read without the checks.

    Raises:
        RegistryError: with one line for every problem found.
    """
    documents = [read_document(root / file) for file in (METHODS, DATASETS, CONFIG)]
    if isinstance(documents[2].data, dict):  # what else it is, its schema refuses
        documents[2].data.update(overrides or {})
        documents[2].written.update(
            {(key,): str(value) for key, value in (overrides or {}).items()}
        )
    if checked:
        _forget_inherited(documents[0])
    else:
        _check(root, documents)
    registry = _registry(root, *(document.data for document in documents))
    if problems := list(grid_problems(registry.tables, root)):
        raise _refused(problems)
    return registry


def _check(root: Path, documents: list[Document]) -> None:
    problems = [
        problem
        for document, schema in zip(documents, ("methods", "datasets", "config"), strict=True)
        for problem in schema_problems(document, read_schema(schema))
    ]
    if not problems:
        _forget_inherited(documents[0])
        problems = list(_contradictions(root, *documents))
    if problems:
        raise _refused(problems)


def _refused(problems: list[str]) -> RegistryError:
    return RegistryError("\n".join(["the registry has problems:", *problems]))


def _forget_inherited(methods: Document) -> None:
    """Take from each method what a merge brought although it speaks of the results of the merged entry alone."""
    for name, entry in methods.data.items():
        for field in ("verified", "tried", "selfcheck", "claims"):
            if (name, field) not in methods.lines:
                entry.pop(field, None)


def selected_names(options: Mapping[str, Any]) -> list[str]:
    """Return the names of the suites asked for: a list, or names joined by commas."""
    asked = options["suite"]
    names = asked.split(",") if isinstance(asked, str) else asked
    return [name.strip() for name in names if name.strip()]


def _registry(root: Path, methods: Any, datasets: Any, config: Any) -> Registry:
    known_methods = {name: Method(name, entry) for name, entry in methods.items()}
    known_datasets = {name: Dataset(name, entry) for name, entry in datasets.items()}
    suites = {
        name: Suite(
            name,
            tuple(_methods_of(entry["methods"], known_methods)),
            tuple(known_datasets[dataset] for dataset in entry["datasets"]),
            tuple(entry.get("metrics", ())),
            entry.get("decimals", DEFAULT_DECIMALS),
            _speed(entry, known_datasets),
        )
        for name, entry in config["suites"].items()
    }
    timed_on = {dataset.name: dataset for suite in suites.values() for dataset in suite.speed}
    return Registry(root, known_methods, {**timed_on, **known_datasets}, suites, config)


def _speed(suite: dict[str, Any], known: dict[str, Dataset]) -> tuple[Dataset, ...]:
    if not suite.get("speed"):
        return ()
    return speed_datasets(
        (known[dataset] for dataset in suite["datasets"]), suite["speed"] == "exclusive"
    )


def _methods_of(asked: list[str] | str, known: dict[str, Method]) -> list[Method]:
    """Return the methods named; ``all`` is every entry, a task is every active entry of that task."""
    if isinstance(asked, list):
        return [known[name] for name in asked]
    if asked == "all":
        return list(known.values())
    return [method for method in known.values() if method.is_active and asked in method.tasks]


def _contradictions(
    root: Path, methods: Document, datasets: Document, config: Document
) -> Iterator[str]:
    """Yield what each file's schema cannot see: names that do not exist, and entries that exclude each other."""
    from fusebench.evidence.checks import check_problems
    from fusebench.evidence.claims import claim_problems

    tasks = read_schema("methods")["additionalProperties"]["properties"]["tasks"]["items"]["enum"]
    yield from _method_problems(root, methods)
    yield from check_problems(methods)
    yield from claim_problems(root, methods, datasets)
    yield from _same_source(methods)
    yield from _unknown_datasets(methods, datasets)
    yield from _dataset_problems(root, datasets)
    yield from _suite_problems(methods, datasets, config, tasks)
    yield from table_problems(methods, datasets, config)


def _method_problems(root: Path, methods: Document) -> Iterator[str]:
    envs = sorted(folder.name for folder in (root / "envs").glob("*") if folder.is_dir())
    for name, entry in methods.data.items():
        if entry.get("env") is not None and entry["env"] not in envs:
            yield unknown(
                methods,
                (name, "env"),
                "environment",
                entry["env"],
                envs,
                "make the folder envs/<name>",
            )
        if is_local(entry["code"]):
            if not (root / entry["code"]).is_dir() and not (root / ARCHIVE_NOTE).is_file():
                yield f"{methods.where((name, 'code'))}: must be an address or an existing folder; found {entry['code']!r}"
        elif "commit" not in entry and entry.get("status", ACTIVE) == ACTIVE:
            yield f"{methods.where((name,))}: must have 'commit', the full hash at which {entry['code']} is run"
        if entry.get("resources", {}).get("gpu") == 0 and entry.get("run", {}).get("devices") == [
            "cuda"
        ]:
            yield f"{methods.where((name, 'resources', 'gpu'))}: must be 1 or more where run.devices is [cuda]; found 0"


def _same_source(methods: Document) -> Iterator[str]:
    """Yield entries that are one repository at one commit, run in the same way, under two names."""
    seen: dict[str, str] = {}
    for name, entry in methods.data.items():
        code = "/".join(owner_and_name(entry["code"])).lower()
        key = f"{code}@{entry.get('commit')} {json.dumps(entry.get('run'), sort_keys=True)}"
        if not is_local(entry["code"]) and key in seen:
            yield (
                f"{methods.where((name, 'code'))}: the same code, commit and run as {seen[key]!r}; "
                "keep one of them, or say in `run` how they differ"
            )
        seen.setdefault(key, name)


def _unknown_datasets(methods: Document, datasets: Document) -> Iterator[str]:
    """Yield datasets that have fields of ``run`` of their own and do not exist: their fields would never be used."""
    for method, entry in methods.data.items():
        for name in entry.get("run", {}).get("per_dataset", {}):
            if name not in datasets.data:
                place = (method, "run", "per_dataset", name)
                yield unknown(
                    methods, place, "dataset", name, list(datasets.data), "add it to datasets.yaml"
                )


def _dataset_problems(root: Path, datasets: Document) -> Iterator[str]:
    from fusebench.datasets.generated import GENERATORS

    for name, entry in datasets.data.items():
        if entry["kind"] == "generated" and entry["generator"] not in GENERATORS:
            yield unknown(
                datasets, (name, "generator"), "generator", entry["generator"], list(GENERATORS)
            )
        try:
            pair_names(entry.get("pairs"), root)
        except (OSError, UnicodeDecodeError) as error:
            yield (
                f"{datasets.where((name, 'pairs'))}: must be a list of names or an existing text file in UTF-8; "
                f"found {entry['pairs']!r}: {getattr(error, 'strerror', None) or error}"
            )
        for side in ("a", "b", "reference"):
            pattern = entry.get(side, {}).get("files", "{name}")
            if "{name}" not in pattern:
                yield f"{datasets.where((name, side, 'files'))}: must hold the placeholder {{name}}; found {pattern!r}"


def _suite_problems(
    methods: Document, datasets: Document, config: Document, tasks: list[str]
) -> Iterator[str]:
    suites = config.data["suites"]
    for name in selected_names(config.data):
        if name not in suites:
            yield unknown(config, ("suite",), "suite", name, list(suites))
    for name, suite in suites.items():
        place: Place = ("suites", name)
        if isinstance(suite["methods"], str):
            if suite["methods"] not in [*tasks, "all"]:
                yield unknown(
                    config, (*place, "methods"), "task", suite["methods"], [*tasks, "all"]
                )
        else:
            yield from _unknown_names(
                config, (*place, "methods"), "method", suite["methods"], methods
            )
        yield from _unknown_names(
            config, (*place, "datasets"), "dataset", suite["datasets"], datasets
        )
        yield from _metric_problems(config, (*place, "metrics"), suite, datasets)


def _metric_problems(
    config: Document, place: Place, suite: dict[str, Any], datasets: Document
) -> Iterator[str]:
    from fusebench.metrics import resolve

    try:
        definitions = resolve(suite.get("metrics", []))
    except MetricError as error:
        yield f"{config.where(place)}: {error}"
        return
    bands = [definition.id for definition in definitions if definition.kind == "bands"]
    if bands:
        yield f"{config.where(place)}: {', '.join(bands)} are for multi-band arrays, and the datasets hold gray or RGB images"
        return
    wanting = [definition.id for definition in definitions if definition.needs_reference]
    for name in suite["datasets"]:
        if (
            wanting
            and name in datasets.data
            and not Dataset(name, datasets.data[name]).has_reference
        ):
            yield f"{config.where(place)}: {', '.join(wanting)} need a ground truth, which dataset {name!r} has not"


def _unknown_names(
    config: Document, place: Place, what: str, names: list[str], known: Document
) -> Iterator[str]:
    for index, name in enumerate(names):
        if name not in known.data:
            yield unknown(
                config,
                (*place, index),
                what,
                name,
                list(known.data),
                f"add it to {known.file.name}",
            )

"""Reads ``methods.yaml``, ``datasets.yaml`` and ``config/config.yaml``.

It checks them as a whole before anything is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from msgspec import UnsetType

from fusebench.contracts.configuration import Config, SuiteEntry
from fusebench.contracts.datasets import DatasetEntry, Datasets
from fusebench.contracts.methods import MethodEntry, Methods
from fusebench.errors import RegistryError
from fusebench.project import locate
from fusebench.registry.contradictions import contradictions, selected_names
from fusebench.registry.copies import copy_of
from fusebench.registry.datasets import Dataset, speed_datasets
from fusebench.registry.documents import Document, converted, near, read_document
from fusebench.registry.grids import grid_problems
from fusebench.registry.methods import Method
from fusebench.registry.methods_file import METHODS, forget_inherited
from fusebench.registry.named_suite import add_named_suite
from fusebench.registry.suites import DEFAULT_DECIMALS, Suite
from fusebench.registry.tables import PaperTable, table_of
from fusebench.registry.training import seeds_named

DATASETS = Path("datasets.yaml")
CONFIG = Path("config/config.yaml")


EntryT = TypeVar("EntryT")


class Named(dict[str, EntryT]):
    """The entries of a file by their names.

    Raises:
        RegistryError: a name is asked for that no entry has, as in a mistyped target of Snakemake.
    """

    def __init__(self, file: Path, entries: Mapping[str, EntryT]) -> None:
        """Take the entries of a file."""
        super().__init__(entries)
        self.file = file

    def __missing__(self, name: str) -> EntryT:
        """Refuse a name that no entry has."""
        raise RegistryError(
            f"{self.file}: must have the entry that was asked for; found none named"
            f" {name!r}{near(name, self)}"
        )


class NamedMethods(Named[Method]):
    """The methods of methods.yaml; asked for by name, also those that are trained here."""

    def __missing__(self, name: str) -> Method:
        """Return a method that is trained here; refuse a name that no entry has."""
        found = seeds_named(name, self)
        if len(found) > 1:
            raise RegistryError(
                f"{name} stands for {len(found)} trainings; name one of them, such as"
                f" {found[0].name!r}, or name it in a suite, whose tables have one row for all"
            )
        return found[0] if found else super().__missing__(name)


@dataclass(frozen=True)
class Registry:
    """The methods, datasets and suites of a project, and its configuration.

    Attributes:
        root: the project's folder.
        methods: all entries of methods.yaml by name.
        datasets: all entries of datasets.yaml by name, and those that suites are timed on.
        suites: all suites by name.
        config: the configuration, with what the command line replaces.
        texts: name of a file -> its text, as it was read.
    """

    root: Path
    methods: dict[str, Method]
    datasets: dict[str, Dataset]
    suites: dict[str, Suite]
    config: Config
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def selected(self) -> list[Suite]:
        """The suites that the configuration asks for, in its order."""
        return [self.suites[name] for name in selected_names(self.config)]

    @cached_property
    def tables(self) -> dict[str, PaperTable]:
        """The tables of papers by name."""
        return {
            name: table_of(name, entry, self.methods, self.datasets, self.suites)
            for name, entry in self.config.tables.items()
        }

    def env_folder(self, method: Method) -> Path:
        """Return the folder of a method's environment."""
        return locate(self.root, f"envs/{method.env}")


def load_registry(
    root: Path,
    overrides: Mapping[str, Any] | None = None,
    checked: bool = False,
    copies: str = "",
) -> Registry:
    """Read and check ``methods.yaml``, ``datasets.yaml`` and ``config/config.yaml``.

    Args:
        root: the project's folder; a file that is not there is taken from the workflow's.
        overrides: options that replace those of the configuration file (``--config`` of Snakemake).
        checked: true in the jobs of a run that has checked the same files already: the checks are
            left out.
        copies: the folder of the files as the run has read them, see ``Session``; empty to read the
            files themselves.

    Raises:
        RegistryError: with one line for every problem found.
    """
    # Without overrides the configuration must lie in this folder, else it is the wrong folder.
    # Snakemake, which gives overrides, has looked for the file already.
    config_file = locate(root, CONFIG) if overrides else root / CONFIG
    files = (locate(root, METHODS), locate(root, DATASETS), config_file)
    copied = root / copies if copies else None
    documents = [read_document(file, copy_of(file, copied)) for file in files]
    if isinstance(documents[2].data, dict):  # anything else is refused by its contract
        documents[2].data.update(overrides or {})
        documents[2].written.update({(key,): str(v) for key, v in (overrides or {}).items()})
        add_named_suite(documents[2].data)
    methods, datasets, config = _converted(*documents)
    if not checked and (problems := list(contradictions(root, methods, datasets, config))):
        raise _refused(problems)
    texts = {document.file.name: document.text for document in documents}
    registry = replace(_registry(root, methods.data, datasets.data, config.data), texts=texts)
    if problems := list(grid_problems(registry.tables, root)):
        raise _refused(problems)
    return registry


def _converted(
    methods: Document[Any], datasets: Document[Any], config: Document[Any]
) -> tuple[Document[dict[str, MethodEntry]], Document[dict[str, DatasetEntry]], Document[Config]]:
    """Return the three files as contracts; the problems of all of them are reported at once."""
    kinds = (
        (forget_inherited(methods), "methods", Methods),
        (datasets, "datasets", Datasets),
        (config, "config", Config),
    )
    found: list[Any] = []
    problems = []
    for document, schema, kind in kinds:
        try:
            found.append(converted(document, schema, kind))
        except RegistryError as error:
            problems.append(str(error))
    if problems:
        raise _refused(problems)
    return found[0], found[1], found[2]


def _refused(problems: list[str]) -> RegistryError:
    return RegistryError("\n".join(["the registry has problems:", *problems]))


def _registry(
    root: Path,
    methods: Mapping[str, MethodEntry],
    datasets: Mapping[str, DatasetEntry],
    config: Config,
) -> Registry:
    known_methods = {name: Method(name, entry) for name, entry in methods.items()}
    known_datasets = {name: Dataset(name, entry) for name, entry in datasets.items()}
    suites = {
        name: _suite(name, entry, known_methods, known_datasets)
        for name, entry in config.suites.items()
    }
    timed_on = {dataset.name: dataset for suite in suites.values() for dataset in suite.speed}
    return Registry(
        root,
        NamedMethods(METHODS, known_methods),
        Named(DATASETS, {**timed_on, **known_datasets}),
        Named(CONFIG, suites),
        config,
    )


def _suite(
    name: str,
    entry: SuiteEntry,
    methods: Mapping[str, Method],
    datasets: Mapping[str, Dataset],
) -> Suite:
    chosen = tuple(datasets[dataset] for dataset in entry.datasets)
    return Suite(
        name,
        tuple(_methods_of(entry.methods, methods)),
        chosen,
        tuple(entry.metrics or ()),
        DEFAULT_DECIMALS if isinstance(entry.decimals, UnsetType) else entry.decimals,
        speed_datasets(chosen, entry.speed == "exclusive") if entry.speed else (),
    )


def _methods_of(asked: list[str] | str, known: Mapping[str, Method]) -> list[Method]:
    """Return the methods named.

    ``all`` is every entry, a task is every active entry of that task.
    """
    if isinstance(asked, list):
        return [
            method
            for name in asked
            for method in ([known[name]] if name in known else seeds_named(name, known))
        ]
    if asked == "all":
        return list(known.values())
    return [method for method in known.values() if method.is_active and asked in method.tasks]

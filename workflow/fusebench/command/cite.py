"""``fusebench cite``: the BibTeX of all that a comparison rests on."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

from fusebench.errors import RegistryError
from fusebench.registry.loading import Registry, load_registry
from fusebench.registry.tables import PaperTable, table_of
from fusebench.texts import first_of

SHOWN = 8

EXAMPLES = """examples:
  fusebench cite published > references.bib
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench cite``."""
    parser.epilog = EXAMPLES
    parser.add_argument("name", metavar="SUITE", help="a suite, or a table of `tables:`")
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Print the entries."""
    print(citations(load_registry(options.project), options.name), end="")
    return 0


def citations(registry: Registry, name: str) -> str:
    """Return the BibTeX of the methods, datasets and metrics of a suite or table.

    Raises:
        RegistryError: there is neither a suite nor a table of this name.
    """
    from fusebench.compare.bibliography import bibliography
    from fusebench.compare.citations import dataset_entries, metric_entries, own_entry
    from fusebench.metrics import resolve
    from fusebench.planning.papers import references

    table = _table(registry, name)
    metrics = [metric for dataset in table.datasets for metric in table.metrics_for(dataset)]
    entries = [
        bibliography(references(table)),
        *dataset_entries(table.datasets),
        *metric_entries(resolve(dict.fromkeys(metrics))),
        own_entry(version("fusebench")),
    ]
    return "\n".join(entries)


def _table(registry: Registry, name: str) -> PaperTable:
    from fusebench.contracts.configuration import TableEntry

    if name in registry.suites:
        entry = TableEntry(suite=name)
        return table_of(name, entry, registry.methods, registry.datasets, registry.suites)
    if name in registry.tables:
        return registry.tables[name]
    known = first_of([*registry.suites, *registry.tables], SHOWN)
    raise RegistryError(f"must be a suite or a table of the configuration: {known}; found {name}")

"""``fusebench check``: validate the registry and the configuration, and say what they hold."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fusebench.registry.loading import Registry

EXAMPLES = """examples:
  fusebench check                       this folder
  fusebench check --project ~/paper     another one
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench check``."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Print what the registry holds.

    Raises:
        RegistryError: a file is wrong; the message has a line for every problem. Files that an
            entry names are looked for where its repository has been cloned already.
    """
    from fusebench.errors import RegistryError
    from fusebench.registry.loading import load_registry

    registry = load_registry(options.project)
    problems = list(_file_problems(registry))
    if problems:
        raise RegistryError("\n".join(["files that entries name:", *problems]))
    active = sum(method.is_active for method in registry.methods.values())
    print(
        f"methods.yaml: {len(registry.methods)} methods, {active} active\n"
        f"datasets.yaml: {len(registry.datasets)} datasets\n"
        f"config/config.yaml: {len(registry.suites)} suites; "
        f"selected: {', '.join(suite.name for suite in registry.selected)}"
    )
    return 0


def _file_problems(registry: Registry) -> Iterator[str]:
    """Yield a line for each file that an entry names and that its clone has not got."""
    from fusebench.contracts.files import read_stored
    from fusebench.contracts.markers import SourceMarker
    from fusebench.errors import UnreadableFile
    from fusebench.layout import SOURCES
    from fusebench.registry.methods import is_local
    from fusebench.sources import source_key
    from fusebench.sources.named_files import missing_files

    for method in registry.methods.values():
        if not method.is_active or is_local(method.code):
            continue
        key = source_key(method.code, method.commit, registry.root)
        folder = registry.root / SOURCES / key
        try:
            absent = read_stored(registry.root / SOURCES / f"{key}.json", SourceMarker).absent
        except (FileNotFoundError, UnreadableFile):
            continue
        if folder.is_dir():
            run = method.run_for("", method.tasks[0])
            for field, told in missing_files(folder, run, method.weights, absent):
                yield f"methods.yaml ({method.name}.{field}): {told}"

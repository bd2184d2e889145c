"""``fusebench card``: a card and badges for methods of the selected suites."""

from __future__ import annotations

import argparse
from pathlib import Path

from fusebench.errors import RegistryError
from fusebench.texts import first_of

SHOWN = 8
FOLDER = "results/cards"

EXAMPLES = """examples:
  fusebench card                          all methods of the suite of config/config.yaml
  fusebench card almfnet --output cards   one method, into a folder of yours
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench card``."""
    parser.epilog = EXAMPLES
    parser.add_argument("method", nargs="*", help="default: all of the suite")
    parser.add_argument("--suite", help="default: the suite of config/config.yaml")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help=f"default: {FOLDER}")
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Write the cards and print where they are."""
    from fusebench.planning.grouping import Grouping
    from fusebench.planning.selection import read_selection
    from fusebench.report.cards import write_card
    from fusebench.report.page import page_contents

    told = {"suite": options.suite} if options.suite else {}
    selection = read_selection(options.project, told, "cpu")
    if missing := [p for p in selection.datasets if not _is_measured(options.project, p)]:
        raise RegistryError(f"these datasets have no results yet: {first_of(missing, SHOWN)}")
    data, _, _ = page_contents(Grouping(selection, on_cluster=False))
    known = [method["name"] for method in data["methods"]]
    if unknown := [name for name in options.method if name not in known]:
        raise RegistryError(
            f"must be methods with results of the suite: {first_of(known, SHOWN)};"
            f" found {first_of(unknown, SHOWN)}"
        )
    for name in options.method or known:
        folder = (options.output or options.project / FOLDER) / name
        badges = write_card(folder, data, name)
        print(f"{folder}/card.md, card.html; badges: {', '.join(badges) or 'none'}")
    return 0


def _is_measured(project: Path, dataset: str) -> bool:
    from fusebench.layout import dataset_marker

    return (project / dataset_marker(dataset)).is_file()

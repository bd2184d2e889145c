"""``fusebench claims``: import a published table of numbers as a file of claims."""

from __future__ import annotations

import argparse
from pathlib import Path

from fusebench.evidence.importing import TABLES, import_table

EXAMPLES = """examples:
  fusebench claims cddfuse --name CDDFuse U2Fusion    two rows of the table of CDDFuse's paper
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench claims``."""
    parser.epilog = EXAMPLES
    parser.add_argument("table", choices=sorted(TABLES), help="the published table")
    parser.add_argument(
        "--name",
        nargs="*",
        action="extend",
        default=[],
        help="methods, as the table names them (all)",
    )
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )
    parser.add_argument(
        "--mirror", default="", help="a path with {owner} and {name} that replaces the network"
    )


def run(options: argparse.Namespace) -> int:
    """Write ``claims/<table>.csv`` and say what it holds."""
    target = options.project / "claims" / f"{options.table}.csv"
    count = import_table(options.table, set(options.name), target, options.project, options.mirror)
    print(
        f"{target}: {count} numbers of {TABLES[options.table].title}; name it in `claims` of an"
        " entry"
    )
    return 0

"""``fusebench verified METHOD...``: write into methods.yaml what the runs of these methods really produced."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench verified``."""
    parser.add_argument("method", nargs="+", help="methods whose records lie below results/runs")
    parser.add_argument(
        "--dataset",
        action="append",
        default=[],
        help="take this dataset (again for more); default all that ended well",
    )
    parser.add_argument("--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder")


def run(options: argparse.Namespace) -> int:
    """Write and print the field ``verified`` of each method; a method whose runs do not bear it out changes nothing."""
    from fusebench.registry import METHODS
    from fusebench.registry.verification import verification
    from fusebench.registry.writing import change_registry, flow_mapping, set_field

    facts = {name: verification(options.project, name, options.dataset) for name in options.method}

    def write(entries: Any) -> None:
        for name, fact in facts.items():
            values = {**fact, "others": flow_mapping(fact["others"])} if "others" in fact else fact
            set_field(entries[name], "verified", flow_mapping(values), before="run")

    change_registry(options.project / METHODS, write)
    for name, fact in facts.items():
        print(
            f"{name}: {', '.join([fact['dataset'], *fact.get('others', {})])} on {fact['device']}, {fact['date']}"
        )
    return 0

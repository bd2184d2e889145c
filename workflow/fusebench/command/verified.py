"""``fusebench verified METHOD...``: write into methods.yaml what the methods really did."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

EXAMPLES = """examples:
  fusebench verified almfnet                    all datasets on which it ended well
  fusebench verified almfnet --device cpu       of the runs on the CPU
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench verified``."""
    parser.epilog = EXAMPLES
    parser.add_argument("method", nargs="+", help="methods whose records lie below results/runs")
    parser.add_argument(
        "--dataset",
        action="append",
        default=[],
        help="take this dataset (repeat the option for more); default all that ended well",
    )
    parser.add_argument(
        "--device", metavar="NAME", help="cpu, or the name of a GPU, where there are runs on both"
    )
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Write and print what each method really did.

    That is the field ``verified``, or ``tried`` where only its weights are missing. Where the runs
    of one of the methods confirm neither, nothing is written.
    """
    from msgspec import to_builtins

    from fusebench.command.verification import trial, verification
    from fusebench.registry.methods_file import METHODS
    from fusebench.registry.writing import change_registry, flow_mapping, set_field

    trials = {name: found for name in options.method if (found := trial(options.project, name))}
    left = [name for name in options.method if name not in trials]
    facts = {
        name: verification(options.project, name, options.dataset, options.device) for name in left
    }

    def write(entries: Any) -> None:
        for name, found in trials.items():
            set_field(entries[name], "tried", flow_mapping(to_builtins(found)), before="run")
        for name, fact in facts.items():
            values = to_builtins(fact)
            for field in ("others", "inputs"):
                if field in values:
                    values[field] = flow_mapping(values[field])
            set_field(entries[name], "verified", flow_mapping(values), before="run")

    change_registry(options.project / METHODS, write)
    for name, found in trials.items():
        print(f"{name}: asked for its weights on {found.device}, {found.date}")
    for name, fact in facts.items():
        datasets = ", ".join([fact.dataset, *(fact.others or {})])
        print(f"{name}: {datasets} on {fact.device}, {fact.date}")
    return 0

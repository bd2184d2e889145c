"""The ``fusebench`` command: one module for each subcommand.

Only the module of the subcommand that was called is imported.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from fusebench.errors import FusebenchError

SUBCOMMANDS = {
    "card": "write a card and badges for methods: what ran, how it compares, how to repeat it",
    "check": "validate methods.yaml, datasets.yaml and config/config.yaml",
    "cite": "print the BibTeX of all methods, datasets and metrics of a suite",
    "claims": "import a published table of numbers, to be compared with what is measured here",
    "diff": "print what changed between two results, and why",
    "fetch": "bring everything that needs a network into resources/",
    "list": "print the registry: methods, datasets and their duplicates, metrics, envs",
    "lock": "pin every package of an environment with its hashes",
    "measure": "measure fused images against their sources: three files, or folders",
    "pin": "write down the hashes of a first download: weights of a method, images of a dataset",
    "verified": "write into methods.yaml what the runs of a method really produced",
    "verify": "compare a built environment with its lock, or all that is at hand (--all)",
    "weights": "print which weights are missing, and place those that a person downloaded",
}
"""Name of each subcommand and its one-line help.

The module of the same name has ``add_arguments`` and ``run``.
"""


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand and return its exit status.

    An error of fusebench is printed as one message, and the status is 1.
    """
    arguments = sys.argv[1:] if argv is None else argv
    parser = _parser(arguments)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except FusebenchError as error:
        print(f"fusebench {options.subcommand}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    """Build the parser; only the module of the subcommand that was called is imported."""
    parser = argparse.ArgumentParser(
        prog="fusebench", description="Rerun published fusion methods and compare them."
    )
    subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
    for name, summary in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        if name in arguments[:1]:
            module = importlib.import_module(f"fusebench.command.{name}")
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    return parser

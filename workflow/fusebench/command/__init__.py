"""The ``fusebench`` command: one module for each subcommand.

Only the module of the subcommand that was called is imported.
"""

from __future__ import annotations

import argparse
import importlib
import keyword
import sys

from fusebench.errors import FusebenchError

SUBCOMMANDS = {
    "card": "write a card and badges for methods: what ran, how it compares, how to repeat it",
    "check": "validate methods.yaml, datasets.yaml and config/config.yaml",
    "cite": "print the BibTeX of all methods, datasets and metrics of a suite",
    "claims": "import a published table of numbers, to be compared with what is measured here",
    "clean": "free what nothing refers to: clones, environments, previews, what killed runs left",
    "completion": "print what a shell needs to complete words behind fusebench",
    "diff": "print what changed between two results, and why",
    "doctor": "say what this machine offers, what a suite needs and lacks, and the next command",
    "fetch": "bring everything that needs a network into resources/",
    "import-list": "draft an entry for each repository of a list of papers that has none",
    "list": "print the registry: methods, datasets and their duplicates, metrics, envs, compat",
    "lock": "pin every package of an environment with its hashes",
    "measure": "measure fused images against their sources: three files, or folders",
    "new": "draft the entry of a repository by reading it; nothing of it is run",
    "pin": "write down the hashes of a first download: weights of a method, images of a dataset",
    "try": "run a method on two pairs and its self-check, and say what to change where it fails",
    "verified": "write into methods.yaml what the runs of a method really produced",
    "verify": "compare a built environment with its lock, or all that is at hand (--all)",
    "weights": "print which weights are missing, and place those that a person downloaded",
}
"""Name of each subcommand and its one-line help.

The module of the same name has ``add_arguments`` and ``run``.
"""

EXIT_STATUS = (
    "exit status of every command: 0 it did what was asked; 1 it could not, or found something"
    " wrong, and says what (on stderr: `fusebench COMMAND: ...`); 2 the call means nothing"
)


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
        prog="fusebench",
        description="Rerun published fusion methods and compare them.",
        epilog=EXIT_STATUS,
    )
    subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
    for name, summary in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(
            name,
            help=summary,
            description=summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in arguments[:1]:
            module = importlib.import_module(f"fusebench.command.{_module_of(name)}")
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    return parser


def _module_of(subcommand: str) -> str:
    """Return the module of a subcommand: ``try`` is a word of Python, and no name has a dash.

    >>> _module_of("try"), _module_of("import-list")
    ('try_', 'import_list')
    """
    name = subcommand.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name

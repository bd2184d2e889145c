"""``fusebench doctor``: what this machine offers, what a suite needs, and the next command."""

from __future__ import annotations

import argparse
from pathlib import Path

from fusebench.command.options import add_overrides, overrides_of

EXAMPLES = """examples:
  fusebench doctor                  this machine, and the suite of config/config.yaml
  fusebench doctor published        another suite

exit status: 0 nothing lacks but what can be fetched or built; 1 something does; 2 a wrong call
"""
MARKS = {"ok": "ok   ", "note": "note ", "lacks": "LACKS"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench doctor``."""
    parser.epilog = EXAMPLES
    parser.add_argument("suite", nargs="?", help="one suite, or several joined by commas")
    add_overrides(parser)


def run(options: argparse.Namespace) -> int:
    """Print a line for each thing that was looked at, and the command to type next.

    Raises:
        RegistryError: the registry is wrong.
    """
    from fusebench.machine.needs import needs
    from fusebench.machine.offers import offers
    from fusebench.registry.loading import load_registry

    chosen = {"suite": options.suite} if options.suite else {}
    registry = load_registry(Path(options.project), {**overrides_of(options), **chosen} or None)
    lacking = False
    for finding in (*offers(registry.root), *needs(registry)):
        after = f"  ->  {finding.command}" if finding.command else ""
        print(f"{MARKS[finding.state]}  {finding.what:20}  {finding.found}{after}", flush=True)
        lacking = lacking or finding.state == "lacks"
    return 1 if lacking else 0

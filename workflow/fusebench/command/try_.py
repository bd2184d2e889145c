"""``fusebench try``: run a method on two pairs and its self-check, and say what to change."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from fusebench.command.options import add_overrides, overrides_of

EXAMPLES = """examples:
  fusebench try almfnet                         the two smallest pairs of a dataset of its task
  fusebench try almfnet mri-ct21 --pairs 1      another dataset, one pair
  fusebench try mine --config device=cpu        with an option of config/config.yaml

exit status: 0 the method has results and its self-check does not differ; 1 not so; 2 a wrong call
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench try``."""
    parser.epilog = EXAMPLES
    parser.add_argument("method", help="an entry of methods.yaml; it needs no suite")
    parser.add_argument(
        "dataset", nargs="?", help="default: one of the method's task that is there, or generated"
    )
    parser.add_argument("--pairs", type=_count, default=2, help="how many pairs (default: 2)")
    add_overrides(parser)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a number, 1 or more; found {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Try the method; the last line is the verdict.

    Raises:
        RegistryError: the registry is wrong, or has no such method or dataset.
    """
    from fusebench.authoring.trial import Trial, chosen_dataset
    from fusebench.errors import RegistryError
    from fusebench.registry.loading import load_registry
    from fusebench.registry.methods import why_skipped

    os.chdir(options.project)
    registry = load_registry(Path(), overrides_of(options) or None)
    method = registry.methods[options.method]
    if not method.is_active:
        raise RegistryError(f"{method.name} cannot be run: {why_skipped(method)}")
    dataset = chosen_dataset(registry, method, options.dataset)
    verdict = Trial(registry, method, dataset, options.pairs, _say).run()
    _say(verdict.line)
    return 0 if verdict.passed else 1


def _say(line: Any) -> None:
    print(line, flush=True)

"""Runs the step that the command line names; only the module of that step is loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from fusebench.contracts.files import from_parameter
from fusebench.errors import FusebenchError, WrongCall
from fusebench.folders import disk_trouble
from fusebench.outputs import write_down

STEPS = {
    "source": "resources",
    "weights": "resources",
    "environment": "resources",
    "dataset": "datasets",
    "train": "training",
    "fuse": "fusing",
    "record": "fusing",
    "measure": "comparing",
    "tables": "comparing",
    "speed": "comparing",
    "statistics": "papers",
    "paper-table": "papers",
    "figure": "papers",
    "page": "reporting",
    "package": "reporting",
    "archive": "reporting",
    "committed-images": "evidence",
    "selfcheck": "evidence",
    "spread": "evidence",
    "claims": "evidence",
    "spread-table": "evidence",
    "selfcheck-table": "evidence",
    "claims-table": "evidence",
    "evidence-pages": "evidence",
}
"""Name of a step -> the module of this package that holds its function.

The function has the name of the step, with ``_`` for ``-``.
"""


def main(words: list[str]) -> int:
    """Run a step; an error of fusebench ends as a message and exit status 1.

    ``--written`` and ``--made-from`` name the outputs and inputs of a job that writes results: they
    are options of every step.
    """
    try:
        step = step_function(words[0] if words else "")
        options = _words_by_option(words[1:])
        written, made_from = options.pop("written", []), options.pop("made_from", [])
        step(**read_options(step, options))
        if written:
            write_down(written, made_from)
    except FusebenchError as error:
        print(f"fusebench: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if not (trouble := disk_trouble(error)):
            raise
        print(f"fusebench: {trouble}", file=sys.stderr)
        return 1
    return 0


def step_function(name: str) -> Callable[..., None]:
    """Return the function of a step.

    Raises:
        WrongCall: there is no such step.
    """
    if name not in STEPS:
        raise WrongCall(f"the step must be one of {', '.join(STEPS)}; found {name!r}")
    module = import_module(f"fusebench.steps.{STEPS[name]}")
    function: Callable[..., None] = getattr(module, name.replace("-", "_"))
    return function


def read_options(step: Callable[..., None], given: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the parameters of a step from the words after each option of its command.

    Raises:
        WrongCall: an option is missing, or there is none of that name.
        UnreadableFile: a parameter is not what its contract says.
    """
    hints = get_type_hints(step)
    del hints["return"]
    needed = signature(step).parameters.values()
    missing = {one.name for one in needed if one.default is one.empty} - given.keys()
    if missing or not given.keys() <= hints.keys():
        expected = ", ".join(f"--{name.replace('_', '-')}" for name in hints)
        raise WrongCall(f"{step.__name__} must be called with {expected}; found {dict(given)}")
    return {name: _value(hints[name], told) for name, told in given.items()}


def _words_by_option(words: list[str]) -> dict[str, list[str]]:
    """Return the words after each option.

    Words before the first option are returned as an option without a name.
    """
    # Not by argparse, which takes a sixth of the start of each job. The commands stand in the
    # rules, and nobody types them.
    options: dict[str, list[str]] = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            name = word[2:].replace("-", "_")
            options[name] = []
        else:
            options.setdefault(name, []).append(word)
    return options


def _value(kind: Any, words: list[str]) -> Any:
    """Read the words of an option into a parameter of some type."""
    if get_origin(kind) is list:
        return [get_args(kind)[0](word) for word in words]
    if get_origin(kind) is UnionType:  # an option that may be left out
        kind = get_args(kind)[0]
    text = " ".join(words)
    return kind(text) if kind in (int, str, Path) else from_parameter(text, kind)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

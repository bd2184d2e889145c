"""Runs the step that the command line names; the module that holds it is the only one that is loaded."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from fusebench.contracts.base import Contract
from fusebench.contracts.files import from_parameter
from fusebench.errors import FusebenchError

STEPS = {
    "source": "resources",
    "weights": "resources",
    "environment": "resources",
    "dataset": "resources",
    "fuse": "fusing",
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
"""Name of a step -> the module of this package that holds its function, which is called as the step is, with ``_`` for ``-``."""


def main(arguments: list[str]) -> int:
    """Run a step; what it cannot do ends as a message and exit status 1."""
    parser = argparse.ArgumentParser(
        prog="fusebench.steps", description=sys.modules["fusebench.steps"].__doc__
    )
    parser.add_argument("step", choices=STEPS)
    name = parser.parse_args(arguments[:1]).step
    step = step_function(name)
    try:
        step(**vars(option_parser(name, step).parse_args(arguments[1:])))
    except FusebenchError as error:
        print(f"fusebench: {error}", file=sys.stderr)
        return 1
    return 0


def step_function(name: str) -> Callable[..., None]:
    """Return the function of a step."""
    module = import_module(f"fusebench.steps.{STEPS[name]}")
    function: Callable[..., None] = getattr(module, name.replace("-", "_"))
    return function


def option_parser(name: str, step: Callable[..., None]) -> argparse.ArgumentParser:
    """Return the parser of a step's command, made from the parameters of its function."""
    parser = argparse.ArgumentParser(prog=f"fusebench.steps {name}", description=step.__doc__)
    hints = get_type_hints(step)
    for parameter in inspect.signature(step).parameters.values():
        required = parameter.default is inspect.Parameter.empty
        default = {} if required else {"default": parameter.default}
        parser.add_argument(
            f"--{parameter.name.replace('_', '-')}",
            required=required,
            **default,
            **_reading(hints[parameter.name]),
        )
    return parser


def _reading(kind: Any) -> dict[str, Any]:
    """Return how the words of an option are read into a parameter of some type."""
    if get_origin(kind) is list:
        return {"type": get_args(kind)[0], "nargs": "*"}
    if get_origin(kind) is UnionType:  # an option that may be left out
        return _reading(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Contract):
        return {"type": lambda text: from_parameter(text, kind)}
    return {"type": kind if kind in (int, str, Path) else lambda text: from_parameter(text, kind)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

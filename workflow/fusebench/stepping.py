"""How a rule calls a step: ``python -m MODULE STEP --spec JSON --FILE PATH ...``, shared by all modules of steps."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from fusebench.errors import FusebenchError

SPEC = "spec"
"""The option that holds JSON; every other one of a step names a file."""


def add_step(
    steps: Any,
    name: str,
    step: Callable[[argparse.Namespace], None],
    *files: str,
    lists: Iterable[str] = (),
) -> argparse.ArgumentParser:
    """Add a step with options that name a file each, and options that name any number of them."""
    parser: argparse.ArgumentParser = steps.add_parser(name, help=step.__doc__)
    parser.set_defaults(step=step)
    for file in files:
        parser.add_argument(f"--{file}", type=json.loads if file == SPEC else Path, required=True)
    for many in lists:
        parser.add_argument(f"--{many}", type=Path, nargs="*", default=[])
    return parser


def run_step(parser: argparse.ArgumentParser) -> int:
    """Run the step of the command line; what it cannot do ends as a message and exit status 1."""
    options = parser.parse_args()
    try:
        options.step(options)
    except FusebenchError as error:
        print(f"fusebench: {error}", file=sys.stderr)
        return 1
    return 0

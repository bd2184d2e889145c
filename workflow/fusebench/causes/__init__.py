"""Known causes of failed runs, and the shims of the harness: read from their data files.

``causes.yaml`` has what scripts print, ``workflow/harness/compat/shims.json`` what shims do. Both
are documentation too: ``docs/causes.md``, the table of shims in README.md, the JSON schema of
``compat`` and ``fusebench list compat`` are made from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from fusebench.contracts.causes import Cause, shims

FILE = Path(__file__).with_name("causes.yaml")

TRACEBACK = "Traceback (most recent call last)"
LINES_WITHOUT_TRACEBACK = 30
"""A script that prints no traceback tells what went wrong in its last lines."""


@dataclass(frozen=True)
class Found:
    """A known cause in what a script printed.

    Attributes:
        cause: why it failed.
        field: of the entry, to change.
        remedy: what to write there.
    """

    cause: str
    field: str
    remedy: str

    def __str__(self) -> str:
        """Return field, remedy and cause as one sentence."""
        return f"`{self.field}`: {self.remedy} ({self.cause})"


@cache
def causes() -> tuple[Cause, ...]:
    """Return all known causes, special ones before general ones."""
    import yaml

    return tuple(
        msgspec.convert(yaml.safe_load(FILE.read_text(encoding="utf-8")), list[Cause]),
    )


def cause_of(printed: str) -> Found | None:
    """Return the known cause of a failure; None where there is none.

    Args:
        printed: all that the script printed. Its last traceback is searched, without a traceback
            its last lines: earlier ones are of what it has survived.
    """
    last = _last_words(printed)
    for known in causes():
        if match := re.search(known.printed, last):
            groups = {name: value or "" for name, value in match.groupdict().items()}
            return Found(
                known.cause.format_map(groups), known.field, known.remedy.format_map(groups)
            )
    return None


def _last_words(printed: str) -> str:
    _, found, after = printed.rpartition(TRACEBACK)
    return after if found else "\n".join(printed.splitlines()[-LINES_WITHOUT_TRACEBACK:])


def shim_problem(written: str) -> str:
    """Return what is wrong with a name in ``compat``; empty where nothing is.

    >>> shim_problem("missing-modules")
    'needs an argument, as in missing-modules:thop,seaborn'
    """
    name, colon, argument = written.partition(":")
    shim = shims().get(name)
    if shim is None:
        return "unknown"
    if shim.argument and not argument:
        return f"needs an argument, as in {shim.usage(name)}"
    if name == "module-alias" and not all(argument.partition("=")):
        return f"needs two names, as in {shim.usage(name)}"
    return f"takes no argument: write {name}" if colon and not shim.argument else ""

"""``causes/causes.yaml``: what scripts print where they fail, why, and what to change.

``causes`` reads it; ``fuse`` puts the remedy into the record of a run without a result. The shims
of the harness, which many remedies name, are described in ``workflow/harness/compat/shims.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import UNSET

from fusebench.contracts.base import Contract, Maybe, says, text

SHIMS = Path(__file__).resolve().parents[2] / "harness" / "compat" / "shims.json"


class Cause(Contract, kw_only=True):
    """A known cause of a failed run."""

    printed: Annotated[str, says("a regular expression that is searched in what was printed")]
    example: Annotated[str, text("a line that a script really printed")]
    cause: Annotated[str, text("why a script prints it")]
    field: Annotated[str, text("the field of the entry to change")]
    remedy: Annotated[str, text("what to write there; {group} stands for a group of `printed`")]


class Shim(Contract, kw_only=True):
    """A shim of the harness, as ``workflow/harness/compat/shims.json`` describes it."""

    does: Annotated[str, text("what it does")]
    when: Annotated[str, text("what a script prints that needs it, or when to use it")]
    argument: Maybe[Annotated[str, text("an example of what follows its name and a colon")]] = UNSET

    def usage(self, name: str) -> str:
        """Return how it is written in ``compat``, by its name."""
        return f"{name}:{self.argument}" if self.argument else name


@cache
def shims() -> Mapping[str, Shim]:
    """Return the shims of the harness by name."""
    return msgspec.json.decode(SHIMS.read_bytes(), type=dict[str, Shim])


def shims_in_words() -> str:
    """Return all shims with what each does, as the description of a field has it."""
    return "; ".join(f"{shim.usage(name)} ({shim.does})" for name, shim in shims().items())

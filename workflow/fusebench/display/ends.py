"""How a step ended, read from the files that it wrote.

A job of fusebench succeeds also where its step failed; its marker or its records say why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from fusebench.contracts.markers import FusedCell
from fusebench.layout import record_path
from fusebench.states import OK
from fusebench.texts import plain_line

REASON = 240
"""Characters of a reason that are shown at once; the end of the run shows all of them."""


class Ended(msgspec.Struct):
    """What all markers and records say, and what a fusing job says of its cells."""

    state: str = OK
    reason: str = ""
    cells: dict[str, FusedCell] = {}


def failures(root: Path, outputs: Iterable[str]) -> Iterator[str]:
    """Yield a line for each thing of a step that is not ``ok``: its name, state and reason.

    A file that is missing or damaged tells nothing here; the step that reads it reports it.

    Args:
        root: the project's folder.
        outputs: the files that the step wrote.
    """
    for output in outputs:
        if not output.endswith(".json"):
            continue
        ended = _read(root / output)
        name = Path(output)
        if ended.state != OK:
            yield _line(f"{name.parent.name} {name.stem}", ended)
        for cell, fused in ended.cells.items():
            if fused.state != OK:
                record = _read(root / record_path(name.parent.name, cell))
                yield _line(f"{name.parent.name} on {cell}", record)


def _read(path: Path) -> Ended:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ended)
    except (OSError, msgspec.DecodeError):
        return Ended()


def _line(name: str, ended: Ended) -> str:
    return ": ".join(filter(None, [name, ended.state, plain_line(ended.reason, REASON)]))

"""What is printed at the end of a run: the table in plain text, and what failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fusebench.compare.contents import BEST, SECOND, Cell, Row, Table, TableSpec, table_of
from fusebench.compare.wording import COSTS, costs, incomplete
from fusebench.markers import OK

if TYPE_CHECKING:
    import pandas as pd

ARROWS = {"higher": "↑", "lower": "↓", "none": ""}
MARKS = {BEST: "*", SECOND: "+"}


def terminal_table(spec: TableSpec, records: Iterable[Mapping[str, Any]], measures: pd.DataFrame) -> str:
    """The table in plain text: ``*`` is best, ``+`` second; a run without numbers shows its state.

    Args and errors: as for ``contents.table_of``.
    """
    table = table_of(spec, records, measures)
    heads = ["method", *(f"{d.id}{ARROWS[d.direction]}" for d in table.definitions), *COSTS]
    grid = [heads, *([row.label, *_numbers(row, table), *costs(row)] for row in table.rows)]
    widths = [max(len(line[column]) for line in grid) for column in range(len(heads))]
    lines = [_line(line, widths) for line in grid]
    title = f"{spec.title}, mean over {table.pairs} pairs (* best, + second)"
    return "\n".join([title, lines[0], "-" * len(lines[0]), *lines[1:], *_troubles(table)])


def failures(records: Iterable[Mapping[str, Any]]) -> str:
    """One paragraph for each run without result: method, dataset, state, reason and log; ``""`` where all went well."""
    return "\n".join(_failure(record) for record in records if record["state"] != OK)


def _failure(record: Mapping[str, Any]) -> str:
    lines = [f"{record['method']} on {record['dataset']}: {record['state']}"]
    if record.get("reason"):
        lines.append(f"    {' '.join(str(record['reason']).split())}")
    if record.get("log"):
        lines.append(f"    log: {record['log']}")
    return "\n".join(lines)


def _numbers(row: Row, table: Table) -> list[str]:
    if row.state != OK:
        return [row.state, *["-"] * (len(row.cells) - 1)][: len(row.cells)]
    return [_number(cell, table) for cell in row.cells]


def _number(cell: Cell, table: Table) -> str:
    if cell.mean is None:
        return "no value "
    return cell.printed + incomplete(cell, table) + MARKS.get(cell.rank or 0, " ")


def _line(texts: list[str], widths: list[int]) -> str:
    first, *rest = zip(texts, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]).rstrip()


def _troubles(table: Table) -> list[str]:
    """Values that are missing although the run ended well."""
    return [f"{row.label}: {row.reason}" for row in table.rows if row.state == OK and row.reason]

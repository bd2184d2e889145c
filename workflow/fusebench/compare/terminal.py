"""What is printed at the end of a run: the table in plain text, and what failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fusebench.compare.contents import BEST, SECOND, Cell, Row, Table, table_of
from fusebench.compare.wording import TIMES, cost_heads, costs, incomplete, times_by_device
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec

if TYPE_CHECKING:
    import pandas as pd

ARROWS = {"higher": "↑", "lower": "↓", "none": ""}
MARKS = {BEST: "*", SECOND: "+"}


def terminal_table(spec: TableSpec, records: Iterable[Record], measures: pd.DataFrame) -> str:
    """The table in plain text: ``*`` is best, ``+`` second; a run without numbers shows its state.

    Args and errors: as for ``contents.table_of``.
    """
    table = table_of(spec, records, measures)
    heads = [
        "method",
        *(f"{d.id}{ARROWS[d.direction]}" for d in table.definitions),
        *cost_heads(table),
    ]
    rows = [[row.label, *_numbers(row, table), *costs(row, table)] for row in table.rows]
    times = [
        line
        for device, own in times_by_device(table).items()
        for line in ("", f"seconds per image on {device}", *grid(["method", *TIMES], own))
    ]
    title = f"{spec.title}, mean over {table.pairs} pairs (* best, + second)"
    return "\n".join([title, *grid(heads, rows), *_troubles(table), *times])


def failures(records: Iterable[Record]) -> str:
    """One paragraph for each run without result: method, dataset, state, reason and log.

    ``""`` if there is no such run.
    """
    return "\n".join(_failure(record) for record in records if not record.has_results)


def suspicions(records: Iterable[Record]) -> str:
    """One paragraph for each run whose results cannot be right, in the same form.

    ``""`` if there is no such run.
    """
    found = (record for record in records if record.has_results and not record.is_ok)
    return "\n".join(map(_failure, found))


def _failure(record: Record) -> str:
    lines = [f"{record.method} on {record.dataset}: {record.state}"]
    if record.reason:
        lines.append(f"    {' '.join(record.reason.split())}")
    if record.remedy:
        lines.append(f"    remedy: {record.remedy}")
    if record.log:
        lines.append(f"    log: {record.log}")
    return "\n".join(lines)


def _numbers(row: Row, table: Table) -> list[str]:
    if not row.has_results:
        return [row.state, *["-"] * (len(row.cells) - 1)][: len(row.cells)]
    return [_number(cell, table) for cell in row.cells]


def _number(cell: Cell, table: Table) -> str:
    if cell.mean is None:
        return "no value "
    return cell.printed + incomplete(cell, table) + MARKS.get(cell.rank or 0, " ")


def grid(heads: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a table in plain text: its heads, a rule, its rows."""
    widths = [max(len(line[column]) for line in (heads, *rows)) for column in range(len(heads))]
    first, *rest = (_line(line, widths) for line in (heads, *rows))
    return [first, "-" * len(first), *rest]


def _line(texts: list[str], widths: list[int]) -> str:
    first, *rest = zip(texts, widths, strict=True)
    return "  ".join(
        [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]
    ).rstrip()


def _troubles(table: Table) -> list[str]:
    """List values that are missing although the run ended well."""
    return [f"{row.label}: {row.reason}" for row in table.rows if row.has_results and row.reason]

"""What is printed at the end of a run: the table in plain text, and what failed."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fusebench.compare.contents import BEST, SECOND, Cell, Row, Table, table_of
from fusebench.compare.wording import TIMES, cost_heads, costs, incomplete, times_by_device
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec

if TYPE_CHECKING:
    import pandas as pd

ARROWS = {"higher": "↑", "lower": "↓", "none": ""}
MARKS = {BEST: "*", SECOND: "+"}


def terminal_width() -> int | None:
    """Return how many characters fit into a line of the terminal; None where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def terminal_table(
    spec: TableSpec,
    records: Iterable[Record],
    measures: pd.DataFrame,
    width: int | None = None,
) -> str:
    """The table in plain text: ``*`` is best, ``+`` second; a run without numbers shows its state.

    Args:
        spec: as for ``contents.table_of``, which says what is raised.
        records: same.
        measures: same.
        width: characters of a line. Columns that are too many go into parts below each other, and
            a line says so. None: a line for each row.
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
        for line in ("", f"seconds per image on {device}", *grid(["method", *TIMES], own, width))
    ]
    title = f"{spec.title}, mean over {table.pairs} pairs (* best, + second)"
    troubles = [line for text in _troubles(table) for line in _filled(text, width)]
    return "\n".join([title, *grid(heads, rows, width), *troubles, *times])


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


def grid(heads: list[str], rows: list[list[str]], width: int | None = None) -> list[str]:
    """Return the lines of a table in plain text: its heads, a rule, its rows.

    Args:
        heads: of the columns.
        rows: the texts below them.
        width: characters of a line. A wider table is printed in parts that each begin with the
            first column, and the last line says so; only a first column that is too wide by itself
            leaves lines longer.
    """
    widths = [max(len(line[column]) for line in (heads, *rows)) for column in range(len(heads))]
    parts = list(_parts(widths, width))
    lines: list[str] = []
    for part in parts:
        first, *rest = (
            _line([line[i] for i in part], [widths[i] for i in part]) for line in (heads, *rows)
        )
        lines += [*([""] if lines else []), first, "-" * len(first), *rest]
    if len(parts) > 1:
        lines.append(f"({len(heads)} columns in {len(parts)} parts, to fit {width} characters)")
    return lines


def _parts(widths: list[int], width: int | None) -> Iterator[list[int]]:
    """Yield the columns of each part: the first one, and as many others as fit, at least one."""
    part, used = [0], widths[0]
    for column, needed in enumerate(widths[1:], start=1):
        if width is not None and len(part) > 1 and used + 2 + needed > width:
            yield part
            part, used = [0], widths[0]
        part.append(column)
        used += 2 + needed
    yield part


def _filled(text: str, width: int | None) -> list[str]:
    """Break a text into lines; those after the first are indented."""
    return textwrap.wrap(text, width, subsequent_indent="    ") if width else [text]


def _line(texts: list[str], widths: list[int]) -> str:
    first, *rest = zip(texts, widths, strict=True)
    return "  ".join(
        [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]
    ).rstrip()


def _troubles(table: Table) -> list[str]:
    """List values that are missing although the run ended well."""
    told: dict[str, list[str]] = {}
    for row in table.rows:
        if row.has_results and row.reason:
            told.setdefault(row.reason, []).append(row.label)
    return [f"{', '.join(labels)}: {reason}" for reason, labels in told.items()]

"""A table in Markdown, as GitHub renders it."""

from __future__ import annotations

import re

from fusebench.compare.contents import BEST, SECOND, Cell, Row, Table
from fusebench.compare.wording import (
    NOTHING,
    TIMES,
    caption,
    cost_heads,
    costs,
    definition_shown,
    incomplete,
    letters,
    name_shown,
    notes,
    times_by_device,
)
from fusebench.metrics import Definition

ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}


def markdown(table: Table) -> str:
    """The table with its caption above and its footnotes below."""
    footnotes = notes(table)
    marks = {method: f"<sup>{letter}</sup>" for method, letter in letters(footnotes).items()}
    below = {
        marks[method]: f"{marks[method]} {escaped(note)}\n" for method, note in footnotes.items()
    }
    heads = ["method", *(_head(definition) for definition in table.definitions), *cost_heads(table)]
    rows = [_row(row, table, marks.get(row.method, "")) for row in table.rows]
    lines = [
        escaped(caption(table)),
        "",
        *_grid(heads, rows),
        *below.values(),
    ]
    for device, own in times_by_device(table).items():
        times = [[escaped(label), *numbers] for label, *numbers in own]
        lines += [f"Seconds per image on {escaped(device)}:", "", *_grid(["method", *TIMES], times)]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, also inside a table."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", text)


def _head(definition: Definition) -> str:
    which = definition_shown(definition)
    return (
        escaped(name_shown(definition) + (f" ({which})" if which else ""))
        + ARROWS[definition.direction]
    )


def _row(row: Row, table: Table, footnote: str) -> list[str]:
    if not row.has_results:
        numbers = [escaped(row.state) + footnote, *[NOTHING] * (len(row.cells) - 1)][
            : len(row.cells)
        ]
        return [escaped(row.label), *numbers, *costs(row, table)]
    return [
        escaped(row.label) + (footnote if row.caveat else ""),
        *(_cell(cell, table, footnote) for cell in row.cells),
        *costs(row, table),
    ]


def _cell(cell: Cell, table: Table, footnote: str) -> str:
    if cell.mean is None:
        return f"no value{footnote}"
    wrapped = {BEST: f"**{cell.printed}**", SECOND: f"<u>{cell.printed}</u>"}.get(
        cell.rank or 0, cell.printed
    )
    return wrapped + incomplete(cell, table) + (footnote if cell.problem else "")


def _grid(heads: list[str], rows: list[list[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return [*(_line(line) for line in (heads, rule, *rows)), ""]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"

"""A paper's table in Markdown, as GitHub renders it."""

from __future__ import annotations

from fusebench.compare.contents import BEST, SECOND, THIRD
from fusebench.compare.markdown import ARROWS, escaped
from fusebench.compare.paper import Block, Column, Entry, PaperTable, caption

WRAPPED = {BEST: "**{}**", SECOND: "<u>{}</u>", THIRD: "*{}*"}


def markdown(table: PaperTable) -> str:
    """Return the table with its caption above and its footnotes below.

    Headings of groups are rows of their own.
    """
    heads = ["method", *(_head(column, table) for column in table.columns)]
    lines = [
        escaped(caption(table)),
        "",
        _line(heads),
        _line(["---", *["---:"] * len(table.columns)]),
        *(line for block in table.blocks for line in _block(block, len(table.columns))),
        "",
        *(f"<sup>{letter}</sup> {escaped(note)}\n" for letter, note in table.notes.items()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _head(column: Column, table: PaperTable) -> str:
    titles = {part.spec.dataset: part.spec.title for part in table.parts}
    above = f"{escaped(titles[column.dataset])}<br>" if column.dataset and len(titles) > 1 else ""
    arrow = ARROWS[column.definition.direction] if column.definition else ""
    return f"{above}{escaped(column.head)}{arrow}"


def _block(block: Block, columns: int) -> list[str]:
    heading = " · ".join(filter(None, [block.dataset, block.heading]))
    rows = [
        _line([escaped(line.label), *(_entry(entry) for entry in line.entries)])
        for line in block.lines
    ]
    return [_line([f"**{escaped(heading)}**", *[""] * columns]), *rows] if heading else rows


def _entry(entry: Entry) -> str:
    shown = WRAPPED.get(entry.rank or 0, "{}").format(entry.text)
    spread = f" ± {entry.spread}" if entry.spread else ""
    note = f"<sup>{entry.note}</sup>" if entry.note else ""
    return f"{shown}{spread}{' ≈' if entry.tied else ''}{note}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"

"""What LaTeX and HTML share: a frame of texts for pandas' Styler, and its heads and headings.

The columns of the frame are numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fusebench.compare.paper import Entry, PaperTable

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

    Heads = list[tuple[str, str]]
    """Title of the dataset, or ``""``, and head of every column, that of the names included."""


def styled(
    table: PaperTable,
    text: Callable[[Entry], str],
    label: Callable[[str, str], str],
    styles: Mapping[int, str],
) -> Styler:
    """Return a Styler over one row for each method, with a style for each rank that is marked.

    Args:
        table: the table.
        text: how an entry is written.
        label: how a method is written, from its name and its label.
        styles: rank -> style for the Styler.
    """
    import pandas as pd

    lines = [line for block in table.blocks for line in block.lines]
    texts = [[label(line.method, line.label), *map(text, line.entries)] for line in lines]
    marks = [["", *(styles.get(entry.rank or 0, "") for entry in line.entries)] for line in lines]
    width = range(len(table.columns) + 1)
    frame, style = (
        pd.DataFrame(rows, columns=pd.RangeIndex(len(width)), dtype=object)
        for rows in (texts, marks)
    )
    # Styler cannot style by position if two columns have one head, hence the numbers.
    return frame.style.hide(axis="index").apply(lambda _: style, axis=None)


def with_heads(styler: Styler, heads: Heads) -> Styler:
    """Return the Styler with the heads of its columns."""
    return styler.format_index(lambda number: heads[int(str(number))][1], axis="columns")


def headings(table: PaperTable) -> dict[int, tuple[str, str]]:
    """Return the dataset and group whose rows begin at a row, by the number of that row."""
    found, row, dataset = {}, 0, ""
    for block in table.blocks:
        shown = block.dataset if block.dataset != dataset else ""
        if shown or block.heading:
            found[row] = (shown, block.heading)
        dataset, row = block.dataset, row + len(block.lines)
    return found


def spans(table: PaperTable) -> list[tuple[str, int]]:
    """Return title and width of each run of columns of one dataset, the column of names first."""
    titles = {part.spec.dataset: part.spec.title for part in table.parts}
    runs: list[tuple[str, int]] = [("", 1)]
    for column in table.columns:
        title = titles.get(column.dataset, "")
        if runs[-1][0] == title:
            runs[-1] = (title, runs[-1][1] + 1)
        else:
            runs.append((title, 1))
    return runs if any(title for title, _ in runs) else []

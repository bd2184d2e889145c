"""Tables in LaTeX that are longer than a page.

LaTeX never breaks a float over pages: what sticks out of the page is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

PAGE = 530.0
"""Height in points that one float may take.

LaTeX's own classes have 550 on letter paper, journals have more.
"""
LINE = 9.5
"""Height of a row of a table, or of a line of text, in ``\\footnotesize``."""
SMALL_LINE = 8.0
"""Height of a line of text in ``\\scriptsize``."""
RULE = 5.0
"""Height of a rule of booktabs with the space around it."""

Piece = TypeVar("Piece")


def pages(
    blocks: Iterable[Sequence[Piece]], height: Callable[[Sequence[Piece]], float], caption: float
) -> list[list[Piece]]:
    """Return which pieces of a table are together on each page, in order.

    Without any piece there is one empty page.

    Args:
        blocks: each whole, or in pieces if it is longer than a page; pieces after the first start a
            page.
        height: of pieces that are together, with their heads and footnotes, in points.
        caption: its height in points; it is on the first page, the others have one line.
    """
    found: list[list[Piece]] = []
    for block in blocks:
        for number, piece in enumerate(block):
            above = caption if len(found) == 1 else LINE
            if number or not found or above + height([*found[-1], piece]) > PAGE:
                found.append([])
            found[-1].append(piece)
    return found or [[]]


def lines(text: str, width: int) -> int:
    """Return how many lines a text takes if about ``width`` characters fit in one."""
    return -(-len(text) // width)


def continued(label: str) -> str:
    """Return the line above the rows of a page after the first; it replaces the caption."""
    return rf"Table~\ref{{{label}}}, continued.\par\vspace{{6pt}}"

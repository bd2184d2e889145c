"""Sizes, colours, markers and lines that every figure shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("paper.mplstyle")
COLUMN = 3.45
"""Width of one column of a two-column paper, in inches."""
PAGE = 7.1
"""Width of both columns, in inches."""
MARKERS = "osD^vP*Xp<>h"
DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = (
    "-",
    "--",
    "-.",
    ":",
    (0, (3, 1, 1, 1, 1, 1)),
)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C8C00")
"""Okabe and Ito's colours, as in the style file; yellow, too pale on white, is darkened."""


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the style of the figures, without a display."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import style

    with style.context(STYLE):
        yield


Look = dict[str, Any]
"""Options of matplotlib: how the curve or the point of a method is drawn."""


def looks(names: Sequence[str]) -> dict[str, Look]:
    """Return colour, marker and line of each name; equal colours differ in marker and line."""
    return {
        name: {
            "color": COLOURS[number % len(COLOURS)],
            "marker": MARKERS[number % len(MARKERS)],
            "linestyle": DASHES[number // len(COLOURS) % len(DASHES)],
        }
        for number, name in enumerate(names)
    }


def selection(drawn: int, able: int) -> str:
    """Return the note that some methods are not drawn; ``""`` where all are."""
    return f"{drawn} of {able} methods, those with the best mean rank" if drawn < able else ""


def message(text: str) -> Figure:
    """Return a figure that says why there is nothing to draw."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(COLUMN, 0.6))
    figure.text(0.5, 0.5, text, ha="center", va="center", wrap=True)
    return figure

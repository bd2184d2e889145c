"""Curves of per-image values: each method's values in ascending order, as papers show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs, definitions_of, head_of
from fusebench.figures.style import COLUMN, PAGE, Look, looks, message, selection

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = 4
PANEL_HEIGHT = 1.45
MOST_METHODS = 10
"""More lines cannot be told apart: those with the best mean rank are drawn."""


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure and the sorted values."""
    import pandas as pd
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    matrices = inputs.matrices(spec)
    if not matrices:
        return message("no method has a value of every pair"), pd.DataFrame()
    able = {str(method) for matrix in matrices.values() for method in matrix}
    styles = _styles(spec, inputs.leading(spec, able, MOST_METHODS))
    columns = min(PANELS, len(matrices))
    rows = -(-len(matrices) // columns)
    width = PAGE if columns > 2 else COLUMN
    figure = Figure(figsize=(width, rows * PANEL_HEIGHT + 0.35), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    shown = [definition for definition in definitions_of(spec) if definition.id in matrices]
    for number, (panel, definition) in enumerate(zip(panels.flat, shown, strict=False)):
        _panel(panel, matrices[definition.id], styles, head_of(spec, definition))
        panel.set_xlabel("share of pairs" if number >= len(shown) - columns else "")
        panel.xaxis.label.set_in_layout(number >= (rows - 1) * columns)
    for panel in panels.flat[len(shown) :]:
        panel.set_axis_off()
    figure.legend(
        handles=[Line2D([], [], **style) for style in styles.values()],
        title=selection(len(styles), len(able)),
        title_fontsize=6,
        loc="outside lower center",
        ncols=min(6 if columns > 2 else 3, len(styles)),
    )
    return figure, pd.concat(
        {m: v.apply(np.sort) for m, v in matrices.items()}, names=["metric", "place"]
    ).reset_index()


def _styles(spec: FigureSpec, methods: list[str]) -> dict[str, Look]:
    """Return label, colour and line of each method, the same in every panel and in the legend."""
    return {
        method: {
            "label": spec.labels[method],
            "color": look["color"],
            "linestyle": look["linestyle"],
        }
        for method, look in looks(methods).items()
    }


def _panel(panel: Axes, values: pd.DataFrame, styles: dict[str, Look], head: str) -> None:
    share = (np.arange(len(values)) + 0.5) / len(values)
    for method, style in styles.items():
        if method in values:
            panel.plot(share, np.sort(values[method].to_numpy()), **style)
    panel.set_title(head)
    panel.set_xlim(0, 1)
    panel.grid()

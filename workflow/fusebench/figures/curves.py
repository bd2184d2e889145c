"""Curves of per-image values in the manner of published comparisons: each method's values in ascending order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fusebench.figures.contents import FigureSpec, Inputs
from fusebench.figures.style import COLUMN, PAGE, looks, message

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

    matrices = inputs.matrices(spec)
    if not matrices:
        return message("no method has a value of every pair"), pd.DataFrame()
    chosen = leading(spec, inputs, MOST_METHODS)
    columns = min(PANELS, len(matrices))
    rows = -(-len(matrices) // columns)
    width = PAGE if columns > 2 else COLUMN
    figure = Figure(figsize=(width, rows * PANEL_HEIGHT + 0.35), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    shown = [definition for definition in spec.definitions if definition.id in matrices]
    for number, (panel, definition) in enumerate(zip(panels.flat, shown, strict=False)):
        _panel(panel, matrices[definition.id], chosen, spec, spec.head(definition))
        panel.set_xlabel("share of pairs" if number >= len(shown) - columns else "")
        panel.xaxis.label.set_in_layout(number >= (rows - 1) * columns)
    for panel in panels.flat[len(shown) :]:
        panel.set_axis_off()
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=min(6 if columns > 2 else 3, len(labels))
    )
    return figure, pd.concat(
        {m: v.apply(np.sort) for m, v in matrices.items()}, names=["metric", "place"]
    ).reset_index()


def leading(spec: FigureSpec, inputs: Inputs, most: int) -> list[str]:
    """Return the methods that are drawn: all, or those with the best mean rank, in the order of the table."""
    ranks = inputs.ranks(spec)
    chosen = set(ranks.index[:most]) if len(ranks) > most else set(spec.shown["methods"])
    return [method for method in spec.shown["methods"] if method in chosen]


def _panel(panel: Axes, values: pd.DataFrame, methods: list[str], spec: FigureSpec, head: str) -> None:
    styles = looks(methods)
    share = (np.arange(len(values)) + 0.5) / len(values)
    for method in methods:
        if method in values:
            style = {key: value for key, value in styles[method].items() if key != "marker"}
            panel.plot(share, np.sort(values[method].to_numpy()), label=spec.labels[method], **style)
        else:
            panel.plot([], [], label=spec.labels[method], color="0.8")
    panel.set_title(head)
    panel.set_xlim(0, 1)
    panel.grid()

"""Heat map of the rank correlation between metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs, head_of
from fusebench.figures.style import COLUMN, PAGE, message
from fusebench.metrics import resolve

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CELL = 0.26
MOST_NUMBERS = 24
"""Beyond this many metrics the numbers no longer fit in their cells."""


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure and the correlations."""
    import pandas as pd
    from matplotlib.figure import Figure

    table = pd.read_csv(inputs.statistics / "correlation.csv", index_col=0)
    if table.size < 2 or not np.isfinite(table.to_numpy()).any():
        return message("fewer than two metrics vary over methods"), table.reset_index()
    heads = [head_of(spec, resolve([metric])[0]).rstrip(" ↑↓") for metric in table.columns]
    side = min(PAGE, max(COLUMN * 0.75, CELL * len(heads) + 1.0))
    figure = Figure(figsize=(side, side * 0.92), layout="constrained")
    panel = figure.subplots()
    shown = panel.imshow(table, cmap="PuOr_r", vmin=-1, vmax=1)
    panel.set_xticks(range(len(heads)), heads, rotation=90)
    panel.set_yticks(range(len(heads)), heads)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    numbered = np.argwhere(np.isfinite(table.to_numpy())) if len(heads) <= MOST_NUMBERS else ()
    for row, column in numbered:
        value = table.iloc[row, column]
        text = f"{value:.1f}".replace("-0.0", "0.0")
        colour = "white" if abs(value) > 0.7 else "black"
        panel.text(column, row, text, ha="center", va="center", fontsize=5, color=colour)
    bar = figure.colorbar(
        shown, ax=panel, shrink=0.7, label="Spearman's correlation over the methods of each pair"
    )
    bar.ax.spines[:].set_visible(False)
    return figure, table.reset_index()

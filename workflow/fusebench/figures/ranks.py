"""Heat map of ranks: methods by mean rank downwards, every metric of every dataset across."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs, head_of
from fusebench.figures.style import COLUMN, PAGE, message
from fusebench.metrics import resolve

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

ROW = 0.17
"""Height of a row in inches: a number of 6 points with some space."""
CELL = 0.22
MOST_NUMBERS = 40
"""Beyond this many columns the numbers no longer fit in their cells."""


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure and the ranks."""
    from matplotlib.figure import Figure

    ranks = inputs.ranks(spec)
    if ranks.empty:
        return message("nothing is ranked"), ranks
    width = min(PAGE, max(COLUMN, 1.3 + CELL * (ranks.shape[1] + 1)))
    figure = Figure(figsize=(width, ROW * len(ranks) + 0.95), layout="constrained")
    panel = figure.subplots()
    means = ranks.mean(axis=1)
    cells = np.column_stack([means, ranks])
    panel.imshow(cells, aspect="auto", cmap="cividis_r", vmin=1, vmax=max(2, np.nanmax(cells)))
    _heads(panel, ranks, means, spec)
    if cells.shape[1] <= MOST_NUMBERS:
        _numbers(panel, cells)
    return figure, ranks.T.reset_index()


def _heads(panel: Axes, ranks: pd.DataFrame, means: pd.Series[float], spec: FigureSpec) -> None:
    heads = [
        head_of(spec, resolve([metric])[0]).rstrip(" ↑↓")
        for metric in ranks.columns.get_level_values(1)
    ]
    panel.set_xticks(range(len(heads) + 1), ["mean rank", *heads], rotation=90)
    panel.set_yticks(range(len(means)), [spec.labels[method] for method in means.index])
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    panel.axvline(0.5, color="white", linewidth=3)
    titles = {dataset.name: dataset.title for dataset in spec.datasets}
    datasets = list(ranks.columns.get_level_values(0))
    for name in dict.fromkeys(datasets):
        places = [number + 1 for number, dataset in enumerate(datasets) if dataset == name]
        panel.text(float(np.mean(places)), -0.7, titles[name], ha="center", va="bottom", fontsize=6)
        if places[0] > 1:
            panel.axvline(places[0] - 0.5, color="white", linewidth=3)


def _numbers(panel: Axes, cells: NDArray[np.float64]) -> None:
    middle = np.nanmax(cells) / 2
    for row, column in np.argwhere(np.isfinite(cells)):
        rank = cells[row, column]
        text = f"{rank:.1f}" if column == 0 else f"{rank:g}"
        colour = "white" if rank > middle else "black"
        panel.text(column, row, text, ha="center", va="center", fontsize=5.5, color=colour)

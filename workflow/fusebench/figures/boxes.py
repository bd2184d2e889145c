"""Box plots: one panel for each metric, one box for each method, over the pairs of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs, definitions_of, head_of
from fusebench.figures.style import COLOURS, COLUMN, PAGE, message, selection

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = 4
"""Panels side by side."""
PANEL_HEIGHT = 1.15
LABEL_HEIGHT = 0.75
MOST_METHODS = 16
"""More names do not fit below a panel: those with the best mean rank are drawn."""


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure and its quartiles."""
    import pandas as pd
    from matplotlib.figure import Figure

    matrices = inputs.matrices(spec)
    if not matrices:
        return message("no method has a value of every pair"), pd.DataFrame()
    able = {str(method) for matrix in matrices.values() for method in matrix}
    methods = inputs.leading(spec, able, MOST_METHODS)
    columns = min(PANELS, len(matrices))
    rows = -(-len(matrices) // columns)
    width = PAGE if columns > 2 else COLUMN
    figure = Figure(figsize=(width, rows * PANEL_HEIGHT + LABEL_HEIGHT), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True)
    shown = [definition for definition in definitions_of(spec) if definition.id in matrices]
    for panel, definition in zip(panels.flat, shown, strict=False):
        _panel(panel, matrices[definition.id], methods, head_of(spec, definition))
    for panel in panels.flat[len(shown) :]:
        panel.set_axis_off()
    figure.suptitle(selection(len(methods), len(able)), fontsize=6)
    _name(panels, len(shown), [spec.labels[method] for method in methods])
    return figure, _quartiles(matrices)


def _panel(panel: Axes, values: pd.DataFrame, methods: list[str], head: str) -> None:
    present = [(number, method) for number, method in enumerate(methods) if method in values]
    boxes = panel.boxplot(
        [values[method].to_numpy() for _, method in present],
        positions=[number for number, _ in present],
        widths=0.65,
        patch_artist=True,
        showmeans=True,
        flierprops={"marker": ".", "markersize": 1.5, "markeredgecolor": "0.4"},
        meanprops={
            "marker": "D",
            "markersize": 2,
            "markerfacecolor": "white",
            "markeredgecolor": "black",
            "markeredgewidth": 0.4,
        },
        medianprops={"color": "black"},
    )
    for box, (number, _) in zip(boxes["boxes"], present, strict=True):
        box.set(facecolor=COLOURS[number % len(COLOURS)], alpha=0.55)
    panel.set_title(head)
    panel.grid(axis="y")


def _name(panels: Any, count: int, labels: list[str]) -> None:
    """Write the names of the methods under the lowest panel of each column."""
    rows, columns = panels.shape
    for column in range(columns):
        lowest = (count - 1 - column) // columns
        panel = panels[lowest, column]
        panel.set_xticks(range(len(labels)), labels, rotation=90)
        panel.tick_params(labelbottom=True)
        for label in panel.get_xticklabels():
            # They hang over the empty place below a panel that is not in the last row.
            label.set_in_layout(lowest == rows - 1)
        for row in range(rows):
            if row != lowest:
                panels[row, column].tick_params(labelbottom=False)


def _quartiles(matrices: dict[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    parts = {metric: values.describe().T for metric, values in matrices.items()}
    return pd.concat(parts, names=["metric", "method"]).reset_index()

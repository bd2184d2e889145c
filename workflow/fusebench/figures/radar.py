"""Radar: means of the leading methods, each metric scaled from the table's worst method to best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs, definitions_of, head_of
from fusebench.figures.style import COLUMN, looks, message, selection

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_METHODS = 6
MOST_METRICS = 20
"""More names do not fit round a circle of one column's width."""

MOST_LEVEL = 12
"""With more names than this, horizontal ones overlap above and below the circle."""
NAMES = 1.1
"""Where names begin: outside the circle of the best method and its markers."""
SIDE = 0.25
"""Sine of the angle from an axis up to which a name is centred beside or above the circle."""


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure and the scaled means: 0 is the table's worst method, 1 the best."""
    from matplotlib.figure import Figure

    scaled = scaled_means(spec, inputs)
    if scaled.shape[0] < 2 or scaled.shape[1] < 3:
        return message("a radar needs three metrics of two methods"), scaled.reset_index()
    if scaled.shape[1] > MOST_METRICS:
        return message(
            f"a radar of {scaled.shape[1]} metrics cannot be read; show {MOST_METRICS} at most"
        ), scaled.reset_index()
    angles = np.linspace(0, 2 * np.pi, scaled.shape[1], endpoint=False)
    figure = Figure(figsize=(COLUMN, COLUMN), layout="constrained")
    panel: Any = figure.subplots(subplot_kw={"projection": "polar"})
    methods = inputs.leading(spec, scaled.index, MOST_METHODS)
    styles = looks(methods)
    for method in methods:
        values = scaled.loc[method].to_numpy(float)
        style = {key: styles[method][key] for key in ("color", "linestyle", "marker")}
        panel.plot(
            [*angles, angles[0]],
            [*values, values[0]],
            markersize=2.5,
            label=spec.labels[method],
            **style,
        )
    heads = [
        head_of(spec, definition) for definition in definitions_of(spec) if definition.id in scaled
    ]
    _names(panel, angles, heads)
    panel.set_ylim(-0.15, 1.05)
    panel.set_yticks([0, 0.5, 1], ["worst", "", "best"])
    panel.tick_params(axis="y", labelcolor="0.35", labelsize=5)
    panel.set_rlabel_position(180 / scaled.shape[1])
    panel.grid(visible=True)
    panel.spines["polar"].set_visible(False)
    title = selection(len(methods), len(scaled))
    figure.legend(loc="outside lower center", ncols=3, title=title, title_fontsize=6)
    return figure, scaled.reset_index()


def _names(panel: Any, angles: NDArray[np.float64], heads: list[str]) -> None:
    """Write the names of the metrics outside the circle.

    Each name starts or ends at its point nearest to the circle; many names are turned along their
    rays.
    """
    panel.set_xticks(angles, [""] * len(heads))
    for angle, head in zip(angles, heads, strict=True):
        across, up = np.cos(angle), np.sin(angle)
        beside = "left" if across > 0 else "right"
        if len(heads) > MOST_LEVEL:
            place = {"ha": beside, "va": "center", "rotation": np.degrees(np.arctan(up / across))}
        else:
            place = {
                "ha": beside if abs(across) > SIDE else "center",
                "va": "center" if abs(up) < SIDE else "bottom" if up > 0 else "top",
            }
        panel.text(angle, NAMES, head, fontsize=6, rotation_mode="anchor", **place)


def scaled_means(spec: FigureSpec, inputs: Inputs) -> pd.DataFrame:
    """Return scaled means, methods by metric ids: 0 is the worst and 1 the best.

    Only metrics with a direction are used; methods that lack one of them are left out.
    """
    here = inputs.summary[inputs.summary["dataset"] == spec.dataset]
    complete = here[(here["measured"] == here["pairs"]) & here["reason"].isna()]
    means = complete.pivot_table(index="method", columns="id", values="mean")
    directed = [d for d in definitions_of(spec) if d.id in means and d.direction != "none"]
    means = means[[definition.id for definition in directed]].dropna()
    better = means * [1 if definition.direction == "higher" else -1 for definition in directed]
    return (better - better.min()) / (better.max() - better.min()).replace(0, 1)

"""Quality against speed: mean rank over metrics against seconds per image, a panel per device.

The metrics are those of one dataset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fusebench.compare.devices import device_of
from fusebench.contracts.records import Record
from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs
from fusebench.figures.style import COLUMN, Look, looks, message
from fusebench.fuse.records import read_records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_HEIGHT = 1.9
LEGEND_ROW = 0.13
MOST_SUBDIVIDED = 300.0
"""Ratio of the ends of the axis up to which 2 and 5 are labelled between the powers of ten."""
AREA = (14.0, 160.0)
"""Of the smallest and greatest marker, in square points."""


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure and its points.

    Seconds are those of the model alone where they are known, else those in total.
    """
    from matplotlib.figure import Figure

    points = _points(spec, inputs)
    if points.empty:
        return message("no method has both ranks and seconds"), points
    devices = list(dict.fromkeys(points["device"]))
    rows = -(-len(points) // 3)
    figure = Figure(
        figsize=(COLUMN, PANEL_HEIGHT * len(devices) + LEGEND_ROW * rows + 0.3),
        layout="constrained",
    )
    panels = figure.subplots(len(devices), 1, squeeze=False)[:, 0]
    styles = looks(list(points["method"]))
    for panel, device in zip(panels, devices, strict=True):
        _panel(panel, points[points["device"] == device], styles, spec)
        panel.set_title(device, loc="left", fontsize="x-small")
    panels[-1].set_xlabel("seconds per image, of the model where known")
    figure.legend(
        handles=_handles(points, styles, spec),
        loc="outside lower center",
        ncols=3,
        handletextpad=0.3,
        columnspacing=0.8,
    )
    return figure, points


def _points(spec: FigureSpec, inputs: Inputs) -> pd.DataFrame:
    import pandas as pd

    ranks = inputs.ranks(spec).mean(axis=1)
    records = {
        record.method: record
        for record in read_records(spec.cells, inputs.root)
        if record.dataset == spec.dataset
    }
    rows = [
        _point(method, rank, records[method]) for method, rank in ranks.items() if method in records
    ]
    columns = ["method", "mean_rank", "seconds", "parameters", "device"]
    return pd.DataFrame([row for row in rows if row["seconds"]], columns=columns)


def _point(method: Any, rank: float, record: Record) -> dict[str, Any]:
    return {
        "method": method,
        "mean_rank": rank,
        "seconds": record.model_seconds or record.seconds_per_image,
        "parameters": record.parameters,
        "device": device_of(record),
    }


def _panel(panel: Axes, points: pd.DataFrame, styles: dict[str, Look], spec: FigureSpec) -> None:
    for point, area in zip(points.to_dict("records"), _areas(points), strict=True):
        style = {key: styles[point["method"]][key] for key in ("color", "marker")}
        panel.scatter(
            point["seconds"],
            point["mean_rank"],
            s=area,
            alpha=0.85,
            edgecolors="white",
            linewidths=0.4,
            zorder=3,
            **style,
        )
    panel.invert_yaxis()
    panel.margins(0.12)
    _seconds_axis(panel)
    panel.set_ylabel("mean rank (best on top)")
    panel.grid()


def _handles(points: pd.DataFrame, styles: dict[str, Look], spec: FigureSpec) -> list[Any]:
    """Return markers of one size for the legend."""
    from matplotlib.lines import Line2D

    looks_of = {method: styles[method] for method in points["method"]}
    return [
        Line2D(
            [],
            [],
            linestyle="",
            markersize=4,
            color=look["color"],
            marker=look["marker"],
            label=spec.labels[method],
        )
        for method, look in looks_of.items()
    ]


def _seconds_axis(panel: Axes) -> None:
    """Set a logarithmic axis with plain numbers: 0.01, 0.02, 0.05, 0.1."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    panel.set_xscale("log")
    low, high = panel.get_xlim()
    subs = (1.0, 2.0, 5.0) if high / low < MOST_SUBDIVIDED else (1.0,)
    panel.xaxis.set_major_locator(LogLocator(subs=subs, numticks=9))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())


def _areas(points: pd.DataFrame) -> list[float]:
    """Return the areas of markers; they grow with the logarithm of the number of parameters.

    An unknown number gives the smallest marker.
    """
    import numpy as np

    sizes = np.log10(points["parameters"].astype(float).clip(lower=1).fillna(1))
    span = max(float(sizes.max() - sizes.min()), 1e-9)
    return [AREA[0] + (AREA[1] - AREA[0]) * float(size - sizes.min()) / span for size in sizes]

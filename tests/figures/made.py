"""Figures drawn from made-up values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from fusebench.contracts.configuration import FigureKind
from fusebench.contracts.tables import FigureSpec, ShownDataset
from fusebench.figures.contents import Inputs
from fusebench.figures.style import paper_style
from fusebench.statistics.files import write_statistics

from tests.compare.made import long

METRICS = ("EN", "SD", "Q_CV")
Values = Mapping[str, Mapping[str, Sequence[float | None]]]
"""Method -> id of a metric -> values of the pairs."""


def figure_spec(
    kind: FigureKind,
    methods: Sequence[str],
    metrics: Sequence[str] = METRICS,
    datasets: Sequence[str] = ("d",),
    dataset: str = "d",
    **more: Any,
) -> FigureSpec:
    """Return which figure is drawn; methods are shown by their name in capitals."""
    shown = [
        ShownDataset(name=name, title=f"Set {name}", methods=[*methods], metrics=[*metrics])
        for name in datasets
    ]
    labels = {method: method.upper() for method in methods}
    return FigureSpec(kind=kind, labels=labels, datasets=shown, dataset=dataset, **more)


def inputs_of(folder: Path, spec: FigureSpec, **datasets: Values) -> Inputs:
    """Write values of some datasets and their statistics, and return the inputs of a figure."""
    paths = []
    for dataset, values in datasets.items():
        table = long(
            {(m, metric): v for m, of_method in values.items() for metric, v in of_method.items()},
            dataset,
        )
        paths.append(folder / f"{dataset}.csv")
        table.to_csv(paths[-1], index=False)
    inputs = Inputs(folder, folder / "statistics", paths)
    metrics = {shown.name: shown.metrics for shown in spec.datasets}
    write_statistics(inputs.statistics, inputs.values, metrics)
    return inputs


def draw(module: Any, contents: tuple[FigureSpec, Inputs]) -> tuple[Any, pd.DataFrame]:
    """Draw a figure in the style of the paper."""
    with paper_style():
        figure, data = module.draw(*contents)
        figure.canvas.draw()
        return figure, data


def texts(figure: Any) -> list[str]:
    """Return every text of a figure."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


def ordered(methods: Sequence[str], pairs: int = 6) -> Values:
    """Return values in which the first method is the best in every metric, the last the worst."""
    return {
        method: {
            metric: [(place if metric == "Q_CV" else -place) + 0.1 * pair for pair in range(pairs)]
            for metric in METRICS
        }
        for place, method in enumerate(methods)
    }

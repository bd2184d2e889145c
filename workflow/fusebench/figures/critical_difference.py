"""Critical-difference diagram (Demšar, JMLR 2006): mean ranks of methods.

Bars connect methods that Nemenyi's test does not tell apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fusebench.compare.few_pairs import ALPHA
from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs
from fusebench.figures.style import COLUMN, PAGE, message
from fusebench.statistics.ranks import pair_ranks
from fusebench.statistics.significance import critical_difference, nemenyi
from fusebench.statistics.values import samples

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST_METHODS = 24
ROW = 0.13


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure and the ranks in each block."""
    import scikit_posthocs
    from matplotlib.figure import Figure

    blocks = block_ranks(spec, inputs)
    if blocks.shape[1] < 3 or len(blocks) < 2:
        return message(
            "a critical difference needs three methods with every value on all datasets"
        ), blocks
    shown = blocks.rename(columns=dict(spec.labels))
    means, p = shown.mean().sort_values(kind="stable"), nemenyi(shown)
    # The test is always of all methods, even if not all are drawn: leaders chosen by the same ranks
    # are no sample of their own.
    leaders = means.index[:MOST_METHODS]
    width = COLUMN if len(leaders) <= 12 else PAGE
    figure = Figure(figsize=(width, 0.75 + ROW * (len(leaders) // 2 + 3)), layout="constrained")
    panel = figure.subplots()
    drawn = scikit_posthocs.critical_difference_diagram(
        means[leaders],
        p.loc[leaders, leaders],
        ax=panel,
        alpha=ALPHA,
        label_fmt_left="{label} {rank:.2f}",
        label_fmt_right="{rank:.2f} {label}",
        label_props={"fontsize": 6},
        marker_props={"s": 8, "color": "black"},
        elbow_props={"color": "0.15", "linewidth": 0.6},
        crossbar_props={"color": "#D55E00", "linewidth": 2.2},
    )
    for (bar,) in drawn["crossbars"]:
        # The points come from a set of names, whose order changes from process to process.
        bar.set_data([min(bar.get_xdata()), max(bar.get_xdata())], bar.get_ydata()[:2])
    panel.spines["top"].set_visible(True)
    panel.set_title(_title(spec, blocks, len(leaders)), pad=10)
    return figure, blocks.reset_index()


def block_ranks(spec: FigureSpec, inputs: Inputs) -> pd.DataFrame:
    """Return the ranks of the methods on each pair of each dataset, see ``pair_ranks``."""
    metrics = {dataset.name: dataset.metrics for dataset in spec.datasets}
    return pair_ranks(list(samples(inputs.values, metrics)), list(spec.labels))


def _title(spec: FigureSpec, blocks: pd.DataFrame, drawn: int) -> str:
    """Say what was ranked and tested, and which part of it is drawn."""
    pairs, methods = blocks.shape
    difference = critical_difference(methods, pairs)
    first = (
        f"Mean rank among {methods} methods over {pairs} pairs, critical difference"
        f" {difference:.2f} (Nemenyi, 5 %)"
    )
    missing = len(spec.labels) - methods
    more = [f"the first {drawn} are drawn, all are tested"] if drawn < methods else []
    more += [f"{missing} of the table's methods left out: values missing"] if missing else []
    return "\n".join([first, *(["; ".join(more)] if more else [])])

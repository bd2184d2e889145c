"""Mean ranks over metrics and datasets, and how much they depend on which metrics are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from fusebench.statistics.values import Sample

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MOST_SUBSETS = 20_000
"""If there are more subsets of the metrics, this many are drawn, with a fixed seed."""
FEWEST_METRICS = 3
SEED = 20241


def rank_table(samples: Sequence[Sample]) -> pd.DataFrame:
    """Return ranks of mean values: one row for each dataset and metric, one column for each method.

    1 is best, equal means share their mean rank. A method without a value of every pair has NaN,
    and so has a method of another task.
    """
    import pandas as pd

    rows = {
        (sample.dataset, sample.definition.id): sample.mean_goodness.rank(ascending=False)
        for sample in samples
        if sample.ranked
    }
    index = pd.MultiIndex.from_arrays(
        [[key[0] for key in rows], [key[1] for key in rows]], names=["dataset", "metric"]
    )
    return pd.DataFrame(list(rows.values()), index=index)


def mean_ranks(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return mean rank, number of comparisons and wins of each method, best first.

    Args:
        ranks: as ``rank_table`` returns them.
    """
    import pandas as pd

    wins = (ranks.min(axis=1).to_numpy()[:, None] == ranks).sum()
    table = pd.DataFrame(
        {"mean_rank": ranks.mean(), "comparisons": ranks.notna().sum(), "wins": wins}
    )
    return table.sort_values("mean_rank", kind="stable")


def pair_ranks(samples: Sequence[Sample], methods: Sequence[str]) -> pd.DataFrame:
    """Return the ranks of the methods, one row for each pair of each dataset.

    On each pair, methods are ranked by their mean rank over the metrics.

    Only methods with every value on every dataset take part, and only metrics with a direction; the
    table is empty where there are none.

    Args:
        samples: of any metrics and datasets.
        methods: in the order of the columns.
    """
    import pandas as pd

    found = [one for one in samples if one.definition.direction != "none" and one.pairs]
    if not found:
        return pd.DataFrame()
    common = set.intersection(*(set(sample.values.columns) for sample in found))
    chosen = [method for method in methods if method in common]
    ranks = [
        sample.goodness[chosen].rank(axis=1, ascending=False).assign(dataset=sample.dataset)
        for sample in found
    ]
    means = pd.concat(ranks).groupby(["dataset", "image"], sort=False)[chosen].mean()
    return means.rank(axis=1)


@dataclass(frozen=True)
class Sensitivity:
    """How the winner by mean rank depends on the choice of metrics.

    Attributes:
        metrics: the ids chosen from.
        subsets: how many choices of three or more metrics were looked at.
        drawn: whether those are a random sample of all choices.
        winner: the method with the best mean rank over all metrics.
        changed: share of the choices in which that method does not win, 0 to 1.
        shares: method -> share of the choices in which it wins, equal winners each; those that
            never win are left out.
    """

    metrics: tuple[str, ...]
    subsets: int
    drawn: bool
    winner: str
    changed: float
    shares: dict[str, float]


def sensitivity(ranks: pd.DataFrame) -> Sensitivity | None:
    """Return how often the winner changes over all choices of three or more metrics.

    None with fewer than four metrics.

    Only methods with a rank in every row of ``ranks`` take part: a mean over other rows would not
    be comparable.
    """
    complete = ranks.loc[:, ranks.notna().all()]
    per_metric = complete.groupby(level="metric", sort=False).mean()
    if len(per_metric) <= FEWEST_METRICS or per_metric.shape[1] < 2:
        return None
    chosen, drawn = _choices(len(per_metric))
    means = chosen @ per_metric.to_numpy() / chosen.sum(axis=1, keepdims=True)
    wins = np.isclose(means, means.min(axis=1, keepdims=True))
    winner = int(per_metric.mean().to_numpy().argmin())
    shares = dict(zip(per_metric.columns, wins.mean(axis=0).tolist(), strict=True))
    return Sensitivity(
        tuple(per_metric.index),
        len(chosen),
        drawn,
        str(per_metric.columns[winner]),
        float(1 - wins[:, winner].mean()),
        {
            method: share
            for method, share in sorted(shares.items(), key=lambda item: -item[1])
            if share
        },
    )


def _choices(metrics: int) -> tuple[NDArray[np.float64], bool]:
    """Return choices by metrics, 1 where a metric is chosen, and whether they are random."""
    if 2**metrics <= MOST_SUBSETS:
        sizes = range(FEWEST_METRICS, metrics + 1)
        subsets = [subset for size in sizes for subset in combinations(range(metrics), size)]
        chosen = np.zeros((len(subsets), metrics))
        for row, subset in enumerate(subsets):
            chosen[row, list(subset)] = 1
        return chosen, False
    drawn = np.random.default_rng(SEED).integers(0, 2, (MOST_SUBSETS, metrics)).astype(np.float64)
    return drawn[drawn.sum(axis=1) >= FEWEST_METRICS], True

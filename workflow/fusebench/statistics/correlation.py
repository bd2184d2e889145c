"""Which metrics agree: rank correlation between metrics over the methods of each pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fusebench.statistics.values import Sample

if TYPE_CHECKING:
    import pandas as pd


def metric_correlation(samples: Sequence[Sample]) -> pd.DataFrame:
    """Return Spearman's correlation between metrics, from -1 to 1.

    Values are first ranked over the methods of each pair. So the correlation compares how two
    metrics order the methods, and not how they follow the content of the pairs. Where lower is
    better, ranks are reversed: 1 always means agreement.

    Args:
        samples: of one or more datasets; metrics without direction are taken as higher is better.

    Returns:
        Metrics by metrics; NaN where two metrics share no values that vary.
    """
    import pandas as pd

    columns: dict[str, list[Any]] = {}
    for sample in samples:
        ranks = sample.goodness.rank(axis=1, pct=True)
        stacked: Any = pd.concat({sample.dataset: ranks.stack()})
        columns.setdefault(sample.definition.id, []).append(stacked)
    table = pd.DataFrame({metric: pd.concat(parts) for metric, parts in columns.items()})
    return table.corr(method="spearman")

"""What a table needs of every method, dataset and metric, in one row each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fusebench.compare.few_pairs import ALPHA, has_too_few_pairs
from fusebench.compare.means import KEYS, known_reasons
from fusebench.statistics.intervals import mean_intervals
from fusebench.statistics.significance import friedman, wilcoxon_holm
from fusebench.statistics.values import Sample

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "dataset", "metric", "definition", "id", "method", "pairs", "measured",
    "mean", "std", "median", "low", "high", "best",
    "difference_low", "difference_high", "tied", "p_holm", "reason",
)  # fmt: skip


def summary(measures: pd.DataFrame, samples: Iterable[Sample]) -> pd.DataFrame:
    """Return one row of ``COLUMNS`` for each dataset, metric and method that was measured.

    ``low`` and ``high`` are the 95 % bootstrap interval of the mean, ``difference_low`` and
    ``difference_high`` that of the paired difference from the method with the best mean, ``p_holm``
    Wilcoxon's test of the same difference. ``tied`` says that this interval contains zero or that
    this p is above 0.05. Both are checked: with few pairs a bootstrap interval is too narrow, but
    the test cannot reach a small p. ``reason`` says why values are missing, or why the
    method is not compared.
    """
    import pandas as pd

    described = _described(measures)
    parts = [_of_sample(sample, described) for sample in samples]
    filled = [part for part in parts if len(part)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=[*COLUMNS])
    return table.reindex(columns=[*COLUMNS])


def _described(measures: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """Return the description of each dataset, metric and definition, one row for each method.

    The columns are count, mean, deviation, median and reason.
    """
    groups = measures.groupby(KEYS, sort=False)["value"]
    table = groups.agg(["count", "mean", "std", "median"]).reset_index()
    table = table.rename(columns={"count": "measured"})
    reasons = known_reasons(measures)
    table["reason"] = [
        reasons.get(key, "") for key in table[KEYS].itertuples(index=False, name=None)
    ]
    return dict(list(table.groupby(["dataset", "metric", "definition"], sort=False)))


def _of_sample(sample: Sample, described: dict[Any, pd.DataFrame]) -> pd.DataFrame:
    definition = sample.definition
    rows = described.get((sample.dataset, definition.metric, definition.definition))
    if rows is None:
        import pandas as pd

        return pd.DataFrame(columns=[*COLUMNS])
    rows = rows.assign(id=definition.id, pairs=sample.pairs, best=sample.best)
    return rows.merge(_compared(sample), on="method", how="left")


def _compared(sample: Sample) -> pd.DataFrame:
    """Return intervals and tests of the methods that have a value of every pair."""
    import pandas as pd

    methods, values = sample.values.columns, sample.values.to_numpy(float)
    low, high = mean_intervals(values)
    table = pd.DataFrame({"method": methods, "low": low, "high": high})
    if sample.best is None:
        return table.assign(
            difference_low=np.nan, difference_high=np.nan, tied=False, p_holm=np.nan
        )
    difference_low, difference_high = mean_intervals(
        values - sample.values[[sample.best]].to_numpy(float)
    )
    p_holm = wilcoxon_holm(sample).reindex(methods).to_numpy()
    apart = ((difference_low > 0) | (difference_high < 0)) & (p_holm <= ALPHA)
    return table.assign(
        difference_low=difference_low,
        difference_high=difference_high,
        tied=~apart & (methods != sample.best),
        p_holm=p_holm,
    )


def too_small(samples: Iterable[Sample], table: pd.DataFrame) -> set[tuple[str, str]]:
    """Return the datasets and ids of metrics whose test had too few pairs to tell any method.

    Args:
        samples: that were compared.
        table: their summary.
    """
    tied = table[table["tied"].eq(True)].groupby(["dataset", "id"]).size()
    return {
        (sample.dataset, sample.definition.id)
        for sample in samples
        if (methods := len(sample.values.columns)) > 1
        and has_too_few_pairs(len(sample.values), methods)
        and tied.get((sample.dataset, sample.definition.id), 0) == methods - 1
    }


def tests_table(samples: Sequence[Sample]) -> pd.DataFrame:
    """Return Friedman's test of every dataset and metric, one row each."""
    import pandas as pd

    rows = [
        {"dataset": sample.dataset, "metric": sample.definition.id, **vars(friedman(sample))}
        for sample in samples
        if sample.ranked
    ]
    columns = ["dataset", "metric", "statistic", "p", "methods", "pairs", "critical_difference"]
    return pd.DataFrame(rows, columns=columns)

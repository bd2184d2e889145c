"""Per-image values as statistics need them.

There is one matrix of pairs by methods for each dataset and metric.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fusebench.compare.means import comparable
from fusebench.metrics import Definition, resolve

if TYPE_CHECKING:
    import pandas as pd

    Numbers = TypeVar("Numbers", pd.DataFrame, "pd.Series[float]")

DIGITS = 9
"""Digits of a value or a mean that count.

Digits beyond them are the noise of floating-point sums (some metrics have it in the eleventh
digit), and must not change a test or a rank.
"""


@dataclass(frozen=True)
class Sample:
    """The values of one metric on one dataset.

    Attributes:
        dataset: its name.
        definition: of the metric.
        pairs: how many pairs of the dataset any method has.
        values: one row for each pair, one column for each method that has a value of every pair, in
            the metric's unit.
    """

    dataset: str
    definition: Definition
    pairs: int
    values: pd.DataFrame

    @property
    def ranked(self) -> bool:
        """Whether one end of the metric is better, and there is something to compare."""
        return self.definition.direction != "none" and self.values.shape[1] > 1

    @property
    def goodness(self) -> pd.DataFrame:
        """The values with their sign turned where lower is better, so that higher is better."""
        return -self.values if self.definition.direction == "lower" else self.values

    @property
    def mean_goodness(self) -> pd.Series[float]:
        """The mean of each method's ``goodness``.

        Means of the same values in another order are equal.
        """
        import pandas as pd

        # Sums of sorted values: otherwise their noise decides where a mean lies between two
        # roundings.
        ordered = np.sort(self.goodness.to_numpy(float), axis=0)
        return _without_noise(pd.Series(ordered.mean(axis=0), index=self.goodness.columns))

    @property
    def best(self) -> str | None:
        """The method with the best mean, the first of equals; None where nothing is ranked."""
        return str(self.mean_goodness.idxmax()) if self.ranked else None


def samples(measures: pd.DataFrame, metrics: dict[str, list[str]]) -> Iterator[Sample]:
    """Yield one sample for each dataset and metric asked for, in that order.

    Values of suspicious runs are not in it.

    Args:
        measures: long table, columns method, dataset, image, metric, definition, value.
        metrics: dataset -> ids of metrics.
    """
    known = comparable(measures).dropna(subset=["value"])
    for dataset, ids in metrics.items():
        here = known[known["dataset"] == dataset]
        pairs = measures.loc[measures["dataset"] == dataset, "image"].nunique()
        groups = dict(list(here.groupby(["metric", "definition"], sort=False)))
        for definition in resolve(ids):
            group = groups.get((definition.metric, definition.definition), here[:0])
            yield Sample(dataset, definition, pairs, _matrix(group, pairs))


def _matrix(group: pd.DataFrame, pairs: int) -> pd.DataFrame:
    """Return pairs by methods, without the methods that lack a value.

    Methods are in the order of the table.
    """
    matrix = group.pivot_table(
        index="image", columns="method", values="value", sort=False, observed=True
    )
    return _without_noise(matrix.loc[:, matrix.notna().sum() == pairs])


def _without_noise(numbers: Numbers) -> Numbers:
    """Return numbers rounded to ``DIGITS`` of the largest.

    Two sums of the same numbers in another order become equal.
    """
    magnitudes = numbers.abs().to_numpy()
    largest = magnitudes[np.isfinite(magnitudes)].max(initial=0)
    return numbers.round(DIGITS - int(np.ceil(np.log10(largest)))) if largest else numbers

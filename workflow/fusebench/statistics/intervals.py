"""Paired bootstrap intervals: of each method's mean, and of its difference from the best one."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 2000
CONFIDENCE = 0.95
SEED = 20240

Interval = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""Lower and upper ends, one for each column."""


def mean_intervals(values: NDArray[np.float64]) -> Interval:
    """Return the 95 % bootstrap intervals of the means of all columns (BCa, Efron 1987).

    Every resample draws the same rows for all columns, so that columns stay paired. scipy resamples
    row numbers; a mean of drawn rows is a weighted mean of all rows, which takes one matrix product
    for all columns together.

    Args:
        values: rows (pairs) by columns; at least one row, all finite.

    Returns:
        Lower and upper ends, NaN with a single row; a constant column has its constant as both.
    """
    rows, columns = values.shape
    if rows < 2 or not columns:
        return np.full(columns, np.nan), np.full(columns, np.nan)

    def means(drawn: NDArray[np.int64], axis: int = -1) -> NDArray[np.float64]:
        return _weighted_means(values, np.moveaxis(drawn, axis, -1))

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=stats.DegenerateDataWarning)
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="scipy")
        result = stats.bootstrap(
            (np.arange(rows),), means, n_resamples=RESAMPLES, confidence_level=CONFIDENCE,
            vectorized=True, method="BCa", rng=np.random.default_rng(SEED),
        )  # fmt: skip
    return _finite(result, values)


def _weighted_means(values: NDArray[np.float64], drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the means of drawn rows, columns first and the shape of the draws after them."""
    rows, (*shape, size) = len(values), drawn.shape
    flat = drawn.reshape(-1, size) + rows * np.arange(int(np.prod(shape)))[:, None]
    counts = np.bincount(flat.ravel(), minlength=rows * int(np.prod(shape))).reshape(-1, rows)
    means: NDArray[np.float64] = (counts @ values / size).T.reshape(values.shape[1], *shape)
    return means


def _finite(result: object, values: NDArray[np.float64]) -> Interval:
    """Return the ends of the intervals.

    Where BCa is not defined, they are the percentiles; both ends of a constant column are the
    constant.
    """
    low, high = result.confidence_interval  # type: ignore[attr-defined]
    tail = (1 - CONFIDENCE) / 2
    plain = np.quantile(result.bootstrap_distribution, [tail, 1 - tail], axis=-1)  # type: ignore[attr-defined]
    undefined = ~(np.isfinite(low) & np.isfinite(high))
    constant = np.ptp(values, axis=0) == 0
    ends = [
        np.where(undefined, fallback, end) for end, fallback in ((low, plain[0]), (high, plain[1]))
    ]
    return np.where(constant, values[0], ends[0]), np.where(constant, values[0], ends[1])

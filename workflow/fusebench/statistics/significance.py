"""Tests of differences between methods.

Friedman over all methods, Wilcoxon with Holm's correction against the best method, Nemenyi over all
pairs of methods.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from fusebench.compare.few_pairs import ALPHA
from fusebench.statistics.values import Sample

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Friedman:
    """Friedman's test over the methods of a sample, the pairs being its blocks.

    Attributes:
        statistic: chi-square, NaN where there are fewer than three methods or two pairs, or all
            values are equal.
        p: its probability.
        methods: how many were compared.
        pairs: how many blocks there were.
        critical_difference: of mean ranks, by Nemenyi (Demšar, JMLR 2006, section 3.2.2), at 5 %.
    """

    statistic: float
    p: float
    methods: int
    pairs: int
    critical_difference: float


def friedman(sample: Sample) -> Friedman:
    """Return Friedman's test of a sample."""
    pairs, methods = sample.values.shape
    if methods < 3 or pairs < 2:
        return Friedman(np.nan, np.nan, methods, pairs, np.nan)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        statistic, p = stats.friedmanchisquare(*sample.values.to_numpy().T)
    return Friedman(float(statistic), float(p), methods, pairs, critical_difference(methods, pairs))


def critical_difference(methods: int, blocks: int) -> float:
    """Return Nemenyi's critical difference of mean ranks at 5 % (Demšar, JMLR 2006).

    It is q / sqrt 2 * sqrt(k(k + 1) / 6N).
    """
    q = stats.studentized_range.ppf(1 - ALPHA, methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(methods * (methods + 1) / (6 * blocks)))


def wilcoxon_holm(sample: Sample) -> pd.Series[float]:
    """Return Holm's adjusted p of Wilcoxon's signed-rank test for each method.

    Each method is compared with the method of the best mean. Methods without any difference from
    the best have p = 1. With a single pair, or when nothing is ranked, all are NaN.
    """
    import pandas as pd
    from statsmodels.stats.multitest import multipletests

    best = sample.best
    others = [method for method in sample.values.columns if method != best]
    if best is None or len(sample.values) < 2:
        return pd.Series(np.nan, index=sample.values.columns)
    differences = sample.values[others].to_numpy() - sample.values[[best]].to_numpy()
    adjusted = multipletests(_wilcoxon(differences), ALPHA, method="holm")[1]
    return pd.Series([*adjusted, np.nan], index=[*others, best])


def _wilcoxon(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        p = np.asarray(stats.wilcoxon(differences, axis=0).pvalue, dtype=float)
    return np.where((differences == 0).all(axis=0), 1.0, p)


def nemenyi(blocks: pd.DataFrame) -> pd.DataFrame:
    """Return Nemenyi's p of every pair of methods after Friedman's test (scikit-posthocs).

    Args:
        blocks: one row for each block, one column for each of at least three methods.
    """
    import scikit_posthocs

    table: Any = scikit_posthocs.posthoc_nemenyi_friedman(blocks.to_numpy())
    table.index = table.columns = blocks.columns
    result: pd.DataFrame = table
    return result

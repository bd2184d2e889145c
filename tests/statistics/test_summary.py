"""One row for each method, dataset and metric."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fusebench.compare.few_pairs import ALPHA, has_too_few_pairs, pairs_needed
from fusebench.statistics.intervals import mean_intervals
from fusebench.statistics.significance import friedman, wilcoxon_holm
from fusebench.statistics.summary import COLUMNS, summary
from fusebench.statistics.summary import tests_table as friedman_table
from fusebench.statistics.values import samples
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compare.made import long
from tests.statistics.made import noisy, sample


def summed(measures: pd.DataFrame, **metrics: list[str]) -> Any:
    """The summary of some metrics on some datasets."""
    return summary(measures, samples(measures, metrics))


def one(columns: dict[str, list[float]], metric: str = "SSIM") -> Any:
    """The summary of one metric, by method."""
    measures = long({(method, metric): values for method, values in columns.items()})
    return summed(measures, d=[metric]).set_index("method")


def test_values_are_described_in_their_unit() -> None:
    """The summary has the plain values, also where lower is better."""
    values = [3.0, 1.0, 7.0]
    for metric in ("SSIM", "Q_CV"):
        row = one({"a": values, "b": [2.0, 2.5, 9.0]}, metric).loc["a"]
        described = (row["mean"], row["std"], row["median"], row["pairs"], row["measured"])
        assert described == pytest.approx(
            (statistics.fmean(values), statistics.stdev(values), 3.0, 3, 3)
        )


def test_intervals_are_those_of_the_matrix() -> None:
    """The table has the intervals of each mean and of each difference from the best mean."""
    columns = noisy(1)
    table, matrix = one(columns), np.array([*columns.values()]).T
    low, high = mean_intervals(matrix)
    below, above = mean_intervals(matrix - matrix[:, [3]])
    expected = np.stack([low, high, below, above], axis=1)
    found = table[["low", "high", "difference_low", "difference_high"]].to_numpy()
    assert found == pytest.approx(expected, abs=1e-8)
    assert set(table["best"]) == {"m3"} and found[3, 2:].tolist() == [0, 0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(5, 30), st.sampled_from(["SSIM", "Q_CV"]))
def test_a_method_is_tied_unless_interval_and_test_tell_it_apart(
    seed: int, pairs: int, metric: str
) -> None:
    """Both must tell it apart; the best method is never tied with itself."""
    table = one(noisy(seed, pairs), metric)
    for method, row in table.iterrows():
        zero_inside = row["difference_low"] <= 0 <= row["difference_high"]
        expected = method != row["best"] and bool(zero_inside or not row["p_holm"] <= ALPHA)
        assert bool(row["tied"]) is expected


def test_without_a_direction_nothing_is_compared() -> None:
    """There are mean and interval, but no best method, no difference and no tie."""
    table = one(noisy(2), "QSF")
    assert table["low"].notna().all() and table["best"].isna().all()
    assert table[["difference_low", "difference_high", "p_holm"]].isna().all(axis=None)
    assert not table["tied"].any()


def test_every_row_that_was_measured_is_there() -> None:
    """Rows are in the order asked for, also for methods that lack values.

    Metrics that were not asked for have no row.
    """
    measures = pd.concat(
        [
            long({("a", "EN"): [1.0, None], ("b", "EN"): [1.0, 2.0], ("b", "SD"): [1.0, 2.0]}, "d"),
            long({("a", "EN"): [1.0, 2.0], ("a", "SSIM@cddfuse"): [1.0, 2.0]}, "e"),
        ]
    )
    table = summed(measures, e=["SSIM@cddfuse", "EN"], d=["EN"])
    assert list(table) == list(COLUMNS)
    assert table[["dataset", "id", "method", "measured"]].to_numpy().tolist() == [
        ["e", "SSIM@cddfuse", "a", 2],
        ["e", "EN", "a", 2],
        ["d", "EN", "a", 1],
        ["d", "EN", "b", 2],
    ]
    assert table["reason"].tolist() == ["", "", "flat", ""]


@pytest.mark.parametrize("metrics", [{}, {"d": ["EN"]}, {"d": ["EN", "SD"], "e": ["EN"]}])
def test_without_values_there_are_heads(metrics: dict[str, list[str]]) -> None:
    """An empty table still has its columns, which the tables of a paper need."""
    table = summed(long({}), **metrics)
    assert len(table) == 0 and list(table) == list(COLUMNS)


def test_a_metric_that_nobody_has_leaves_no_row() -> None:
    """Only the metric that was measured has a row."""
    table = summed(long({("a", "EN"): [1.0, 2.0]}), d=["SD", "EN"])
    assert table["id"].tolist() == ["EN"]


def test_each_ranked_sample_is_tested() -> None:
    """A metric without direction and one of a single method have no test."""
    three = sample(noisy(3), "EN")
    undirected = sample(noisy(3), "QSF")
    alone = sample({"a": [1.0, 2.0]}, "SD")
    table: Any = friedman_table([three, undirected, alone])
    assert table[["dataset", "metric"]].to_numpy().tolist() == [["d", "EN"]]
    expected = friedman(three)
    assert table.loc[0, "p"] == expected.p
    assert table.loc[0, "critical_difference"] == expected.critical_difference
    assert len(friedman_table([])) == 0 and "p" in friedman_table([])


@pytest.mark.parametrize("methods", [2, 3, 4, 8, 9])
def test_the_pairs_that_the_test_needs(methods: int) -> None:
    """With one pair less, no p is small enough even where the best one wins on every pair."""
    enough = pairs_needed(methods)
    for pairs, can in ((enough, True), (enough - 1, False)):
        steps = np.arange(1.0, pairs + 1)
        columns = {
            f"m{number}": [*(steps * (1 + number / 100) if number else steps * 50)]
            for number in range(methods)
        }
        p = wilcoxon_holm(sample(columns)).dropna()
        assert bool(p.min() <= ALPHA) is can
        assert has_too_few_pairs(pairs, methods) is not can

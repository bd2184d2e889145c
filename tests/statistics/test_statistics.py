"""Statistics: comparisons with scipy, published examples, and the limits of few pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fusebench.metrics import resolve
from fusebench.statistics.correlation import metric_correlation
from fusebench.statistics.files import FILES, write_statistics
from fusebench.statistics.intervals import RESAMPLES, SEED, mean_intervals
from fusebench.statistics.ranks import mean_ranks, rank_table, sensitivity
from fusebench.statistics.significance import critical_difference, friedman, nemenyi, wilcoxon_holm
from fusebench.statistics.summary import summary
from fusebench.statistics.values import samples
from scipy import stats

from tests.compare.made import long
from tests.statistics.made import noisy, sample


def test_intervals_are_scipys() -> None:
    """Each column has the interval that scipy gives for it alone with the same draws."""
    values = np.random.default_rng(1).gamma(2, 1, (20, 3))
    low, high = mean_intervals(values)
    for column in range(3):
        plain = stats.bootstrap(
            (values[:, column],), np.mean, n_resamples=RESAMPLES, rng=np.random.default_rng(SEED)
        ).confidence_interval
        assert (low[column], high[column]) == pytest.approx((plain.low, plain.high), rel=1e-9)


def test_intervals_of_constants_and_single_pairs() -> None:
    """A constant has itself as both ends; one pair gives NaN; no column gives no interval."""
    low, high = mean_intervals(np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]]))
    assert low[0] == high[0] == 1.0 and low[1] < high[1]
    assert np.isnan(mean_intervals(np.array([[1.0]]))[0]).all()
    assert mean_intervals(np.empty((3, 0)))[0].shape == (0,)


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    """Of 200 samples of 30 pairs, the 95 % interval holds the true mean in 90 to 98 %."""
    values = np.random.default_rng(2).exponential(1.0, (30, 200))
    low, high = mean_intervals(values)
    assert 0.90 <= ((low <= 1.0) & (high >= 1.0)).mean() <= 0.98


def test_pairing_tells_apart_what_single_intervals_do_not() -> None:
    """Means with widely overlapping intervals are told apart, because every pair agrees."""
    table: Any = summary(long({(m, "SSIM"): [*v] for m, v in noisy(3).items()}), [sample(noisy(3))])
    table = table.set_index("method")
    assert table.loc["m0", "high"] > table.loc["m3", "low"]
    assert table["tied"].tolist() == [False, False, False, False] and set(table["best"]) == {"m3"}
    assert table.loc["m0", "difference_high"] < 0 and table.loc["m0", "p_holm"] < 0.001


def test_few_pairs_carry_no_best() -> None:
    """With five pairs every other method is tied with the best, however clear the values look."""
    columns = {m: v[:5] for m, v in noisy(3).items()}
    table: Any = summary(long({(m, "SSIM"): [*v] for m, v in columns.items()}), [sample(columns)])
    assert table.set_index("method")["tied"].to_dict() == {
        "m0": True,
        "m1": True,
        "m2": True,
        "m3": False,
    }


def test_equal_methods_are_tied() -> None:
    """A copy of the best method is tied with it, and its p is 1."""
    columns = {**noisy(4), "copy": noisy(4)["m3"]}
    table: Any = summary(
        long({(m, "SSIM"): [*v] for m, v in columns.items()}), [sample(columns)]
    ).set_index("method")
    assert bool(table.loc["copy", "tied"]) and table.loc["copy", "p_holm"] == 1.0


def test_the_noise_of_sums_is_no_difference() -> None:
    """Values that differ only in the sixteenth digit are equal.

    They share a rank, and the test gives p = 1.
    """
    values = np.random.default_rng(3).uniform(0.5, 0.9, 40)
    found = sample(
        {"a": values.tolist(), "b": (values * (1 - 2e-16)).tolist(), "c": (values - 0.1).tolist()}
    )
    assert rank_table([found]).iloc[0].tolist() == [1.5, 1.5, 3]
    assert wilcoxon_holm(found)["b"] == 1 and wilcoxon_holm(found)["c"] < 0.001


def test_equal_means_share_their_rank_whatever_the_order_of_the_sum() -> None:
    """The same values on other pairs have one mean and share a rank; the first method is best.

    Means that are equal to ten digits share a rank, too.
    """
    turned = sample({"b": [0.3, 0.2, 0.1], "a": [0.1, 0.2, 0.3], "c": [0.1, 0.2, 0.2]})
    assert rank_table([turned]).iloc[0].to_dict() == {"b": 1.5, "a": 1.5, "c": 3}
    assert turned.best == "b"
    lower = sample({"a": [100.6, 200.6], "b": [200.6, 100.6], "c": [300.0, 300.0]}, "Q_CV")
    assert lower.best == "a" and rank_table([lower]).iloc[0].tolist() == [1.5, 1.5, 3]
    noise = sample({"a": [1.5906173742556], "b": [1.5906173742521], "c": [1.59061]})
    assert rank_table([noise]).iloc[0].tolist() == [1.5, 1.5, 3]


def test_where_lower_is_better_the_lowest_is_best() -> None:
    """The lowest mean is best for Q_CV, and the highest for SSIM."""
    assert sample(noisy(5), "Q_CV").best == "m0"
    assert sample(noisy(5), "SSIM").best == "m3"


def test_methods_without_every_value_are_left_out_and_told() -> None:
    """A method that lacks one pair is in the summary, and in no comparison.

    The summary has its count and the reason.
    """
    measures = long({("a", "EN"): [1.0, 2.0, 3.0], ("b", "EN"): [9.0, None, 9.0]})
    (found,) = samples(measures, {"d": ["EN"]})
    table: Any = summary(measures, [found]).set_index("method")
    assert list(found.values.columns) == ["a"] and found.best is None
    assert (table.loc["b", "measured"], table.loc["b", "pairs"], table.loc["b", "reason"]) == (
        2,
        3,
        "flat",
    )
    assert np.isnan(table.loc["b", "low"])


def test_friedman_and_wilcoxon_are_scipys() -> None:
    """Friedman's statistic is scipy's; Holm multiplies the smallest p by the comparisons."""
    columns = noisy(6)
    tested = friedman(sample(columns))
    plain = stats.friedmanchisquare(*columns.values())
    assert (tested.statistic, tested.p) == pytest.approx((plain.statistic, plain.pvalue))
    raw = {
        m: stats.wilcoxon(np.subtract(columns[m], columns["m3"])).pvalue for m in ("m0", "m1", "m2")
    }
    assert wilcoxon_holm(sample(columns)).min() == pytest.approx(3 * min(raw.values()))
    assert np.isnan(friedman(sample({"a": [1.0, 2.0], "b": [2.0, 3.0]})).p)


def test_critical_difference_is_demsars() -> None:
    """The critical difference agrees with Demšar (JMLR 2006), section 3.2.2.

    Four classifiers on 14 datasets have CD = 2.569 * sqrt(4*5/(6*14)) = 1.25.
    """
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)


def test_nemenyi_agrees_with_the_critical_difference() -> None:
    """p is below 5 % exactly where mean ranks differ by more than the critical difference."""
    blocks = pd.DataFrame(noisy(7, pairs=12))
    ranks: Any = blocks.rank(axis=1).mean()
    p: Any = nemenyi(blocks)
    for a in ranks.index:
        for b in ranks.index:
            if a != b:
                assert (p.loc[a, b] < 0.05) == (
                    abs(ranks[a] - ranks[b]) > critical_difference(4, 12)
                )


def ranked(rows: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Ranks by metric and method on one dataset."""
    return rank_table(
        [
            sample({m: [v, v] for m, v in columns.items()}, metric)
            for metric, columns in rows.items()
        ]
    )


def test_ranks_average_over_metrics_and_count_wins() -> None:
    """Equal means share their mean rank; shared first places count as wins."""
    table: Any = ranked({"EN": {"a": 3, "b": 2, "c": 1}, "Q_CV": {"a": 1, "b": 1, "c": 2}})
    assert table.loc[("d", "Q_CV")].tolist() == [1.5, 1.5, 3.0]
    means: Any = mean_ranks(table)
    assert means["mean_rank"].to_dict() == {"a": 1.25, "b": 1.75, "c": 3.0} and means[
        "wins"
    ].to_dict() == {
        "a": 2,
        "b": 1,
        "c": 0,
    }


def test_sensitivity_counts_every_choice() -> None:
    """a wins where most of the chosen metrics favour it; with equal numbers both win."""
    order = {"a": 2.0, "b": 1.0}, {"a": 1.0, "b": 2.0}
    table: Any = ranked({"EN": order[0], "SD": order[0], "SF": order[0], "AG": order[1]})
    found = sensitivity(table)
    assert found is not None and (found.winner, found.subsets, found.drawn) == ("a", 5, False)
    assert found.changed == 0 and found.shares == {"a": 1.0}
    contested = sensitivity(
        ranked({"EN": order[0], "SD": order[0], "SF": order[1], "AG": order[1], "MI": order[0]})
    )
    assert (
        contested is not None
        and contested.changed == pytest.approx(3 / 16)
        and contested.shares["b"] == pytest.approx(6 / 16)
    )


def test_few_metrics_leave_no_choice() -> None:
    """With three metrics there is nothing to vary."""
    assert (
        sensitivity(
            ranked({"EN": {"a": 2, "b": 1}, "SD": {"a": 2, "b": 1}, "SF": {"a": 2, "b": 1}})
        )
        is None
    )


def test_metrics_that_order_methods_alike_correlate() -> None:
    """The same order gives 1, the opposite order -1; the direction of a metric counts."""
    columns = noisy(8)
    opposite = {m: [-x for x in v] for m, v in columns.items()}
    found = [sample(columns, "EN"), sample(opposite, "SD"), sample(opposite, "Q_CV")]
    table: Any = metric_correlation(found)
    assert table.loc["EN", "SD"] == pytest.approx(-1) and table.loc["EN", "Q_CV"] == pytest.approx(
        1
    )


def test_files_hold_everything(tmp_path: Path) -> None:
    """Every file is written, also for a table without values; the text names tied methods."""
    measures = long(
        {(m, metric): [*v] for metric in ("EN", "SD", "SF", "Q_CV") for m, v in noisy(9).items()}
    )
    write_statistics(tmp_path / "some", measures, {"d": ["EN", "SD", "SF", "Q_CV"]})
    assert sorted(path.name for path in (tmp_path / "some").iterdir()) == sorted(FILES)
    text = (tmp_path / "some" / "statistics.md").read_text()
    assert "| d | EN | 25 | m3 | – | < 0.001 |" in text and "Over 5 choices" in text
    assert json.loads((tmp_path / "some" / "sensitivity.json").read_text())["winner"] == "m3"
    write_statistics(tmp_path / "none", measures[:0], {"d": ["EN"]})
    assert len((tmp_path / "none" / "summary.csv").read_text().splitlines()) == 1


def test_samples_come_in_the_order_asked_for() -> None:
    """Samples are in the order of datasets and metrics asked for; definitions stay separate."""
    measures = pd.concat([long({("a", "SSIM@cddfuse"): [2.0]}), long({("a", "SSIM"): [1.0]}, "e")])
    found = list(samples(measures, {"e": ["SSIM"], "d": ["SSIM@cddfuse", "SSIM"]}))
    assert [(s.dataset, s.definition.id, s.values.size) for s in found] == [
        ("e", "SSIM", 1),
        ("d", "SSIM@cddfuse", 1),
        ("d", "SSIM", 0),
    ]
    assert resolve(["SSIM"])[0].direction == "higher"

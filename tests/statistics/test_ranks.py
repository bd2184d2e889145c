"""Mean ranks, and how much they depend on the choice of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fusebench.metrics.resolving import all_definitions
from fusebench.statistics.ranks import (
    FEWEST_METRICS,
    MOST_SUBSETS,
    mean_ranks,
    rank_table,
    sensitivity,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.statistics.made import sample

HIGHER = [
    definition.id
    for definition in all_definitions().values()
    if definition.direction == "higher" and definition.id == definition.metric
]
means = st.dictionaries(
    st.sampled_from("abcdef"), st.integers(-20, 20).map(float), min_size=2, max_size=6
)


def ranks_of(*rows: dict[str, float], dataset: str = "d") -> pd.DataFrame:
    """Ranks of methods in as many metrics as there are rows; higher is better in each."""
    assert len(rows) <= len(HIGHER)
    return rank_table(
        [
            sample({m: [v, v] for m, v in row.items()}, metric, dataset)
            for metric, row in zip(HIGHER, rows, strict=False)
        ]
    )


@given(means)
def test_ranks_share_out_the_places(row: dict[str, float]) -> None:
    """With any ties, the sum of the ranks is that of 1 to the number of methods."""
    ranks = ranks_of(row).iloc[0]
    count = len(row)
    assert ranks.sum() == pytest.approx(count * (count + 1) / 2)
    assert ranks[max(row, key=row.__getitem__)] == ranks.min()


def test_what_is_not_ranked_has_no_row() -> None:
    """A metric without direction has no row, nor has one with a single method."""
    table = rank_table(
        [
            sample({"a": [1.0], "b": [2.0]}, "QSF"),
            sample({"a": [1.0]}, "EN"),
            sample({"a": [1.0], "b": [2.0]}, "SD"),
        ]
    )
    assert list(table.index) == [("d", "SD")]
    assert rank_table([]).empty


def test_methods_of_another_dataset_have_no_rank() -> None:
    """Methods are compared only where they ran."""
    table = pd.concat(
        [ranks_of({"a": 2, "b": 1}), ranks_of({"b": 2, "c": 1}, {"b": 1, "c": 2}, dataset="e")]
    )
    means: Any = mean_ranks(table)
    assert means["comparisons"].to_dict() == {"a": 1, "b": 3, "c": 2}
    assert means["mean_rank"].to_dict() == {"a": 1.0, "b": pytest.approx(5 / 3), "c": 1.5}
    assert list(means.index) == ["a", "c", "b"] and means["wins"].sum() == 3


def test_methods_of_one_mean_rank_keep_their_order() -> None:
    """Methods of one mean rank keep the order of the table."""
    table = ranks_of({"b": 1.0, "a": 1.0, "c": 1.0})
    assert list(mean_ranks(table).index) == ["b", "a", "c"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.permutations("abc"), min_size=4, max_size=7))
def test_shares_cover_all_choices(orders: list[list[str]]) -> None:
    """Every choice has a winner, and the overall winner loses in the reported share of choices."""
    rows = [{m: float(-place) for place, m in enumerate(order)} for order in orders]
    found = sensitivity(ranks_of(*rows))
    assert found is not None and not found.drawn
    assert found.subsets == sum(
        1 for number in range(2 ** len(rows)) if number.bit_count() >= FEWEST_METRICS
    )
    assert sum(found.shares.values()) >= 1 - 1e-9
    assert found.changed == pytest.approx(1 - found.shares.get(found.winner, 0))
    assert list(found.shares.values()) == sorted(found.shares.values(), reverse=True)
    assert all(found.shares.values())


def test_of_many_metrics_choices_are_drawn() -> None:
    """Many choices are sampled: the same ones every time, none with too few metrics."""
    random = np.random.default_rng(1)
    rows = [dict(zip("abc", random.normal(size=3), strict=True)) for _ in range(15)]
    fewer = sensitivity(ranks_of(*rows[1:]))
    assert fewer is not None and not fewer.drawn and fewer.subsets == 2**14 - 1 - 14 - 91
    once, twice = sensitivity(ranks_of(*rows)), sensitivity(ranks_of(*rows))
    assert once is not None and once == twice and once.drawn
    assert len(once.metrics) == 15 and 0.99 * MOST_SUBSETS < once.subsets <= MOST_SUBSETS


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": 1.0, "b": 2.0}] * 3,
        [{"a": 1.0, "b": 2.0}, {"a": 1.0, "c": 2.0}, {"a": 1.0, "d": 2.0}, {"a": 1.0, "e": 2.0}],
    ],
)
def test_where_there_is_no_choice_nothing_is_said(rows: list[dict[str, float]]) -> None:
    """Three metrics leave no choice; nor does a table in which one method alone has all metrics."""
    assert sensitivity(ranks_of(*rows)) is None


def test_a_metric_counts_once_over_all_datasets() -> None:
    """A metric's mean over the datasets is what is chosen or left out."""
    row = {"a": 2.0, "b": 1.0}
    table = pd.concat([ranks_of(*[row] * 4), ranks_of(*[row] * 4, dataset="e")])
    found = sensitivity(table)
    assert found is not None and len(found.metrics) == 4 and found.subsets == 5

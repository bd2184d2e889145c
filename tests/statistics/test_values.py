"""Per-image values as matrices of pairs by methods."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fusebench.statistics.values import DIGITS, samples
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.made import long
from tests.statistics.made import sample

VALUES = {"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0, 1.0]}
numbers = st.lists(
    st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.floats(-1e3, -1e-6)), min_size=2, max_size=12
)


def test_values_keep_their_order() -> None:
    """Methods and pairs have the order and the names of the table."""
    found = sample({"b": [1.0, 2.0], "a": [3.0, 4.0]}).values
    assert list(found.columns) == ["b", "a"] and list(found.index) == ["01", "02"]
    assert found.to_numpy().tolist() == [[1.0, 3.0], [2.0, 4.0]]


@pytest.mark.parametrize(
    ("metric", "best", "goodness"),
    [("SSIM", "a", 2.0), ("Q_CV", "b", -2.0)],
)
def test_the_direction_decides_what_is_good(metric: str, best: str, goodness: float) -> None:
    """The sign is reversed where lower is better; the values stay as they are."""
    found = sample(VALUES, metric)
    assert found.ranked and found.best == best
    assert found.mean_goodness["a"] == goodness and found.values["a"].mean() == 2.0


@pytest.mark.parametrize(
    ("columns", "metric"),
    [(VALUES, "QSF"), ({"a": [1.0, 2.0]}, "SSIM"), ({}, "SSIM")],
)
def test_nothing_is_best_where_nothing_is_ranked(
    columns: dict[str, list[float]], metric: str
) -> None:
    """A metric without direction, and a single method, have no best one."""
    found = sample(columns, metric)
    assert not found.ranked and found.best is None


def test_a_method_that_lacks_a_value_is_no_part_of_a_sample() -> None:
    """A method is also left out if it was measured on fewer pairs than another one."""
    measures = pd.concat(
        [
            long({("a", "EN"): [1.0, 2.0, 3.0], ("b", "EN"): [1.0, None, 3.0]}),
            long({("c", "EN"): [1.0, 2.0]}),
        ]
    )
    (found,) = samples(measures, {"d": ["EN"]})
    assert found.pairs == 3 and list(found.values.columns) == ["a"]


def test_pairs_are_counted_whatever_has_values() -> None:
    """A dataset has its pairs even where no method has a value."""
    (found,) = samples(long({("a", "EN"): [None, None]}), {"d": ["EN"]})
    assert (found.pairs, found.values.size) == (2, 0)


def test_a_dataset_without_values_has_an_empty_sample() -> None:
    """A dataset that could not be prepared has an empty sample."""
    (found,) = samples(long({("a", "EN"): [1.0]}), {"elsewhere": ["EN"]})
    assert (found.dataset, found.pairs, found.values.size) == ("elsewhere", 0, 0)


def test_an_evaluators_columns_are_asked_for_at_once() -> None:
    """``all@EVALUATOR`` stands for each of the evaluator's columns."""
    found = list(samples(long({}), {"d": ["all@cddfuse"]}))
    assert len(found) > 3 and {one.definition.definition for one in found} == {"cddfuse"}


@given(numbers, st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_changes_no_mean(values: list[float], random: Any) -> None:
    """The same values on other pairs have the same mean, to the last bit."""
    turned = random.sample(values, len(values))
    found = sample({"a": values, "b": turned})
    assert found.mean_goodness["a"] == found.mean_goodness["b"]
    assert found.best == "a"


@given(numbers)
def test_rounding_changes_no_value_that_can_be_seen(values: list[float]) -> None:
    """A value changes by at most half of the last kept digit of the largest value."""
    found = sample({"a": values}).values["a"].to_numpy()
    largest = max(map(abs, values))
    assert np.abs(found - values).max() <= largest * 10.0 ** (1 - DIGITS)


def test_values_that_are_all_zero_stay_zero() -> None:
    """Zeros have no largest digit, and stay zero."""
    assert sample({"a": [0.0, 0.0], "b": [0.0, 0.0]}).values.to_numpy().tolist() == [[0, 0], [0, 0]]

"""Paired bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest
from fusebench.statistics.intervals import mean_intervals
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

matrices = arrays(
    np.float64,
    st.tuples(st.integers(2, 8), st.integers(1, 3)),
    elements=st.floats(-100, 100).map(lambda value: round(value, 3)),
)


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_an_interval_lies_within_the_values(values: NDArray[np.float64]) -> None:
    """Both ends are means of drawn values, so they lie within the values."""
    low, high = mean_intervals(values)
    assert (low <= high).all()
    assert (low >= values.min(axis=0) - 1e-9).all() and (high <= values.max(axis=0) + 1e-9).all()


@settings(max_examples=20, deadline=None)
@given(matrices)
def test_the_same_values_have_the_same_interval(values: NDArray[np.float64]) -> None:
    """The draws have a fixed seed, so that a table is always the same."""
    once, twice = mean_intervals(values), mean_intervals(values)
    assert np.array_equal(once, twice)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(-10, 10))
def test_a_constant_moves_the_interval(seed: int, by: float) -> None:
    """Adding a constant to all values adds it to both ends."""
    values = np.random.default_rng(seed).normal(0, 1, (12, 2))
    low, high = mean_intervals(values)
    moved_low, moved_high = mean_intervals(values + by)
    assert moved_low == pytest.approx(low + by, abs=1e-3)
    assert moved_high == pytest.approx(high + by, abs=1e-3)


def test_columns_are_drawn_together() -> None:
    """The interval of a difference of columns that follow each other is that of their distance."""
    content = np.random.default_rng(1).normal(0, 10, 20)
    noise = np.random.default_rng(2).normal(0, 0.1, 20)
    low, high = mean_intervals(np.stack([content, content + 1 + noise], axis=1))
    difference_low, difference_high = mean_intervals((1 + noise)[:, None])
    assert (high - low).min() > 5
    assert difference_high[0] - difference_low[0] < 0.2


def test_one_extreme_pair_still_has_an_interval() -> None:
    """The interval contains the mean, and not the extreme value."""
    low, high = mean_intervals(np.array([[0.0]] * 30 + [[1.0]]))
    assert 0 <= low[0] <= 1 / 31 <= high[0] < 1


def test_where_the_correction_is_not_defined_percentiles_stand_in() -> None:
    """Where BCa is not defined, the ends are percentiles of the draws, the lower first.

    Here the cubes of the differences are zero.
    """
    low, high = mean_intervals(np.array([[0.0], [1e-323]]))
    assert (low[0], high[0]) == (0.0, 1e-323)


def test_a_constant_column_beside_others_is_its_own_interval() -> None:
    """Sums of the same number differ in their last digit; the interval does not."""
    values = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]])
    low, high = mean_intervals(values)
    assert low[0] == high[0] == 0.1 and low[1] < high[1]


@pytest.mark.parametrize("shape", [(0, 2), (1, 2), (1, 0), (5, 0)])
def test_without_two_pairs_there_is_no_interval(shape: tuple[int, int]) -> None:
    """Each column has two ends that are NaN."""
    low, high = mean_intervals(np.ones(shape))
    assert low.shape == high.shape == (shape[1],)
    assert np.isnan(low).all() and np.isnan(high).all()

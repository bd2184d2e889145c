"""Tests of differences between methods."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fusebench.statistics.significance import critical_difference, friedman, nemenyi, wilcoxon_holm
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.statistics.made import noisy, sample


@pytest.mark.parametrize(
    ("methods", "pairs"),
    [(2, 10), (1, 10), (0, 0), (3, 1)],
)
def test_friedman_needs_three_methods_and_two_pairs(methods: int, pairs: int) -> None:
    """With fewer, the result has only the numbers of methods and pairs."""
    found = friedman(sample(noisy(1, pairs, methods)))
    assert (found.methods, found.pairs if methods else 0) == (methods, pairs if methods else 0)
    assert np.isnan([found.statistic, found.p, found.critical_difference]).all()


def test_friedman_of_equal_values_is_no_number() -> None:
    """The result is NaN without a warning."""
    found = friedman(sample({m: [1.0, 2.0, 3.0] for m in "abc"}))
    assert np.isnan(found.p) and (found.methods, found.pairs) == (3, 3)


def test_friedman_of_three_methods_on_two_pairs() -> None:
    """The smallest case: the same order on both pairs has a chi-square of 4."""
    found = friedman(sample({"a": [1.0, 2.0], "b": [2.0, 3.0], "c": [3.0, 4.0]}))
    assert found.statistic == pytest.approx(4) and found.p == pytest.approx(np.exp(-2))


def test_friedman_knows_no_direction() -> None:
    """The result depends on whether methods differ, not on which is better."""
    columns = noisy(2)
    higher, lower = friedman(sample(columns, "SSIM")), friedman(sample(columns, "Q_CV"))
    assert higher == lower


@pytest.mark.parametrize(("methods", "blocks", "expected"), [(4, 14, 1.25), (5, 30, 1.11)])
def test_the_critical_difference_is_the_published_one(
    methods: int, blocks: int, expected: float
) -> None:
    """The values follow from q = 2.569 for four methods and 2.728 for five (Demšar, table 5)."""
    assert critical_difference(methods, blocks) == pytest.approx(expected, abs=0.005)


@given(st.integers(2, 40), st.integers(2, 500))
def test_more_blocks_tell_more_apart(methods: int, blocks: int) -> None:
    """The difference shrinks with the root of the blocks, and grows with the methods."""
    one = critical_difference(methods, blocks)
    assert critical_difference(methods, 4 * blocks) == pytest.approx(one / 2)
    assert critical_difference(methods + 1, blocks) > one


@pytest.mark.parametrize(
    ("columns", "metric"),
    [({"a": [1.0], "b": [2.0]}, "SSIM"), ({"a": [1.0, 2.0]}, "SSIM"), (noisy(1), "QSF")],
)
def test_without_a_best_method_or_pairs_no_p_is_known(
    columns: dict[str, list[float]], metric: str
) -> None:
    """Every method is in the result, with NaN."""
    p = wilcoxon_holm(sample(columns, metric))
    assert list(p.index) == list(columns) and p.isna().all()


def test_two_pairs_have_a_p() -> None:
    """The smallest p is 0.5: two of the four sign patterns are as extreme."""
    assert wilcoxon_holm(sample({"a": [1.0, 2.0], "b": [2.0, 4.0]}))["a"] == pytest.approx(0.5)


def test_the_best_method_has_no_p() -> None:
    """The best method is not compared with itself; one with the same values has p = 1."""
    columns = {**noisy(3), "twin": noisy(3)["m3"]}
    p = wilcoxon_holm(sample(columns))
    assert np.isnan(p["m3"]) and p["twin"] == 1
    assert set(p.index) == set(columns)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 6))
def test_holm_makes_no_p_smaller(seed: int, methods: int) -> None:
    """The adjusted p is at least the p of the single test, and at most 1."""
    columns = noisy(seed, 12, methods)
    several = wilcoxon_holm(sample(columns)).dropna()
    best = sample(columns).best or ""
    for method, p in several.items():
        alone = wilcoxon_holm(sample({best: columns[best], str(method): columns[str(method)]}))
        assert alone.dropna().iloc[0] <= p <= 1


def test_nemenyi_is_of_every_two_methods() -> None:
    """The table is symmetric, 1 on its diagonal, and named as the blocks."""
    blocks = pd.DataFrame(noisy(4, 10), columns=["m3", "m0", "m2", "m1"])
    p: Any = nemenyi(blocks)
    assert list(p.index) == list(p.columns) == ["m3", "m0", "m2", "m1"]
    assert np.allclose(p, p.T) and np.allclose(np.diag(p), 1)

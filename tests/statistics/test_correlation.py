"""Correlation between metrics by the order of the methods."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fusebench.statistics.correlation import metric_correlation
from hypothesis import given
from hypothesis import strategies as st

from tests.statistics.made import noisy, sample

rows = st.lists(
    st.lists(st.integers(-9, 9).map(float), min_size=4, max_size=4), min_size=3, max_size=5
)


def columns(values: list[list[float]]) -> dict[str, list[float]]:
    """Values of methods, from those of the pairs."""
    return {f"m{number}": list(column) for number, column in enumerate(zip(*values, strict=True))}


@given(rows, rows)
def test_it_is_a_correlation(one: list[list[float]], two: list[list[float]]) -> None:
    """The table is symmetric, on -1..1, and 1 on its diagonal, unless nothing varies."""
    size = min(len(one), len(two))
    table = metric_correlation(
        [sample(columns(one[:size]), "EN"), sample(columns(two[:size]), "SD")]
    )
    found = table.to_numpy()
    assert np.array_equal(found, found.T, equal_nan=True)
    known = found[np.isfinite(found)]
    assert (np.abs(known) <= 1 + 1e-12).all()
    assert np.diag(found)[np.isfinite(np.diag(found))] == pytest.approx(1)


def test_the_content_of_the_pairs_is_no_agreement() -> None:
    """Both metrics follow the pairs, and order the methods in opposite ways."""
    content = np.arange(20.0) * 100
    up = {f"m{k}": (content + k).tolist() for k in range(3)}
    down = {f"m{k}": (content - k).tolist() for k in range(3)}
    table: Any = metric_correlation([sample(up, "EN"), sample(down, "SD")])
    assert table.loc["EN", "SD"] == pytest.approx(-1)


def test_datasets_are_taken_together() -> None:
    """Agreement on one and disagreement on the other cancel each other out."""
    up, down = noisy(1), {m: [-v for v in values] for m, values in noisy(1).items()}
    table: Any = metric_correlation(
        [
            sample(up, "EN"),
            sample(up, "SD"),
            sample(up, "EN", dataset="e"),
            sample(down, "SD", dataset="e"),
        ]
    )
    assert list(table) == ["EN", "SD"] and table.loc["EN", "SD"] == pytest.approx(0, abs=1e-9)


def test_metrics_of_no_common_dataset_do_not_correlate() -> None:
    """Metrics of different datasets have no correlation."""
    table: Any = metric_correlation([sample(noisy(1), "EN"), sample(noisy(1), "SD", dataset="e")])
    assert np.isnan(table.loc["EN", "SD"]) and table.loc["EN", "EN"] == pytest.approx(1)


def test_a_flat_metric_orders_nothing() -> None:
    """Its ranks do not vary, so it has no correlation, not even with itself."""
    flat = {m: [1.0, 2.0, 3.0] for m in "abc"}
    table: Any = metric_correlation([sample(flat, "EN"), sample(noisy(1, 3, 3), "SD")])
    assert np.isnan(table.loc["EN"]).all()


def test_metrics_may_lack_methods() -> None:
    """Metrics are compared over the methods that both have."""
    full = noisy(2)
    part = {m: full[m] for m in ("m0", "m3")}
    table: Any = metric_correlation([sample(full, "EN"), sample(part, "SD")])
    assert table.loc["EN", "SD"] > 0.5


def test_nothing_is_an_empty_table() -> None:
    """A comparison without any metric has no correlations."""
    assert metric_correlation([]).empty

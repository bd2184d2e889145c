"""Means of per-image values, and the same means from a table's statistics."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from fusebench.compare.files import read_measures
from fusebench.compare.means import Mean, known_reasons, means_of, read_means
from fusebench.statistics.files import write_statistics
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.made import long

EN = ("d", "a", "EN", "canonical")
values = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=20)


@given(values)
def test_a_mean_is_of_the_images_that_have_a_value(found: list[float | None]) -> None:
    """A mean counts the images that have a value; without any there is no mean."""
    mean = means_of(long({("a", "EN"): found}))[EN]
    known = [value for value in found if value is not None]
    assert mean.measured == len(known)
    assert mean.reason == ("flat" if len(known) < len(found) else "")
    if known:
        assert mean.value == pytest.approx(statistics.fmean(known), rel=1e-9, abs=1e-6)
    else:
        assert mean.value is None


def test_no_values_are_no_means() -> None:
    """Without rows there are no means, also for a table that has only heads."""
    assert means_of(long({})) == {} and means_of(read_measures([])) == {}


def test_each_reason_is_told_once() -> None:
    """Reasons come in their order, each once, those of values too; an empty one is left out."""
    measures = long({("a", "EN"): [None] * 4 + [1.0], ("b", "EN"): [None]})
    measures["reason"] = ["flat", "small", "flat", "", "has a value", ""]
    assert known_reasons(measures) == {EN: "flat; small; has a value"}


def test_reasons_may_be_unknown() -> None:
    """A table without the column has no reasons, nor has one without missing values."""
    measures = long({("a", "EN"): [None, 1.0]})
    assert known_reasons(measures.drop(columns="reason")) == {}
    assert known_reasons(long({("a", "EN"): [1.0]})) == {}
    assert means_of(measures.drop(columns="reason"))[EN] == Mean(1.0, 1)


def test_the_means_of_the_statistics_are_those_of_the_values(tmp_path: Path) -> None:
    """Value, count and reason are the same; deviation, interval and tie are added."""
    measures = long(
        {
            ("a", "EN"): [1.0, 2.0, 4.0],
            ("b", "EN"): [2.0, 3.0, 5.0],
            ("01", "EN"): [1.0, None, 3.0],
            ("NA", "EN"): [None, None, None],
        }
    )
    write_statistics(tmp_path, measures, {"d": ["EN"]})
    read, plain = read_means(tmp_path / "summary.csv"), means_of(measures)
    assert read.keys() == plain.keys()
    for key, mean in plain.items():
        assert (read[key].value, read[key].measured) == (mean.value, mean.measured)
        assert read[key].reason == mean.reason
    best, other = read["d", "b", "EN", "canonical"], read[EN]
    assert best.std == pytest.approx(statistics.stdev([2.0, 3.0, 5.0]))
    assert best.interval and best.interval[0] < 10 / 3 < best.interval[1]
    assert (best.tied, other.tied) == (False, True)
    incomplete = read["d", "01", "EN", "canonical"]
    assert (incomplete.interval, incomplete.tied) == (None, False)


def test_a_single_pair_has_neither_deviation_nor_interval(tmp_path: Path) -> None:
    """What is unknown is None, not NaN."""
    write_statistics(tmp_path, long({("a", "EN"): [1.0], ("b", "EN"): [2.0]}), {"d": ["EN"]})
    mean = read_means(tmp_path / "summary.csv")[EN]
    assert (mean.value, mean.measured, mean.std, mean.interval) == (1.0, 1, None, None)

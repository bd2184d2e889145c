"""Exponential and arctangent of the edge metrics, against those of the C library."""

from __future__ import annotations

import math

import pytest
from fusebench.metrics.elementary import bounded_exponential, quotient_angle
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.measuring import examples

NUMBERS = st.floats(-1500, 1500).filter(lambda number: number == 0 or abs(number) > 1e-6)


@examples
@given(st.floats(-40, 40))
def test_the_exponential_is_that_of_the_library(x: float) -> None:
    """The relative error is below 1e-13 over the whole range of the approximation."""
    assert bounded_exponential(x) == pytest.approx(math.exp(x), rel=1e-13)


@pytest.mark.parametrize("x", [-40.0, -41.0, -700.0, -1e300])
def test_the_exponential_is_bounded_below(x: float) -> None:
    """Far below zero the value stays exp(-40), which adds nothing to 1."""
    assert bounded_exponential(x) == bounded_exponential(-40.0)
    assert 1 + bounded_exponential(x) == pytest.approx(1, abs=1e-15)


@examples
@given(NUMBERS, NUMBERS.filter(bool))
def test_the_angle_is_that_of_the_quotient(y: float, x: float) -> None:
    """It is atan(y / x) in every quadrant, not the angle of the point."""
    assert quotient_angle(y, x) == pytest.approx(math.atan(y / x), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("y", [-3.0, 0.0, 3.0])
def test_nothing_across_is_a_right_angle(y: float) -> None:
    """Where x is 0 the angle is pi / 2, for any y, also for 0."""
    assert quotient_angle(y, 0.0) == math.pi / 2


@pytest.mark.parametrize(
    ("y", "x", "angle"),
    [
        (1.0, 1.0, math.pi / 4),
        (-1.0, 1.0, -math.pi / 4),
        (1.0, -1.0, -math.pi / 4),
        (-1.0, -1.0, math.pi / 4),
        (0.0, 5.0, 0.0),
        (math.sqrt(3), 1.0, math.pi / 3),
        (1.0, math.sqrt(3), math.pi / 6),
    ],
)
def test_known_angles(y: float, x: float, angle: float) -> None:
    """The sign is that of the quotient, and the three parts of the range join."""
    assert quotient_angle(y, x) == pytest.approx(angle, rel=1e-14, abs=1e-16)

"""The colour deviation: the mean angle between the colours of two images."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from fusebench.evidence.colour import colour_deviation
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.metrics.measuring import examples

Colour = tuple[int, int, int]


def image(*colours: Colour) -> NDArray[np.uint8]:
    """Return an image of one row."""
    return np.array([colours], np.uint8)


def noise(seed: int) -> NDArray[np.uint8]:
    """Return an image of random colours, some of them black."""
    return np.random.RandomState(seed).choice([0, 1, 40, 255], (5, 6, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("visible", "fused", "radians"),
    [
        ((10, 20, 30), (10, 20, 30), 0),
        ((10, 20, 30), (20, 40, 60), 0),
        ((200, 0, 0), (0, 90, 0), math.pi / 2),
        ((100, 0, 0), (100, 100, 0), math.pi / 4),
        ((255, 255, 255), (255, 0, 0), math.acos(1 / math.sqrt(3))),
        ((3, 4, 0), (4, 3, 0), math.acos(24 / 25)),
        ((0, 0, 0), (9, 9, 9), 0),
        ((9, 9, 9), (0, 0, 0), 0),
    ],
)
def test_angles_of_known_colours(visible: Colour, fused: Colour, radians: float) -> None:
    """Brightness does not matter, and black has no colour to deviate from."""
    assert colour_deviation(image(visible), image(fused)) == pytest.approx(radians, abs=1e-3)


def test_black_pixels_count_in_the_mean() -> None:
    """One right angle and three pixels that are black in one of the images give a quarter of it."""
    visible = image((9, 0, 0), (0, 0, 0), (5, 5, 5), (0, 0, 0))
    fused = image((0, 9, 0), (7, 7, 7), (0, 0, 0), (0, 0, 0))
    assert colour_deviation(visible, fused) == pytest.approx(math.pi / 8, abs=1e-6)


def test_images_without_any_colour_do_not_deviate() -> None:
    """There is no division by the length of black, and no warning."""
    black = np.zeros((3, 4, 3), np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert colour_deviation(black, black) == 0


@examples
@given(st.integers(0, 2**31))
def test_a_deviation_is_a_mean_of_angles_up_to_a_right_one(seed: int) -> None:
    """A deviation is 0 to pi/2, whichever image is called visible.

    Beside itself an image has 0, but for rounding.
    """
    visible, fused = noise(seed), noise(seed + 1)
    found = colour_deviation(visible, fused)
    assert 0 <= found <= math.pi / 2 + 1e-6
    assert colour_deviation(fused, visible) == pytest.approx(found)
    assert colour_deviation(visible, visible) < 1e-3


@examples
@given(st.integers(0, 2**31))
def test_float32_moves_the_last_digits_only(seed: int) -> None:
    """The original's arithmetic is within a thousandth of the exact formula."""
    visible, fused = (noise(seed + index).astype(float) for index in (0, 1))
    lengths = np.linalg.norm(visible, axis=2) * np.linalg.norm(fused, axis=2)
    cosine = np.divide(
        (visible * fused).sum(axis=2), lengths, out=np.ones_like(lengths), where=lengths > 0
    )
    exact = np.arccos(np.clip(cosine, -1, 1)).mean()
    found = colour_deviation(visible.astype(np.uint8), fused.astype(np.uint8))
    assert found == pytest.approx(exact, abs=1e-3)

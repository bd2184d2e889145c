"""Linear filters, each compared with the plain sum that it replaces."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from fusebench.metrics import filters
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.measuring import Pixels, examples, images, rows

ODD = st.sampled_from([3, 5, 7, 11])
SIGMA = st.floats(0.4, 4)


def windows(image: Pixels, size: int) -> Pixels:
    """Return every window that fits, ``(rows, columns, size, size)``."""
    return np.lib.stride_tricks.sliding_window_view(image, (size, size))


def weighted(image: Pixels, taps: Pixels) -> Pixels:
    """Return the sum over every window that fits, weighted with the outer product of the taps."""
    return np.asarray(np.einsum("rcij,i,j->rc", windows(image, len(taps)), taps, taps))


@examples
@given(st.integers(1, 21), SIGMA)
def test_a_gaussian_is_symmetric_and_sums_to_one(size: int, sigma: float) -> None:
    """For odd and even sizes, the taps fall off from the middle as exp(-x^2 / 2 sigma^2)."""
    taps = filters.gaussian(size, sigma)
    assert taps.sum() == pytest.approx(1)
    assert taps.tolist() == pytest.approx(taps[::-1].tolist())
    offsets = np.arange(size) - (size - 1) / 2
    for (x, tap), (y, next_tap) in pairwise(zip(offsets, taps, strict=True)):
        assert next_tap / tap == pytest.approx(math.exp((x * x - y * y) / (2 * sigma * sigma)))


def test_three_taps_of_sigma_one() -> None:
    """The neighbours of the middle have exp(-1/2) of its weight."""
    side = math.exp(-0.5)
    expected = np.array([side, 1, side]) / (1 + 2 * side)
    assert filters.gaussian(3, 1.0).tolist() == pytest.approx(expected.tolist())
    assert filters.gaussian(1, 1.0).tolist() == [1.0]


@examples
@given(images(14, 17), ODD, SIGMA)
def test_valid_windows_are_weighted_with_the_outer_product(
    drawn: Pixels, size: int, sigma: float
) -> None:
    """There is one value for each window that fits: the weighted sum over that window."""
    taps = filters.gaussian(size, sigma)
    found = filters.separable_valid(drawn[0], taps)
    assert found.shape == (15 - size, 18 - size)
    np.testing.assert_allclose(found, weighted(drawn[0], taps), rtol=1e-12, atol=1e-9)


@examples
@given(images(14, 17, count=2), ODD)
def test_single_rows_are_those_of_the_whole(drawn: Pixels, size: int) -> None:
    """The loops over single rows give the rows of the filtered image and filtered product."""
    x, y = drawn
    taps = filters.gaussian(size, 1.5)
    scratch, row = np.empty(17), np.empty(18 - size)
    image, product = (filters.separable_valid(plain, taps) for plain in (x, x * y))
    for top in (0, 14 - size):
        filters.image_row(x, top, taps, scratch, row)
        np.testing.assert_allclose(row, image[top], rtol=1e-12)
        filters.product_row(x, y, top, taps, scratch, row)
        np.testing.assert_allclose(row, product[top], rtol=1e-12)


@pytest.mark.parametrize(
    ("replicate", "expected"),
    [(False, [[2, 3, 0], [5, 6, 0]]), (True, [[2, 3, 3], [5, 6, 6]])],
)
def test_the_same_size_with_zeros_or_the_border_outside(
    replicate: bool, expected: list[list[float]]
) -> None:
    """Taps are correlated, not reversed: the last tap weighs the next pixel.

    Pixels outside are zeros, or repeat the border.
    """
    image = rows([1, 2, 3], [4, 5, 6])
    following, itself = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    found = filters.separable_same(image, following, itself, replicate=replicate)
    assert found.tolist() == expected


def test_horizontal_and_vertical_taps_are_two() -> None:
    """The first taps go along rows, the second along columns."""
    image = rows([1, 2, 3], [4, 5, 6], [7, 8, 9])
    following, itself = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    assert filters.separable_same(image, itself, following).tolist() == [
        [4, 5, 6],
        [7, 8, 9],
        [0, 0, 0],
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_box_sums_are_sums_over_windows(size: int) -> None:
    """Box sums are right for odd and even sizes, only where the window fits."""
    image = np.random.RandomState(size).randint(0, 256, (9, 12)).astype(float)
    found = filters.box_sums_valid(image, size)
    assert found.shape == (10 - size, 13 - size)
    np.testing.assert_allclose(found, windows(image, size).sum(axis=(2, 3)))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (rows([1, 3], [5, 7]), [[4]]),
        (rows([1, 3, 5], [5, 7, 9]), [[4, 7]]),
        (rows([2, 4], [6, 8], [10, 20]), [[5], [15]]),
        (rows([9]), [[9]]),
    ],
)
def test_halving_takes_means_and_repeats_the_last(
    image: Pixels, expected: list[list[float]]
) -> None:
    """Each pixel is the mean of 2 x 2; an odd side repeats its last row or column."""
    assert filters.halve(image).tolist() == expected


@examples
@given(ODD, SIGMA)
def test_the_ordered_gaussian_is_the_outer_product(size: int, sigma: float) -> None:
    """It sums to 1, and differs from the outer product only in the last places, as intended."""
    window = filters.ordered_gaussian(size, sigma)
    taps = filters.gaussian(size, sigma)
    np.testing.assert_allclose(window, np.outer(taps, taps), rtol=1e-12)
    assert window.sum() == pytest.approx(1, abs=1e-15)


def test_the_ordered_filter_convolves() -> None:
    """The window is turned as in Octave's ``conv2``: a single pixel gives the window itself.

    A correlation would give the turned window.
    """
    impulse, window = np.zeros((5, 5)), np.arange(9.0).reshape(3, 3)
    impulse[2, 2] = 1
    np.testing.assert_array_equal(filters.ordered_valid(impulse, window), window)


@examples
@given(images(12, 9), ODD.filter(lambda size: size < 9))
def test_the_order_of_additions_changes_the_last_places_only(drawn: Pixels, size: int) -> None:
    """Ordered and separable filters agree up to rounding."""
    found = filters.ordered_valid(drawn[0], filters.ordered_gaussian(size, 1.5))
    expected = filters.separable_valid(drawn[0], filters.gaussian(size, 1.5))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)


def test_a_window_that_is_flat_is_added_up_alike_everywhere() -> None:
    """The ordered filter gives every pixel of a flat image the same value, to the last bit."""
    filtered = filters.ordered_valid(np.full((20, 20), 93.0), filters.ordered_gaussian(7, 1.5))
    assert np.ptp(filtered) == 0


@pytest.mark.parametrize("wanted", ["many", "-1", "2.5"])
def test_a_number_of_threads_that_is_none_is_one(
    monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    """A wrong ``OMP_NUM_THREADS`` means one thread; it never stops a measurement."""
    import cv2

    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    filters.use_threads_of_job()
    assert cv2.getNumThreads() == 1

"""Wang's multi-scale quality: the Haar step, and values of known images."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.metrics.wavelets import _haar, detail_bands
from hypothesis import given

from tests.metrics.measuring import (
    Pixels,
    assert_changed,
    assert_unchanged,
    examples,
    flat,
    image_of,
    images,
    ordinary_scene,
    refusal,
    rows,
    value,
)


def test_one_step_of_four_pixels() -> None:
    """The bands are half the sums and differences of 2 x 2: horizontal, vertical and diagonal."""
    approximation, (horizontal, vertical, diagonal) = _haar(rows([1, 2], [4, 9]))
    assert approximation.tolist() == [[8]]
    assert (horizontal.item(), vertical.item(), diagonal.item()) == (-5, -3, 2)


@examples
@given(images(6, 8))
def test_the_step_is_orthonormal(drawn: Pixels) -> None:
    """The step keeps the energy of the image, and agrees with PyWavelets."""
    import pywt

    approximation, details = _haar(drawn[0])
    energy = sum((band**2).sum() for band in (approximation, *details))
    assert energy == pytest.approx((drawn[0] ** 2).sum())
    theirs, (across, along, diagonal) = pywt.dwt2(drawn[0], "haar")
    for found, expected in zip(
        (approximation, *details), (theirs, across, along, diagonal), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_an_odd_row_is_left_out() -> None:
    """A pixel without a neighbour has no detail, at either scale."""
    image = np.random.RandomState(0).randint(0, 256, (8, 8)).astype(float)
    larger = np.pad(image, ((0, 1), (0, 1)), constant_values=77)
    for found, expected in zip(
        detail_bands(image_of(larger)), detail_bands(image_of(image)), strict=True
    ):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_identical_images_keep_three_bands() -> None:
    """Each preserved band counts 1, so the best value is 3."""
    a, _, _ = ordinary_scene()
    assert value("Q_M", a, a, a) == pytest.approx(3)


@examples
@given(images(9, 10, count=3))
def test_the_range_is_zero_to_three(drawn: Pixels) -> None:
    """Any images with detail at both scales have a value on 0..3.

    The sources count by their energy, not by their order.
    """
    a, b, fused = drawn
    bands = [detail_bands(image_of(source)) for source in (a, b)]
    if all(any(band.any() for of in bands for band in of[scale]) for scale in (0, 1)):
        found = value("Q_M", a, b, fused)
        assert 0 <= found <= 3
        assert value("Q_M", b, a, fused) == pytest.approx(found)


def test_a_source_without_detail_has_no_weight() -> None:
    """Preserving the other source gives the best value."""
    a, _, _ = ordinary_scene()
    assert value("Q_M", a, np.full_like(a, 80.0), a) == pytest.approx(3)


def test_both_scales_count_with_their_exponents() -> None:
    """Where only detail of the fine scale is lost, only the first factor changes.

    The factors are those of Q_1^(2/3) Q_2^(1/3).
    """
    a = np.tile(rows([0, 0, 100, 100]), (8, 4))
    a[::2] += 20
    fused = a.copy()
    # The rows differ at the fine scale only; what they add to the coarse one is the same
    # everywhere.
    fused[::2] -= 20
    fine = (1 + 1 + math.exp(-20)) / 1
    assert value("Q_M", a, a, fused) == pytest.approx(fine ** (2 / 3) * 3 ** (1 / 3))


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_differences_count_in_gray_levels(levels: float) -> None:
    """A band that is off by d levels counts exp(-d), whatever its strength."""
    image = np.arange(16.0).reshape(4, 4) * 8
    image[::2, ::2] += 10
    fused = image.copy()
    # Each fine band differs by this many levels, the coarse ones not at all.
    fused[::2, ::2] += 2 * levels
    found = value("Q_M", image, image, fused)
    assert found == pytest.approx((3 * math.exp(-levels)) ** (2 / 3) * 3 ** (1 / 3))


def test_brightness_and_direction_do_not_matter_but_contrast_does() -> None:
    """Brightness does not matter, nor does mirroring of an image with even sides.

    Half the contrast is nearer in gray levels.
    """
    for change in ("brighter", "inverted", "mirrored", "upside down", "transposed"):
        assert_unchanged("Q_M", change)
    for change in ("half contrast", "shuffled"):
        assert_changed("Q_M", change, 0.1)


def test_two_scales_need_four_pixels_with_detail() -> None:
    """Smaller images and flat images are refused."""
    small = rows([1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 3])
    assert refusal("Q_M", small, small, small) == (
        "needs images of at least 4 x 4 pixels, found 4 x 3"
    )
    told = "has no value: neither source has detail at this scale"
    assert refusal("Q_M", flat(1), flat(2), ordinary_scene()[2][:48, :56]) == told
    check = np.tile(rows([0, 10], [10, 0]), (4, 4))
    assert refusal("Q_M", check, check, check) == told

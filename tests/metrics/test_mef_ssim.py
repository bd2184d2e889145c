"""MEF-SSIM: the wanted patch of known sources, and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.metrics import mef_ssim
from hypothesis import given

from tests.metrics.measuring import (
    Pixels,
    assert_changed,
    assert_unchanged,
    examples,
    flat,
    images,
    ordinary_scene,
    refusal,
    value,
)

C = (0.03 * 255) ** 2


def noise(seed: int = 0, side: int = 64) -> Pixels:
    """Return an image with texture in every window."""
    return np.random.RandomState(seed).randint(0, 256, (side, side)).astype(float)


def test_identical_images_are_entirely_similar() -> None:
    """The value is 1, with or without texture."""
    a, _, _ = ordinary_scene()
    assert value("MEF-SSIM", a, a, a) == pytest.approx(1, abs=1e-6)
    assert value("MEF-SSIM", flat(10), flat(200), flat(90)) == pytest.approx(1)


def test_exponents_sum_to_one() -> None:
    """The exponents are three of the five of MS-SSIM, in the same ratios."""
    assert mef_ssim.SCALE_WEIGHTS.sum() == pytest.approx(1)
    assert mef_ssim.SCALE_WEIGHTS[1] / mef_ssim.SCALE_WEIGHTS[0] == pytest.approx(0.2856 / 0.0448)


def test_sources_may_change_places() -> None:
    """Both exposures are weighted by their contrast."""
    a, b, fused = ordinary_scene()
    found = value("MEF-SSIM", a, b, fused)
    assert value("MEF-SSIM", b, a, fused) == pytest.approx(found, rel=1e-12)
    assert value("MS_SSIM@tang", a, b, fused) == found


def test_brightness_is_left_to_other_metrics() -> None:
    """Each of the three images may have its own level, because exposures have different levels.

    The sign of all three may change.
    """
    a, b, fused = (image / 2 for image in ordinary_scene())
    found = value("MEF-SSIM", a, b, fused)
    for images_ in ((a + 50, b, fused), (a, b + 90, fused), (a, b, fused + 120)):
        assert value("MEF-SSIM", *images_) == pytest.approx(found, rel=1e-9)
    for change in ("inverted", "mirrored", "upside down", "transposed"):
        assert_unchanged("MEF-SSIM", change)
    assert_changed("MEF-SSIM", "half contrast", 0.01)
    assert_changed("MEF-SSIM", "shuffled", 0.05)


def test_of_a_flat_exposure_nothing_has_to_be_kept() -> None:
    """A window without contrast in B has the structure of A, at its contrast."""
    a = noise()
    assert value("MEF-SSIM", a, np.full_like(a, 128.0), a) == pytest.approx(1, abs=1e-3)
    assert value("MEF-SSIM", a, np.full_like(a, 128.0), np.full_like(a, 128.0)) < 0.1


def test_the_strongest_contrast_is_wanted() -> None:
    """The stronger of two contrasts of one structure is preferred to the weaker and the mean."""
    strong = noise() / 2 + 64
    weak = (strong - 128) / 4 + 128
    values = [
        value("MEF-SSIM", strong, weak, image) for image in (strong, (strong + weak) / 2, weak)
    ]
    assert values[0] == pytest.approx(1, abs=1e-3)
    assert values[0] > values[1] > values[2] > 0.3


def test_a_structure_of_the_opposite_sign_is_worth_nothing() -> None:
    """A negative similarity is cut off at 0 before its exponent."""
    a = noise()
    assert value("MEF-SSIM", a, a, 255 - a) == 0


@examples
@given(images(44, 46, count=3))
def test_the_range_is_zero_to_one(drawn: Pixels) -> None:
    """Every value lies on 0..1."""
    assert 0 <= value("MEF-SSIM", *drawn) <= 1 + 1e-9


@pytest.mark.parametrize(("height", "width"), [(43, 60), (60, 43)])
def test_three_scales_need_forty_four_pixels(height: int, width: int) -> None:
    """The window of 11 has to fit at a quarter of the size."""
    image = flat(9, height, width)
    told = f"needs images of at least 44 x 44 pixels, found {height} x {width}"
    assert refusal("MEF-SSIM", image, image, image) == told
    assert math.isfinite(value("MEF-SSIM", *(3 * [noise(0, 44)])))


@pytest.mark.parametrize(
    ("variance_a", "variance_b", "covariance", "strength"),
    [(400, 100, 0, 20.001), (100, 400, 200, 20.001), (0, 0, 0, 0.001), (100, 100, -100, 10.001)],
)
def test_the_strength_is_the_larger_norm(
    variance_a: float, variance_b: float, covariance: float, strength: float
) -> None:
    """A norm is the root of the variance summed over the window, plus 0.001."""
    found = mef_ssim._consistency_weights(float(variance_a), float(variance_b), float(covariance))
    assert found[2] == pytest.approx(strength)


def test_consistent_patches_take_the_stronger() -> None:
    """Patches of one structure have the exponent 10, so that the stronger takes all the weight.

    Opposite patches weigh the same.
    """
    factor_a, factor_b, _ = mef_ssim._consistency_weights(400.0, 100.0, 200.0)
    assert factor_a == pytest.approx(1 / 20.001, rel=2e-3) and factor_b < 1e-3 / 10
    factor_a, factor_b, _ = mef_ssim._consistency_weights(100.0, 100.0, -100.0)
    assert factor_a == factor_b == pytest.approx(0.5 / 10.001)


def test_quality_of_one_window() -> None:
    """The quality is (2 s_WF + C) / (s_W^2 + s_F^2 + C), where W is the wanted patch.

    With two equal sources, W is the source itself.
    """
    spread, count = 25.0, 121.0
    sums = np.array([count * 10, count * 10, *(3 * [count * (100 + spread)])]).reshape(5, 1, 1)
    means = [10.0, 10.0, 20.0]
    fused_square, shared = 400 + 9.0, 200 + 12.0
    squares = [100 + spread, 100 + spread, fused_square, 100 + spread, shared, shared]
    weighted = np.array([*means, *squares]).reshape(9, 1, 1)
    expected = (2 * 12 + C) / (spread + 9 + C)
    assert mef_ssim._quality(sums, weighted, 0.0) == pytest.approx(expected, rel=1e-3)

"""Metrics of means, variances and correlations: values worked out by hand, bounds, invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.errors import MetricError
from fusebench.metrics.moments import correlation_coefficient, decibels
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.measuring import (
    Pixels,
    assert_changed,
    assert_unchanged,
    examples,
    flat,
    images,
    ordinary_scene,
    refusal,
    rows,
    value,
)

CORRELATIONS = ("CC", "SCD", "QNCIE@ivif-zoo")
ERRORS = ("MSE", "PSNR", "MSE@tang", "PSNR@tang", "Rmse@vifb", "Psnr@vifb", "PSNR@mean")
ZERO = flat(0, 2, 2)
SCD_OF_THREE = -30 / math.sqrt(24 * 42) + 150 / math.sqrt(312 * 114)
"""r(F - B, A) + r(F - A, B) of three pixels, worked out by hand."""


@examples
@given(images(5, 6, count=2))
def test_correlation_is_pearsons(drawn: Pixels) -> None:
    """The value is numpy's; there is none where one image is constant."""
    x, y = drawn
    found = correlation_coefficient(x, y)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(np.corrcoef(x.ravel(), y.ravel())[0, 1], abs=1e-12)


@examples
@given(images(4, 5, count=2), st.floats(0.1, 9), st.floats(-1000, 1000))
def test_correlation_sees_neither_offset_nor_scale(
    drawn: Pixels, scale: float, offset: float
) -> None:
    """A linear change of one image changes nothing; a negative factor changes the sign."""
    x, y = drawn
    found = correlation_coefficient(x, y)
    if not math.isnan(found):
        assert correlation_coefficient(scale * x + offset, y) == pytest.approx(found, abs=1e-7)
        assert correlation_coefficient(x, offset - scale * y) == pytest.approx(-found, abs=1e-7)


def test_correlation_of_nearly_constant_images_does_not_cancel() -> None:
    """Sums are taken from near the mean, so one gray level on top of a million counts exactly."""
    x = np.full((100, 100), 1e6)
    x[:50] += 1
    assert correlation_coefficient(x, x) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "fused", "deviation"),
    [
        ("SD", rows([0, 2]), 1),
        ("SD@sample", rows([0, 2]), math.sqrt(2)),
        ("SD", rows([2, 4, 4, 4], [5, 5, 7, 9]), 2),
        ("SD@sample", rows([2, 4, 4, 4], [5, 5, 7, 9]), math.sqrt(32 / 7)),
        ("SD", flat(9, 3, 3), 0),
        ("SD@tang-uint8", rows([0, 255]), math.sqrt(255 / 2)),
        ("SD@tang-uint8", rows([0, 10]), math.sqrt(25 / 2)),
        ("SD@tang-uint8", flat(9, 3, 3), 0),
    ],
)
def test_deviations_of_known_images(name: str, fused: Pixels, deviation: float) -> None:
    """Population, sample and uint8 deviation have the values worked out by hand.

    uint8 arithmetic loses all values below the mean, and squares above 255.
    """
    assert value(name, fused, fused, fused) == pytest.approx(deviation)


def test_a_sample_has_two_pixels() -> None:
    """One pixel has a deviation of 0, but no sample deviation."""
    one = rows([7])
    assert refusal("SD@sample", one, one, one) == "needs at least two pixels"
    assert value("SD", one, one, one) == 0


@pytest.mark.parametrize("name", ["SD", "SD@sample"])
def test_deviation_is_of_the_fused_image_alone(name: str) -> None:
    """Sources, positions and brightness do not matter; half the contrast is half the deviation."""
    a, b, fused = ordinary_scene()
    assert value(name, b, fused, fused) == value(name, a, b, fused)
    for change in ("shuffled", "brighter", "inverted"):
        assert_unchanged(name, change)
    assert value(name, a, b, fused / 2) == pytest.approx(value(name, a, b, fused) / 2)


def test_deviation_in_uint8_arithmetic_is_not_that_of_the_inverted_image() -> None:
    """Only what is brighter than the mean is counted."""
    assert_changed("SD@tang-uint8", "inverted", 0.05)


@pytest.mark.parametrize("name", [*CORRELATIONS, *ERRORS])
def test_sources_may_change_places_and_pixels_too(name: str) -> None:
    """Whole-image statistics depend neither on the order of the sources nor on positions."""
    a, b, fused = ordinary_scene()
    assert value(name, b, a, fused) == pytest.approx(value(name, a, b, fused), rel=1e-12)
    for change in ("shuffled", "brighter", "inverted"):
        assert_unchanged(name, change)


@pytest.mark.parametrize("name", CORRELATIONS)
def test_correlations_do_not_see_contrast(name: str) -> None:
    """Correlations do not change with contrast; errors in gray levels do."""
    assert_unchanged(name, "half contrast")


@pytest.mark.parametrize("name", ERRORS)
def test_errors_see_contrast(name: str) -> None:
    """Errors are in gray levels, or in decibels of gray levels."""
    assert_changed(name, "half contrast", 0.01)


def test_the_peak_of_the_fused_image_makes_a_ratio_of_it() -> None:
    """CDDFuse's PSNR depends on brightness, through its peak.

    It does not depend on contrast, which changes peak and error by the same factor.
    """
    assert_unchanged("PSNR@cddfuse", "half contrast")
    assert_changed("PSNR@cddfuse", "brighter", 0.001)


@pytest.mark.parametrize(
    ("name", "a", "b", "fused", "expected"),
    [
        ("CC", rows([1, 2, 3]), rows([2, 4, 6]), rows([5, 6, 7]), 1),
        ("CC", rows([1, 2, 3]), rows([3, 2, 1]), rows([5, 6, 7]), 0),
        ("CC", rows([3, 2, 1]), rows([3, 2, 1]), rows([5, 6, 7]), -1),
        ("SCD", rows([1, 0, 3]), rows([0, 5, 2]), rows([1, 5, 5]), 2),
        ("SCD", rows([1, 0, 3]), rows([0, 5, 2]), rows([4, 9, 4]), SCD_OF_THREE),
        ("QNCIE@ivif-zoo", rows([1, 2, 3]), rows([2, 4, 6]), rows([5, 6, 7]), 1),
        ("QNCIE@ivif-zoo", rows([1, 2, 3]), rows([3, 2, 1]), rows([5, 6, 7]), 1),
    ],
)
def test_correlations_of_known_images(
    name: str, a: Pixels, b: Pixels, fused: Pixels, expected: float
) -> None:
    """The values reach both ends of each range, and a sum of the sources has the best SCD.

    Linear information does not depend on the sign.
    """
    assert value(name, a, b, fused) == pytest.approx(expected, abs=1e-4)


@examples
@given(images(4, 5, count=2, highest=127))
def test_the_sum_of_the_sources_has_the_best_scd(drawn: Pixels) -> None:
    """For a sum of any sources, F - B is A."""
    a, b = drawn
    if np.ptp(a) and np.ptp(b):
        assert value("SCD", a, b, a + b) == pytest.approx(2)


@pytest.mark.parametrize(
    ("name", "a", "b", "fused", "told"),
    [
        ("CC", flat(1, 1, 3), rows([1, 2, 3]), rows([1, 2, 3]), "source A is constant"),
        ("CC", rows([1, 2, 3]), rows([1, 2, 3]), flat(1, 1, 3), "the fused image is constant"),
        ("SCD", rows([1, 2, 3]), flat(1, 1, 3), rows([4, 6, 5]), "source B is constant"),
        (
            "SCD",
            rows([1, 2, 3]),
            rows([1, 3, 2]),
            rows([2, 4, 3]),
            "the fused image minus source B is constant",
        ),
        ("QNCIE@ivif-zoo", flat(1, 1, 3), rows([1, 2, 3]), rows([1, 2, 3]), "a source is constant"),
    ],
)
def test_nothing_correlates_with_a_constant(
    name: str, a: Pixels, b: Pixels, fused: Pixels, told: str
) -> None:
    """The message names the constant image, or the difference of two images."""
    expected = f"has no value: {told}, so nothing correlates with it"
    assert refusal(name, a, b, fused) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MSE", (1 + 9) / 2),
        ("MSE@tang", 5 / 255**2),
        ("PSNR", 10 * math.log10(255**2 / 5)),
        ("PSNR@tang", 10 * math.log10(255**2 * 255**2 / 5)),
        ("PSNR@cddfuse", 10 * math.log10(3**2 / 5)),
        ("PSNR@mean", (10 * math.log10(255**2) + 10 * math.log10(255**2 / 9)) / 2),
        ("Rmse@vifb", (math.sqrt(4) / 4 + math.sqrt(36) / 4) / 2),
        ("Psnr@vifb", 20 * math.log10(255 / math.sqrt(1.0))),
    ],
)
def test_errors_of_known_images(name: str, expected: float) -> None:
    """The fused level 3 differs by 1 from A and by 3 from B in each of four pixels."""
    assert value(name, flat(2, 2, 2), ZERO, flat(3, 2, 2)) == pytest.approx(expected)


def test_the_error_of_vifb_depends_on_the_size_of_the_image() -> None:
    """The root is divided by the number of pixels.

    Four times as many pixels with the same error halve it.
    """
    a, b, fused = ordinary_scene()
    four = [np.tile(image, (2, 2)) for image in (a, b, fused)]
    assert value("Rmse@vifb", *four) == pytest.approx(value("Rmse@vifb", a, b, fused) / 2)
    assert value("MSE", *four) == pytest.approx(value("MSE", a, b, fused))


@examples
@given(images(4, 5, count=3))
def test_the_mean_of_ratios_is_never_the_smaller(drawn: Pixels) -> None:
    """The ratio of the mean error is at most the mean of both ratios.

    Both are equal where the errors are equal.
    """
    a, b, fused = drawn
    if (fused != a).any() and (fused != b).any():
        assert value("PSNR@mean", a, b, fused) >= value("PSNR", a, b, fused) - 1e-9


@pytest.mark.parametrize("name", ["PSNR", "PSNR@tang", "PSNR@cddfuse", "Psnr@vifb", "PSNR@mean"])
def test_no_error_is_an_infinite_ratio(name: str) -> None:
    """An infinite ratio is refused, so that no mean over images is infinite."""
    a, _, _ = ordinary_scene()
    told = "is infinite: the images are identical, so there is no error"
    assert refusal(name, a, a, a) == told


def test_one_identical_source_makes_the_mean_of_ratios_infinite() -> None:
    """The ratio of the mean error still has a value."""
    a, b, _ = ordinary_scene()
    assert refusal("PSNR@mean", a, b, a).startswith("is infinite")
    assert value("PSNR", a, b, a) > 0


def test_a_black_image_has_no_peak() -> None:
    """CDDFuse's PSNR is refused, because its peak is that of the fused image."""
    told = "has no value: the peak is the largest gray level of the fused image, and that is 0"
    assert refusal("PSNR@cddfuse", flat(2, 2, 2), flat(2, 2, 2), ZERO) == told


def test_the_ground_truth_alone_counts_for_its_ratio() -> None:
    """PSNR-GT depends only on the mean squared difference to the ground truth."""
    found = value("PSNR-GT", ZERO, flat(9, 2, 2), flat(3, 2, 2), reference=flat(5, 2, 2))
    assert found == pytest.approx(10 * math.log10(255**2 / 4))
    told = refusal("PSNR-GT", ZERO, ZERO, flat(3, 2, 2), reference=flat(3, 2, 2))
    assert told.startswith("is infinite")


@examples
@given(st.floats(1, 255), st.floats(1e-3, 1e5))
def test_decibels_follow_peak_and_error(peak: float, error: float) -> None:
    """Ten times the error is 10 dB less; ten times the peak is 20 dB more."""
    found = decibels(peak, error)
    assert decibels(peak, 10 * error) == pytest.approx(found - 10)
    assert decibels(10 * peak, error) == pytest.approx(found + 20)


def test_decibels_of_nothing_are_refused() -> None:
    """A peak of 0 is reported before an error of 0."""
    with pytest.raises(MetricError, match="the peak is the largest gray level"):
        decibels(0, 0)
    with pytest.raises(MetricError, match="is infinite"):
        decibels(255, 0)

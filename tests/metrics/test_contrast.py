"""Metrics of contrast perception: filters, blocks, values of known images, and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.metrics import contrast
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


@pytest.mark.parametrize(
    ("height", "width", "divisor", "expected"),
    [
        (4, 4, 1, [[0, 2, 4], [2, math.sqrt(8), math.sqrt(20)], [4, math.sqrt(20), math.sqrt(32)]]),
        (4, 4, 8, [[0, 0.25, 0.5], [0.25, math.sqrt(8) / 8, math.sqrt(20) / 8]]),
        (1, 6, 2, [[0, 1, 2, 3]]),
    ],
)
def test_frequencies_count_from_the_corner(
    height: int, width: int, divisor: float, expected: list[list[float]]
) -> None:
    """A frequency is twice the number of the row or column, divided by the divisor.

    There are half of the columns, as in ``rfft2``.
    """
    found = contrast._frequencies(height, width, divisor, 0, height)
    assert found.shape == (height, width // 2 + 1)
    np.testing.assert_allclose(found[: len(expected)], expected)


def test_sensitivities_at_known_frequencies() -> None:
    """Both contrast sensitivities have a maximum just below 1.

    That of Chen and Blum passes part of the mean; that of Mannos and Sakrison has its maximum at a
    higher frequency.
    """
    zero = np.array([0.0])
    assert contrast._blum_response(zero).item() == pytest.approx(1 - 0.7622)
    assert contrast._mannos_response(zero).item() == pytest.approx(2.6 * 0.0192)
    radius = np.linspace(0, 40, 4001)
    assert radius[contrast._mannos_response(radius).argmax()] == pytest.approx(6.25)
    assert 2 < radius[contrast._blum_response(radius).argmax()] < 3
    for response in (contrast._blum_response, contrast._mannos_response):
        assert 0.95 < response(radius).max() < 1


def test_a_filter_of_ones_changes_nothing() -> None:
    """This also holds for an image with odd sides, whose transform has no middle."""
    image = np.random.RandomState(0).rand(7, 9)
    np.testing.assert_allclose(contrast._filtered(image, np.ones_like, 8.0), image)


@pytest.mark.parametrize(
    ("source", "fused", "kept"),
    [(0, 0, 1), (0, 5, 0), (5, 0, 0), (2, 4, 0.5), (4, 2, 0.5), (3, 3, 1), (1e-300, 2e-300, 0.5)],
)
def test_kept_contrast_is_a_ratio(source: float, fused: float, kept: float) -> None:
    """The ratio is the smaller contrast over the larger, in either order; it is 1 for 0 and 0."""
    assert contrast._kept(rows([source]), rows([fused])).item() == pytest.approx(kept)


def test_masked_contrast_of_a_flat_image_is_nothing() -> None:
    """Both Gaussian levels are the same away from the border.

    An offset added to the coarse level lowers their ratio.
    """
    image = image_of(flat(100, 80, 80))
    middle = contrast._masked_contrast(image, 0.0)[40, 40]
    assert middle == pytest.approx(0, abs=1e-4)
    offset = contrast._masked_contrast(image, 100.0)[40, 40]
    assert offset == pytest.approx(0.125 / (0.25 + 0.0001), rel=0.01)
    assert contrast._unnormalized_gaussian(2.0).sum() == pytest.approx(1, abs=1e-6)


def test_identical_images_keep_all_contrast() -> None:
    """The exact form is 1; IVIF_ZOO's is lower, because of a constant in its shares."""
    a, _, _ = ordinary_scene()
    assert value("Q_CB", a, a, a) == pytest.approx(1, abs=1e-12)
    assert 0.95 < value("Qcb@ivif-zoo", a, a, a) < 1


@pytest.mark.parametrize("name", ["Q_CB", "Qcb@ivif-zoo", "Q_CV"])
def test_images_are_stretched_first(name: str) -> None:
    """A linear change of the fused image, or of all images, changes nothing.

    Inverted levels change the value.
    """
    a, b, fused = ordinary_scene()
    as_it_is = value(name, a, b, fused)
    if name != "Q_CB":  # its levels are rounded when they are stretched
        assert value(name, a, b, fused * 0.5 + 60) == pytest.approx(as_it_is, rel=1e-6)
    for change in ("brighter", "half contrast"):
        assert_unchanged(name, change)
    assert_changed(name, "inverted", 0.05)


@pytest.mark.parametrize("name", ["Q_CB", "Qcb@ivif-zoo", "Q_CV"])
def test_neither_order_nor_direction_is_seen(name: str) -> None:
    """Sources may be exchanged and images mirrored; shuffled pixels change the value."""
    a, b, fused = ordinary_scene()
    assert value(name, b, a, fused) == pytest.approx(value(name, a, b, fused), rel=1e-12)
    for change in ("mirrored", "upside down", "transposed"):
        assert_unchanged(name, change)
    assert_changed(name, "shuffled", 0.1)


@examples
@given(images(20, 33, count=3))
def test_qualities_are_bounded(drawn: Pixels) -> None:
    """Q_CB lies on 0..1; Q_CV is never negative, and 0 for equal images."""
    a, b, fused = drawn
    assert 0 <= value("Q_CB", a, b, fused) <= 1
    assert 0 <= value("Qcb@ivif-zoo", a, b, fused) <= 1
    assert value("Q_CV", a, b, fused) >= 0
    assert value("Q_CV", a, a, a) == 0


def test_constant_images_cannot_be_stretched() -> None:
    """The message of each formula names the image and the scale."""
    a, b, _ = ordinary_scene()
    blank = np.full_like(a, 9.0)
    for name, top in (("Q_CB", 255), ("Q_CV", 255), ("Qcb@ivif-zoo", 1)):
        told = f"is constant and cannot be stretched to 0..{top}"
        assert refusal(name, a, blank, b) == f"has no value: source B {told}"
        assert refusal(name, a, b, blank) == f"has no value: the fused image {told}"
    assert refusal("Q_CV", flat(0), flat(0), flat(0)) == "has no value: neither source has an edge"
    assert refusal("Q_CB", flat(0), flat(0), flat(0)).startswith("is nan on these images")


@pytest.mark.parametrize(
    ("height", "width", "sums"),
    [(16, 16, [[256]]), (17, 16, [[256], [16]]), (17, 18, [[256, 32], [16, 2]]), (3, 4, [[12]])],
)
def test_the_last_blocks_are_filled_with_zeros(
    height: int, width: int, sums: list[list[float]]
) -> None:
    """Every pixel is in exactly one block of 16 x 16."""
    assert contrast._block_sums(np.ones((height, width))).tolist() == sums


def test_saliency_is_the_fifth_power_of_strength() -> None:
    """Twice the Sobel strength gives 32 times the saliency.

    A block with a step of half the height has a 32nd of the saliency.
    """
    image = np.zeros((16, 64))
    image[4:12, 4:12], image[4:12, 36:44] = 200, 100
    image[4, 20] = 255  # stretching leaves the levels
    found = contrast.block_saliency(image_of(image))
    assert found.shape == (1, 4)
    assert found[0, 0] / found[0, 2] == pytest.approx(32)
    assert found[0, 3] == 0


def test_salient_sources_weigh_more() -> None:
    """Losing the source with the stronger edges costs more than losing the other one."""
    strong = np.zeros((64, 64))
    strong[16:48:4, 16:48] = 255
    weak = np.tile(np.linspace(0, 255, 64), (64, 1))
    lost_weak, lost_strong = (value("Q_CV", strong, weak, kept) for kept in (strong, weak))
    assert lost_weak < lost_strong / 10


def test_differences_pass_the_filter_of_the_eye() -> None:
    """A source that is brighter everywhere differs by 0.0499 of that brightness.

    This is the part of the mean that passes the filter.
    """
    seen = contrast._filtered(np.full((48, 48), 10.0), contrast._mannos_response, 8.0)
    np.testing.assert_allclose(seen, 10 * 2.6 * 0.0192)


def test_a_difference_that_all_pixels_have_is_seen_by_its_square() -> None:
    """Two pixels in a corner fix the range that is stretched; the others differ by 51 levels."""
    a = np.random.RandomState(0).randint(0, 205, (160, 160)).astype(float)
    a[0, 0], a[0, 1] = 0, 255
    fused = a + 51
    fused[0, 0], fused[0, 1] = 0, 255
    expected = (51 * 2.6 * 0.0192) ** 2
    assert value("Q_CV", a, a, fused) == pytest.approx(expected, rel=0.1)

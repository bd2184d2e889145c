"""Feature mutual information: features, windows of known information, and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.metrics import fmi
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
    ramp,
    refusal,
    value,
)

EVERY = ("FMI_none", "FMI_gradient", "FMI_edge", "FMI_dct", "FMI_wavelet")


@pytest.mark.parametrize("name", EVERY)
def test_identical_images_share_everything(name: str) -> None:
    """Each window that is the same in source and fused image counts 1."""
    a, _, _ = ordinary_scene()
    assert value(name, a, a, a) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", EVERY)
def test_the_mean_is_over_both_sources(name: str) -> None:
    """Each source has its own half; their order does not matter."""
    a, b, fused = ordinary_scene()
    halves = [value(name, source, source, fused) / 2 for source in (a, b)]
    assert value(name, a, b, fused) == pytest.approx(sum(halves), rel=1e-9)
    assert value(name, b, a, fused) == pytest.approx(sum(halves), rel=1e-9)


@examples
@given(images(7, 8, count=3))
def test_information_lies_on_a_unit(drawn: Pixels) -> None:
    """The value lies on 0..1 for gray levels and for edges of any images."""
    a, b, fused = drawn
    for name in ("FMI_none", "FMI_edge"):
        assert -1e-9 <= value(name, a, b, fused) <= 1 + 1e-9


def test_a_flat_source_shares_nothing() -> None:
    """Windows of a flat source are uniform and correlate with nothing.

    The half of the other source is unchanged.
    """
    a = np.random.RandomState(0).permutation(48 * 56).reshape(48, 56) / 48 / 56 * 255
    assert value("FMI_none", a, flat(9), a) == pytest.approx(0.5, abs=1e-12)
    assert value("FMI_none", flat(9), flat(9), a) == pytest.approx(0, abs=1e-12)
    assert value("FMI_none", flat(9), flat(9), flat(9)) == 1


def test_windows_are_brought_to_the_same_scale() -> None:
    """A linear change of the fused image, or of all images, does not change FMI of gray levels."""
    a, b, fused = ordinary_scene()
    assert value("FMI_none", a, b, fused / 4 + 30) == pytest.approx(value("FMI_none", a, b, fused))
    for change in ("brighter", "half contrast"):
        assert_unchanged("FMI_none", change)
        assert_unchanged("FMI_gradient", change)
        assert_unchanged("FMI_edge", change)


@pytest.mark.parametrize("name", EVERY)
def test_windows_are_taken_in_matlabs_order(name: str) -> None:
    """A transposed or mirrored image has a slightly different value.

    The reason is that the nine positions count in their order.
    """
    a, b, fused = ordinary_scene()
    found = value(name, a, b, fused)
    turned = value(name, *(np.ascontiguousarray(image.T) for image in (a, b, fused)))
    assert found != turned
    assert turned == pytest.approx(found, rel=0.05)
    assert_changed(name, "shuffled", 0.001)


@pytest.mark.parametrize("name", EVERY)
def test_a_window_needs_three_pixels(name: str) -> None:
    """Smaller images are refused."""
    told = "needs images of at least 3 x 3 pixels, found 2 x 9"
    small = np.arange(18.0).reshape(2, 9)
    assert refusal(name, small, small, small) == told


@examples
@given(images(6, 9))
def test_gradients_are_numpys_along_rows(drawn: Pixels) -> None:
    """Centred differences from column to column, one-sided at both ends."""
    found = fmi.gradient_feature(image_of(drawn[0]))
    np.testing.assert_array_equal(found[:, 1:-1], (drawn[0][:, 2:] - drawn[0][:, :-2]) / 2)
    np.testing.assert_array_equal(found[:, 0], drawn[0][:, 1] - drawn[0][:, 0])
    np.testing.assert_array_equal(found[:, -1], drawn[0][:, -1] - drawn[0][:, -2])


@pytest.mark.parametrize("column", [5, 10])
@pytest.mark.parametrize("turned", [False, True])
def test_a_step_is_one_thin_edge(column: int, turned: bool) -> None:
    """Of the two columns beside a step the second one is kept, and nothing else: 0 or 1."""
    image = np.zeros((14, 16))
    image[:, column:] = 90
    expected = np.zeros((14, 16))
    expected[:, column] = 1
    if turned:
        image, expected = (np.ascontiguousarray(array.T) for array in (image, expected))
    np.testing.assert_array_equal(fmi.edge_feature(image_of(image)), expected)


def test_flat_images_and_ramps_have_no_edge() -> None:
    """An edge must be stronger than twice the root mean square, and no even slope is."""
    assert not fmi.edge_feature(image_of(flat(200))).any()
    assert not fmi.edge_feature(image_of(ramp(9))).any()


def test_the_cosine_transform_is_orthonormal() -> None:
    """The transform keeps the energy.

    Its corner has the mean times the root of the number of pixels.
    """
    a, _, _ = ordinary_scene()
    feature = fmi.cosine_feature(image_of(a))
    assert (feature**2).sum() == pytest.approx((a**2).sum())
    assert feature[0, 0] == pytest.approx(a.mean() * math.sqrt(a.size))
    assert np.abs(fmi.cosine_feature(image_of(flat(9)))[1:]).max() < 1e-9


def test_wavelet_bands_are_brought_to_a_unit() -> None:
    """Four bands lie side by side on 0..1; those of a black image are all 1."""
    a, _, _ = ordinary_scene()
    feature = fmi.wavelet_feature(image_of(a))
    assert (feature.min(), feature.max()) == (0, 1)
    assert all(side > 192 and side % 2 == 0 for side in feature.shape)
    assert (fmi.wavelet_feature(image_of(flat(0))) == 1).all()


def window(*values: float) -> Pixels:
    """Return nine values."""
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("values", "entropy", "deviation"),
    [
        (window(1, 0, 0, 0, 0, 0, 0, 0, 0), 0, 0),
        (window(7, 7, 7, 7, 7, 7, 7, 7, 7), math.log2(9), math.sqrt(60 / 9)),
        (window(1, 0, 0, 0, 0, 0, 0, 0, 1), 1, 4),
        (window(3, 1, 1, 1, 5, 1, 1, 1, 1), math.log2(3) - 2 / 3, math.sqrt(32 / 9)),
    ],
)
def test_a_window_becomes_a_distribution(values: Pixels, entropy: float, deviation: float) -> None:
    """The lowest value becomes 0, and the sum 1.

    The entropy is in bits, and the deviation is that of the positions 1..9.
    """
    density, cumulated = np.empty(9), np.empty(9)
    found = fmi._density(values, density, cumulated)
    assert density.sum() == pytest.approx(1) and cumulated[-1] == pytest.approx(1)
    assert (np.diff(cumulated) >= 0).all()
    assert found[:2] == pytest.approx((entropy, deviation))


@pytest.mark.parametrize(("upper", "bound"), [(True, 0.3), (False, 0.0)])
def test_frechets_bounds(upper: bool, bound: float) -> None:
    """The upper bound is the smaller of both; the lower is what exceeds 1 together."""
    assert fmi._bound(0.3, 0.6, upper) == bound
    assert fmi._bound(0.8, 0.6, upper) == pytest.approx(0.6 if upper else 0.4)


@examples
@given(images(9, count=2))
def test_information_of_two_windows_has_no_direction(drawn: Pixels) -> None:
    """The information of the source about the fused window is that of the fused one about it."""
    first, second = drawn
    scratch = np.empty((4, 9))
    found = fmi._window_information(first, second, scratch)
    assert fmi._window_information(second, first, scratch) == pytest.approx(found, abs=1e-9)
    assert -1e-9 <= found <= 1 + 1e-9


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_scaled_window_tells_all(scale: float) -> None:
    """Full correlation gives Frechet's upper bound; the joint entropy is that of one window."""
    first = window(1, 5, 2, 8, 3, 9, 4, 7, 6)
    scratch = np.empty((4, 9))
    assert fmi._window_information(first, scale * first + 2, scratch) == pytest.approx(1)
    opposite = fmi._window_information(first, 10 - first, scratch)
    assert 0 < opposite < 0.9

"""Formulas of multi-band arrays: values worked out by hand, invariances, and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from fusebench.errors import MetricError
from fusebench.metrics import BandPair, bands, resolve
from fusebench.simulation import enlargement, reduction, transfer
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.metrics.conftest import make_bands
from tests.metrics.measuring import Pixels, examples

Bands = dict[str, NDArray[np.float64]]


@pytest.fixture
def scene() -> Bands:
    """Sources, ground truth and fused array, 64 x 64 with 4 bands."""
    return make_bands()


def against(name: str, reference: Pixels, fused: Pixels, **options: Any) -> float:
    """Return the value of a metric against a ground truth."""
    return BandPair(reference=reference, **options).measure(fused, resolve([name]))[name]


def without(name: str, scene: Bands, fused: Pixels, **options: Any) -> float:
    """Return the value of a metric without a ground truth."""
    pair = BandPair(scene["bands"], scene["pan"], **options)
    return pair.measure(fused, resolve([name]))[name]


def even(*levels: float, side: int = 32) -> Pixels:
    """Return an array with one level in each band."""
    return np.broadcast_to(np.array(levels, dtype=np.float64), (side, side, len(levels))).copy()


@pytest.mark.parametrize(
    ("reference", "fused", "degrees"),
    [
        ((1, 0), (1, 0), 0),
        ((1, 0), (0, 7), 90),
        ((1, 1), (5, 0), 45),
        ((1, 0, 0), (-2, 0, 0), 180),
        ((1, 1, 1), (2, 2, 2), 0),
        ((3, 4), (4, 3), math.degrees(math.acos(24 / 25))),
    ],
)
def test_the_angle_of_known_spectra(
    reference: tuple[float, ...], fused: tuple[float, ...], degrees: float
) -> None:
    """The angle depends on directions, not on lengths."""
    assert against("SAM", even(*reference), even(*fused)) == pytest.approx(degrees, abs=1e-5)


def test_the_angle_sees_no_brightness(scene: Bands) -> None:
    """Each pixel may have its own brightness; an offset changes the direction of its spectrum."""
    found = against("SAM", scene["reference"], scene["fused"])
    light = np.random.RandomState(0).uniform(0.5, 2, (64, 64, 1))
    assert against("SAM", scene["reference"], scene["fused"] * light) == pytest.approx(found)
    assert against("SAM", scene["fused"], scene["reference"]) == pytest.approx(found)
    assert against("SAM", scene["reference"], scene["fused"] + 100) != pytest.approx(found)


@pytest.mark.parametrize(
    ("ratio", "expected"), [(2, 50 * math.sqrt((0.01 + 0.04) / 2)), (4, 25 * math.sqrt(0.025))]
)
def test_the_relative_error_of_known_bands(ratio: int, expected: float) -> None:
    """The error is a tenth and a fifth of a band's mean, over the resolution ratio, in percent."""
    found = against("ERGAS", even(100, 50), even(110, 40), ratio=ratio)
    assert found == pytest.approx(expected)


def test_the_relative_error_sees_no_unit(scene: Bands) -> None:
    """All digital numbers may be scaled by one factor, or each band by its own.

    Exchanging the ground truth and the fused array changes the value.
    """
    scale = np.array([1.0, 2, 5, 10])
    found = against("ERGAS", scene["reference"], scene["fused"])
    assert against("ERGAS", scene["reference"] * scale, scene["fused"] * scale) == (
        pytest.approx(found)
    )
    assert against("ERGAS", scene["fused"], scene["reference"]) != pytest.approx(found, rel=1e-6)


def test_spatial_correlation_is_of_edges(scene: Bands) -> None:
    """Strengths have no sign and no scale, and the outermost pixels do not count."""
    reference, fused = scene["reference"], scene["fused"]
    found = against("SCC", reference, fused)
    assert 0 < found < 1
    assert against("SCC", reference, 3 * fused) == pytest.approx(found)
    assert against("SCC", fused, reference) == pytest.approx(found)
    framed = fused.copy()
    framed[0], framed[:, -1] = 9999, 0
    assert against("SCC", reference, framed) == found


@pytest.mark.parametrize(
    ("reference", "fused", "quality"),
    [((10,), (10,), 1), ((10,), (20,), 400 / 500), ((10, 10), (20, 10), 0.9), ((0,), (0,), 1)],
)
def test_universal_quality_of_flat_bands(
    reference: tuple[float, ...], fused: tuple[float, ...], quality: float
) -> None:
    """Bands of one level have the mean of 2 x y / (x^2 + y^2) over the bands."""
    assert against("Q", even(*reference), even(*fused)) == pytest.approx(quality)


@examples
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 2), st.floats(0, 50))
def test_universal_quality_of_a_window(seed: int, scale: float, offset: float) -> None:
    """A linear change of one window gives 4 s_xy m_x m_y / ((s_x^2 + s_y^2)(m_x^2 + m_y^2))."""
    x = np.random.RandomState(seed).randint(1, 256, (32, 32, 1)).astype(float)
    y = scale * x + offset
    means = 2 * x.mean() * y.mean() / (x.mean() ** 2 + y.mean() ** 2)
    expected = 2 * scale / (1 + scale * scale) * means
    assert against("Q", x, y) == pytest.approx(expected)
    assert bands._mean_quality(x[:, :, 0], y[:, :, 0]) == pytest.approx(expected)


def test_units_of_quaternions_multiply_by_hamiltons_rules() -> None:
    """i j = k, j k = i, k i = j, each square is -1, and the reverse order changes the sign.

    The original changes the sign of every k.
    """
    one, i, j, k = np.eye(4)
    product = bands._onion_product
    for left, right, expected in ((i, j, -k), (j, k, i), (k, i, j), (one, k, -k), (one, j, j)):
        np.testing.assert_array_equal(product(left, right), expected)
        if left is not one:
            np.testing.assert_array_equal(product(right, left), -expected)
    for unit in (i, j, k):
        np.testing.assert_array_equal(product(unit, unit), -one)


@examples
@given(st.sampled_from([1, 2, 4, 8]), st.integers(0, 2**32 - 1))
def test_hypercomplex_products_keep_lengths(size: int, seed: int) -> None:
    """With up to eight parts |x y| = |x| |y|, and the table of units gives the same product."""
    x, y = np.random.RandomState(seed).randn(2, size)
    found = bands._onion_product(x, y)
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(x) * np.linalg.norm(y))
    places, signs = np.arange(size), bands.unit_signs(size)
    by_signs = [(signs[k] * x * y[places ^ k]).sum() for k in range(size)]
    np.testing.assert_allclose(by_signs, found)


@pytest.mark.parametrize(
    ("value", "integer"), [(-3, 0), (0.5, 1), (1.4999, 1), (65535.2, 65535), (70000, 65535)]
)
def test_digital_numbers_are_cut_as_uint16(value: float, integer: float) -> None:
    """Halves are rounded up, and values outside become the nearest end."""
    assert bands._integers(np.array([value])).item() == integer


def test_blocks_are_mirrored_and_filled_up() -> None:
    """Sides become multiples of 32 by mirroring, and the number of bands a power of 2 by zeros."""
    values = np.arange(33 * 40 * 3, dtype=float).reshape(33, 40, 3)
    found = bands._block_rows(values, 4)
    assert found.shape == (2, 2, 4, 1024)
    assert found[0, 0, 1].reshape(32, 32).tolist() == values[:32, :32, 1].tolist()
    mirrored = found[1, 0, 0].reshape(32, 32)
    assert mirrored[0].tolist() == mirrored[1].tolist() == values[32, :32, 0].tolist()
    assert mirrored[2].tolist() == values[31, :32, 0].tolist()
    assert not found[:, :, 3].any()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8])
def test_hypercomplex_quality_is_best_for_the_ground_truth(count: int) -> None:
    """The value is 1 for the ground truth with any number of bands, and less for other arrays."""
    reference = make_bands(64, count, 4)["reference"]
    assert against("Q2n", reference, reference) == pytest.approx(1)
    assert 0 < against("Q2n", reference, reference[::-1].copy()) < 0.5
    assert 0 < against("Q2n", reference, np.rint(reference * 0.9 + 30)) < 1


def test_hypercomplex_quality_of_one_band_is_universal_quality() -> None:
    """One band has the modulus of its universal quality.

    Windows do not overlap, and the values are standardised by the first array.
    """
    x = make_bands(32, 1, 4)["reference"]
    y = np.rint(0.5 * x)
    scale = y.std(ddof=1) / x.std(ddof=1)
    shifted = (y.mean() - x.mean()) / x.std(ddof=1) + 1
    means = 2 * shifted / (1 + shifted**2)
    expected = abs(2 * scale / (1 + scale**2) * means)
    assert against("Q2n", x, y) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("ratio", [2, 4, 8])
def test_interpolation_keeps_the_level(ratio: int) -> None:
    """A flat band stays flat, and the mean of any band stays as it is."""
    larger = enlargement.interpolate(np.full((8, 6), 7.0), ratio)
    assert larger.shape == (8 * ratio, 6 * ratio)
    np.testing.assert_allclose(larger, 7, rtol=1e-8)
    values = np.random.RandomState(0).rand(16, 16)
    assert enlargement.interpolate(values, ratio).mean() == pytest.approx(values.mean(), rel=1e-6)


def test_interpolation_keeps_what_is_known() -> None:
    """The known pixels stay, at odd positions where the size is doubled once."""
    values = np.random.RandomState(0).rand(16, 16)
    np.testing.assert_allclose(enlargement.interpolate(values, 2)[1::2, 1::2], values, rtol=1e-9)


@pytest.mark.parametrize("ratio", [2, 4])
def test_reduction_keeps_levels_and_slopes(ratio: int) -> None:
    """A flat band stays flat, and an even slope even away from the border."""
    np.testing.assert_allclose(reduction.reduce_bicubic(np.full((32, 16), 7.0), ratio), 7)
    slope = np.tile(np.arange(64.0), (64, 1))
    reduced = reduction.reduce_bicubic(slope, ratio)
    assert reduced.shape == (64 // ratio, 64 // ratio)
    np.testing.assert_allclose(np.diff(reduced[:, 2:-2], axis=1), ratio)
    assert pytest.approx(reduced) == reduction.reduce_bicubic(slope.T, ratio).T


@pytest.mark.parametrize(
    ("x", "weight"), [(0, 1), (1, 0), (2, 0), (3, 0), (0.5, 0.5625), (1.5, -0.0625), (-0.5, 0.5625)]
)
def test_keys_kernel(x: float, weight: float) -> None:
    """The kernel is 1 in the middle, 0 at whole distances, symmetric, and negative in 1..2."""
    assert reduction._cubic(np.array([x])).item() == pytest.approx(weight)


@pytest.mark.parametrize("gain", [0.2, 0.3, 0.36])
@pytest.mark.parametrize("ratio", [2, 4])
def test_transfer_filters_have_their_gain_at_the_nyquist_frequency(gain: float, ratio: int) -> None:
    """The gain is about 1 for a flat band, and the sensor's at the Nyquist frequency of the bands.

    It has no direction.
    """
    taps = transfer.transfer_filter(gain, ratio)
    assert taps.shape == (41, 41)
    np.testing.assert_allclose(taps, taps.T, atol=1e-15)
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-15)
    assert taps.sum() == pytest.approx(1, abs=0.01)
    wave = np.cos(np.pi / ratio * (np.arange(41) - 20))
    assert (taps * wave).sum() == pytest.approx(gain, abs=0.03)


def test_interpolated_bands_have_no_spectral_distortion(scene: Bands) -> None:
    """Interpolated bands keep all relations between bands, and lack the panchromatic detail."""
    pair = BandPair(scene["bands"], scene["pan"])
    enlarged = bands.enlarged_bands(pair)
    assert without("D_lambda", scene, enlarged) == 0
    assert without("D_s", scene, enlarged) > 0.01
    assert without("QNR", scene, enlarged) == pytest.approx(1 - without("D_s", scene, enlarged))


@pytest.mark.parametrize("name", ["D_lambda", "D_s", "QNR", "HQNR"])
def test_distortions_lie_on_a_unit(scene: Bands, name: str) -> None:
    """Distortions lie on 0..1, for a good and for a hopeless array."""
    noise = np.random.RandomState(0).randint(1, 2000, scene["fused"].shape).astype(float)
    for fused in (scene["fused"], noise):
        assert 0 <= without(name, scene, fused) <= 1


def test_quality_without_reference_is_a_product(scene: Bands) -> None:
    """QNR is the product of 1 - each distortion; HQNR uses Khan's spectral distortion."""
    fused = scene["fused"]
    spectral, spatial = (without(name, scene, fused) for name in ("D_lambda", "D_s"))
    assert without("QNR", scene, fused) == pytest.approx((1 - spectral) * (1 - spatial))
    fusion = BandPair(scene["bands"], scene["pan"]).fusion(fused)
    khan = bands.spectral_distortion_filtered(fusion)
    assert without("HQNR", scene, fused) == pytest.approx((1 - khan) * (1 - spatial))


def test_the_gain_of_the_sensor_matters(scene: Bands) -> None:
    """An unknown sensor has a gain of 0.3; a sensor with too few bands is refused."""
    fused = scene["fused"]
    unknown = without("HQNR", scene, fused)
    assert without("HQNR", scene, fused, sensor="nobody's") == unknown
    assert without("HQNR", scene, fused, sensor="QB") != unknown
    wide = make_bands(64, 5, 4)
    with pytest.raises(MetricError, match="HQNR: needs 5 gains, and sensor QB has 4 bands"):
        without("HQNR", wide, wide["fused"], sensor="QB")


@pytest.mark.parametrize("name", ["D_lambda", "D_s", "QNR", "HQNR"])
def test_both_sources_are_needed(scene: Bands, name: str) -> None:
    """A metric without reference is refused where one source is missing."""
    told = f"{name}: needs the multi-band and the panchromatic source; give both"
    for pair in (BandPair(bands=scene["bands"]), BandPair(pan=scene["pan"])):
        with pytest.raises(MetricError, match=told):
            pair.measure(scene["fused"], resolve([name]))


def test_one_band_has_no_relation_to_others() -> None:
    """D_lambda is refused for one band, because it compares pairs of bands."""
    scene = make_bands(64, 1, 4)
    with pytest.raises(MetricError, match="D_lambda: needs at least two bands"):
        without("D_lambda", scene, scene["fused"])


def test_a_flat_block_has_no_value(scene: Bands) -> None:
    """There is no value where two fused bands are flat in one block of 32 x 32.

    The quality of that block is 0 / 0.
    """
    fused = scene["fused"].copy()
    fused[:32, :32] = 100
    with pytest.raises(MetricError, match="a block of 32 x 32 pixels is flat in both bands"):
        without("D_lambda", scene, fused)


@pytest.mark.parametrize(
    ("fused", "told"),
    [
        (np.ones((64, 64)), r"the fused image must have shape \(H, W, bands\), found \(64, 64\)"),
        (np.ones((64, 60, 4)), r"must have shape \(64, 64, 4\), found \(64, 60, 4\)"),
        (np.ones((64, 64, 3)), r"must have shape \(64, 64, 4\), found \(64, 64, 3\)"),
        (np.full((64, 64, 4), np.inf), "the fused image must hold numbers only"),
        (np.ma.masked_equal(np.eye(64)[:, :, None].repeat(4, 2), 1), "it is masked, crop it"),
    ],
)
def test_a_fused_array_that_does_not_fit(scene: Bands, fused: Any, told: str) -> None:
    """A fused array must have the size of the bands times the ratio.

    Where there are no bands, it must have the size of the ground truth.
    """
    for pair in (
        BandPair(scene["bands"], scene["pan"]),
        BandPair(reference=scene["reference"]),
    ):
        with pytest.raises(MetricError, match=told):
            pair.fusion(fused)


@pytest.mark.parametrize("ratio", [0, 1, 5, 9, -2])
def test_ratios_are_powers_of_two(ratio: int) -> None:
    """Other ratios are refused: the interpolating filters enlarge by 2 and by 3."""
    with pytest.raises(MetricError, match=f"a power of 2, or 3 times one; found {ratio}"):
        BandPair(ratio=ratio)

"""Structural similarity and the indices built on it: scikit-image, flat images, edge cases."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from fusebench.metrics import ssim
from hypothesis import given

from tests.metrics.conftest import make_scene
from tests.metrics.measuring import (
    Pixels,
    assert_changed,
    assert_unchanged,
    examples,
    flat,
    fusion_of,
    image_of,
    images,
    ordinary_scene,
    ramp,
    refusal,
    rows,
    value,
)

PLAIN = ("SSIM", "Ssim@vifb", "SSIM@ivif-zoo", "SSIM@cddfuse", "SSIM@tang")
SCALED = ("MS-SSIM", "MS_SSIM@ivif-zoo")
INDICES = ("Q_S", "Q_W", "Q_E", "Q_Y", "Qw@mefb")
ORIGINALS = ("QS@zliu", "QY@zliu", "QC@zliu")


def luminance(x: float, y: float, dynamic_range: float) -> float:
    """Return the SSIM of two flat images."""
    c1 = (0.01 * dynamic_range) ** 2
    return (2 * x * y + c1) / (x * x + y * y + c1)


def test_the_constants_follow_the_range() -> None:
    """The constants are those of Wang et al. for 255 levels and for 1."""
    assert ssim.constants(255) == pytest.approx((6.5025, 58.5225))
    assert ssim.constants(1) == pytest.approx((1e-4, 9e-4))


@pytest.mark.parametrize(
    ("name", "dynamic_range", "scale"),
    [
        ("SSIM", 255, 0.5),
        ("Ssim@vifb", 255, 1),
        ("SSIM@ivif-zoo", 1, 1),
        ("SSIM@cddfuse", 2, 1),
        ("SSIM@tang", 1, 0.5),
    ],
)
@pytest.mark.parametrize(("a", "b", "fused"), [(10, 40, 20), (0, 255, 3), (100, 100, 100)])
def test_flat_images_differ_in_luminance_alone(
    name: str, dynamic_range: float, scale: float, a: float, b: float, fused: float
) -> None:
    """SSIM of flat images is (2 x y + C1) / (x^2 + y^2 + C1), as the sum or the mean over sources.

    Each definition has its own C1.
    """
    expected = scale * (luminance(a, fused, dynamic_range) + luminance(b, fused, dynamic_range))
    assert value(name, flat(a), flat(b), flat(fused)) == pytest.approx(expected, rel=1e-6)


@examples
@given(images(17, 15, count=2))
def test_similarity_is_that_of_scikit_image(drawn: Pixels) -> None:
    """The value is right for Wang's window with L = 255 and the 7 x 7 box with L = 2.

    The box has sample covariances.
    """
    import skimage.metrics

    theirs: Any = skimage.metrics.structural_similarity
    source, fused = drawn
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    options: dict[str, dict[str, Any]] = {
        "SSIM": {"data_range": 255, **gaussian},
        "SSIM@ivif-zoo": {"data_range": 1, **gaussian},
        "SSIM@cddfuse": {"data_range": 2},
    }
    for name, given_to_it in options.items():
        expected = theirs(source, fused, **given_to_it)
        found = value(name, source, source, fused)
        assert found / (1 if name == "SSIM" else 2) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "best"),
    [
        *((name, 1) for name in ("SSIM", "SSIM@tang", "MS-SSIM", *INDICES, "Q_C", *ORIGINALS)),
        *((name, 2) for name in ("Ssim@vifb", "SSIM@ivif-zoo", "SSIM@cddfuse", "MS_SSIM@ivif-zoo")),
        ("Qy@ivif-zoo", 1),
    ],
)
def test_identical_images_are_entirely_similar(name: str, best: float) -> None:
    """The value is 1, or 2 where the definition is a sum over both sources.

    IVIF_ZOO's window is not normalised, so its value is only close.
    """
    a, _, _ = ordinary_scene()
    assert value(name, a, a, a) == pytest.approx(best, abs=1e-5 if name == "Qy@ivif-zoo" else 1e-9)


@pytest.mark.parametrize("name", [*PLAIN, *SCALED, *INDICES, *ORIGINALS[:2], "Qy@ivif-zoo"])
def test_sources_may_change_places(name: str) -> None:
    """Both sources count the same, by a mean or by their variances."""
    a, b, fused = ordinary_scene()
    assert value(name, b, a, fused) == pytest.approx(value(name, a, b, fused), rel=1e-12)


def test_cvejics_index_depends_on_the_order_of_the_sources() -> None:
    """Where the covariances with A and B have different signs, s lies outside 0..1.

    The window then counts 0 or 1, as A decides.
    """
    a, b, fused = ordinary_scene()
    for name in ("Q_C", "QC@zliu"):
        assert abs(value(name, b, a, fused) - value(name, a, b, fused)) > 0.01


@pytest.mark.parametrize("name", [*PLAIN, *SCALED, *INDICES, "Q_C", *ORIGINALS])
def test_windows_have_no_direction(name: str) -> None:
    """Mirrored and transposed images of even sizes have the same value; shuffled ones do not."""
    for change in ("mirrored", "upside down", "transposed"):
        assert_unchanged(name, change)
    assert_changed(name, "shuffled", 0.01)


def test_the_window_of_ivif_zoo_is_striped() -> None:
    """A transposed image has another value.

    The window is Gaussian along rows and constant along columns.
    """
    assert_unchanged("Qy@ivif-zoo", "mirrored")
    assert_changed("Qy@ivif-zoo", "transposed", 1e-5)


@pytest.mark.parametrize("name", ["SSIM", "MS-SSIM", "Q_S", "Q_W", "Q_Y", "Q_C"])
def test_similarity_sees_brightness(name: str) -> None:
    """Another brightness of all images gives another value, because luminance is part of it."""
    assert_changed(name, "brighter", 1e-6)
    assert_changed(name, "inverted", 1e-6)


@pytest.mark.parametrize("name", ["Q_Y", "Q_C"])
def test_constants_next_to_nothing_see_no_contrast(name: str) -> None:
    """The level 255 has no influence with C1 = C2 = 2e-16; with Wang's constants it has."""
    assert_unchanged(name, "half contrast")
    assert_changed("Q_S", "half contrast", 0.01)


@examples
@given(images(16, 14, count=3))
def test_similarity_is_bounded(drawn: Pixels) -> None:
    """The value lies on -1..1, or on -2..2 where it is a sum over both sources."""
    a, b, fused = drawn
    for name in PLAIN:
        bound = 1 if name in ("SSIM", "SSIM@tang") else 2
        assert abs(value(name, a, b, fused)) <= bound + 1e-6
    assert abs(value("Q_S", a, b, fused)) <= 1 + 1e-9


def test_an_inverted_image_is_dissimilar() -> None:
    """Structure of the opposite sign is negative.

    Noise about the middle of the range keeps its luminance.
    """
    a = np.random.RandomState(0).randint(0, 256, (40, 40)).astype(float)
    assert value("SSIM", a, a, 255 - a) < -0.5
    assert value("SSIM-GT", a, a, 255 - a, reference=a) == value("SSIM", a, a, 255 - a)


def test_the_ground_truth_alone_counts_for_its_similarity() -> None:
    """SSIM-GT does not look at the sources."""
    a, b, fused = ordinary_scene()
    assert value("SSIM-GT", a, a, fused, reference=b) == value("SSIM", b, b, fused)
    assert value("SSIM", a, b, fused) == pytest.approx(
        (value("SSIM", a, a, fused) + value("SSIM", b, b, fused)) / 2
    )


@pytest.mark.parametrize(
    ("names", "smallest"),
    [
        (("SSIM", "Ssim@vifb", "Q_S", "Q_W", "Q_Y", "Q_C", "QY@zliu", "QC@zliu", "Qw@mefb"), 11),
        (("SSIM@cddfuse",), 7),
        (("MS-SSIM",), 176),
        (("MS_SSIM@ivif-zoo",), 161),
    ],
)
def test_the_window_must_fit(names: tuple[str, ...], smallest: int) -> None:
    """An image of the size of the window has a value; one pixel less is refused."""
    a, b, fused = (image[:smallest, :smallest] for image in ordinary_scene())
    for name in names:
        assert math.isfinite(value(name, a, b, fused))
        told = f"needs images of at least {smallest} x {smallest} pixels, found {smallest - 1} x"
        assert refusal(name, a[1:], b[1:], fused[1:]).startswith(told)


def plain_scales(x: Pixels, y: Pixels) -> float:
    """MS-SSIM with L = 1 as IVIF_ZOO's code reads: window by window, scale by scale."""
    taps = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps) / taps.sum() ** 2

    def mean(image: Pixels) -> Pixels:
        views = np.lib.stride_tricks.sliding_window_view(image, (11, 11))
        return np.asarray(np.einsum("ijkl,kl->ij", views, window))

    def pool(image: Pixels) -> Pixels:
        padded = np.pad(image, [(side % 2, side % 2) for side in image.shape])
        height, width = (side // 2 for side in padded.shape)
        cells = padded[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
        return np.asarray(cells.mean(axis=(1, 3)))

    value = 1.0
    for weight in ssim.SCALE_WEIGHTS:
        mx, my = mean(x), mean(y)
        part = (2 * (mean(x * y) - mx * my) + 0.03**2) / (
            mean(x * x) - mx**2 + mean(y * y) - my**2 + 0.03**2
        )
        last = weight == ssim.SCALE_WEIGHTS[-1]
        light = (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2) if last else 1.0
        value *= max(float((light * part).mean()), 0.0) ** weight
        x, y = pool(x), pool(y)
    return value


@pytest.mark.parametrize("shape", [(161, 240), (175, 168)])
def test_pooled_scales_of_a_small_image_have_their_value(shape: tuple[int, int]) -> None:
    """Between 161 and 175 pixels IVIF_ZOO's scales still fit: its pooling rounds up."""
    images = make_scene(*shape, 3)
    a, b, fused = (image.astype(np.float64) for image in images)
    expected = plain_scales(a, fused) + plain_scales(b, fused)
    assert value("MS_SSIM@ivif-zoo", a, b, fused) == pytest.approx(expected, rel=1e-9)


def test_a_repeated_border_fits_any_size() -> None:
    """Tang's SSIM has a value for every pixel, also in an image of one pixel."""
    assert value("SSIM@tang", rows([4]), rows([4]), rows([2])) == pytest.approx(luminance(4, 2, 1))


def test_flat_images_at_five_scales() -> None:
    """Only luminance at the last scale counts, with the exponent 0.1333.

    Contrast and structure are 1 at each scale.
    """
    last = flat(10, 176, 176), flat(40, 176, 176), flat(20, 176, 176)
    expected = sum(luminance(level, 20, 255) ** 0.1333 for level in (10, 40)) / 2
    assert value("MS-SSIM", *last) == pytest.approx(expected, rel=1e-9)
    assert sum(ssim.SCALE_WEIGHTS) == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("name", SCALED)
def test_a_negative_part_is_worth_nothing(name: str) -> None:
    """A negative part is cut off at 0, because its power is not a number."""
    a, _, _ = ordinary_scene()
    assert value(name, a, a, 255 - a) == 0


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (rows([1, 3], [5, 7]), [[4]]),
        (rows([4, 8, 12], [16, 20, 24], [28, 32, 36]), [[1, 5], [11, 28]]),
        (rows([4, 8], [12, 16], [20, 24]), [[3], [18]]),
    ],
)
def test_pooling_fills_odd_sides_with_zeros(image: Pixels, expected: list[list[float]]) -> None:
    """An odd side gets a zero at both ends, as in torch's ``avg_pool2d``.

    The last zero is dropped.
    """
    assert ssim.pooled(image_of(image)).pixels.tolist() == expected


def test_halving_keeps_the_level() -> None:
    """A flat image stays flat at half size; with zeros around an odd side it does not."""
    odd = image_of(flat(9, 7, 5))
    assert (ssim.halved(odd).pixels == 9).all() and ssim.halved(odd).pixels.shape == (4, 3)
    assert ssim.pooled(odd).pixels.min() < 9


def test_shares_of_variance() -> None:
    """The share is A's part of both variances, and one half where neither has any."""
    found = ssim._share(rows([3, 0, 0, 5]), rows([1, 2, 0, 0]))
    assert found.tolist() == [[0.75, 0, 0.5, 1]]


def test_quotients_follow_ieee() -> None:
    """x / 0 is infinite, 0 / 0 is nan, and there is no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ssim._quotient(rows([1, 0, -1]), rows([0, 0, 0]))
    assert found[0, 0] == math.inf and math.isnan(found[0, 1]) and found[0, 2] == -math.inf


@pytest.mark.parametrize(
    ("share", "quality"), [(0.25, 0.25 * 0.8 + 0.75 * 0.4), (0, 0.4), (1, 0.8), (-0.1, 0), (1.1, 1)]
)
def test_cvejics_weights_outside_the_unit_decide_alone(share: float, quality: float) -> None:
    """Inside 0..1 both similarities are mixed; a window counts 0 below 0, and 1 above 1."""
    found = ssim._cvejic_map(rows([0.8]), rows([0.4]), rows([share]))
    assert found == pytest.approx(quality)


@pytest.mark.parametrize(
    ("sources", "quality"), [(0.75, 0.25 * 0.8 + 0.75 * 0.4), (1, 0.5), (0.7499, 0.8), (-1, 0.8)]
)
def test_yangs_rule_takes_the_better_source_where_they_differ(
    sources: float, quality: float
) -> None:
    """From a similarity of the sources of 0.75 on, both count by their variance.

    Below 0.75 only the larger similarity counts.
    """
    found = ssim._yang_map(rows([0.8]), rows([0.4]), rows([sources]), rows([0.25]))
    assert found == pytest.approx(quality)


@pytest.mark.parametrize("name", ["Q_S", "Q_W", "Q_C", "Q_Y", "QS@zliu"])
def test_of_a_flat_source_nothing_has_to_be_kept(name: str) -> None:
    """In a window with structure in A alone, keeping A is perfect.

    Losing A is a loss, except under Yang's rule: that rule takes the better of two different
    sources, so that a flat image is as good as a source that is flat.
    """
    a, _, _ = ordinary_scene()
    nothing = np.full_like(a, 200.0)
    assert value(name, a, nothing, a) == pytest.approx(1, abs=1e-6)
    assert value(name, nothing, a, a) == pytest.approx(1, abs=1e-6)
    lost = value(name, a, nothing, nothing)
    assert lost == pytest.approx(1) if name == "Q_Y" else lost < 0.75


@pytest.mark.parametrize("name", ["Q_W", "Q_E"])
def test_flat_sources_have_no_weight(name: str) -> None:
    """Q_W has no value without saliency; Q_S counts both sources the same."""
    told = "has no value: both sources are flat in every window"
    assert refusal(name, flat(10), flat(40), flat(20)) == told
    expected = (luminance(10, 20, 255) + luminance(40, 20, 255)) / 2
    assert value("Q_S", flat(10), flat(40), flat(20)) == pytest.approx(expected)


def test_salient_windows_weigh_more() -> None:
    """Where the fused image fails in flat windows only, Q_W is better than Q_S."""
    a = np.zeros((64, 64))
    a[:, :32] = np.random.RandomState(0).randint(0, 256, (64, 32))
    fused = a.copy()
    fused[:, 48:] = 30
    assert value("Q_W", a, a, fused) == pytest.approx(1, abs=1e-9)
    assert value("Q_S", a, a, fused) < 0.8


def test_the_edge_index_is_a_product() -> None:
    """Q_E is Q_W of the images times Q_W of their Prewitt strengths, which MEFB prints alone."""
    a, b, fused = ordinary_scene()
    product = value("Q_W", a, b, fused) * value("Qw@mefb", a, b, fused)
    assert value("Q_E", a, b, fused) == pytest.approx(product, rel=1e-12)


def test_prewitt_strength_of_a_ramp() -> None:
    """The strength is three differences over two columns, 6 k for k levels a column.

    Pixels outside are zeros.
    """
    strength = ssim.prewitt_strength(image_of(ramp(3))).pixels
    assert np.allclose(strength[1:-1, 1:-1], 18)
    assert strength[5, -1] == pytest.approx(3 * 3 * 18)


@pytest.mark.parametrize(("ours", "original"), [("Q_S", "QS@zliu"), ("Q_Y", "QY@zliu")])
def test_rounding_decides_the_originals_in_flat_windows_alone(ours: str, original: str) -> None:
    """Where every window has texture, the exact and the original form agree."""
    a, b, fused = ordinary_scene()
    assert value(original, a, b, fused) == pytest.approx(value(ours, a, b, fused), rel=1e-9)


def test_flat_windows_have_no_share_in_the_originals() -> None:
    """A black corner of both sources leaves the originals without a value.

    The exact forms count it as preserved.
    """
    a, b, fused = (image.copy() for image in ordinary_scene())
    for image in (a, b, fused):
        image[:20, :20] = 0
    for name in ("QY@zliu", "QC@zliu"):
        assert refusal(name, a, b, fused).startswith("is nan on these images")
    assert 0 < value("Q_Y", a, b, fused) <= 1
    assert 0 < value("Q_C", a, b, fused) <= 1


def test_variances_of_flat_windows_are_exactly_zero() -> None:
    """Rounding noise below 1e-8 is no variance; one gray level in a corner of the window is."""
    assert not ssim.yang_variance(image_of(flat(93.7))).any()
    nearly = flat(100, 7, 7)
    nearly[0, 0] = 101
    assert ssim.yang_variance(image_of(nearly))[0, 0] > 0


def test_maps_of_yang_are_luminance_where_both_are_flat() -> None:
    """Without structure in both images, the map is the similarity of the means."""
    fusion = fusion_of(flat(10), flat(40), flat(20))
    similarity, covariance = ssim.yang_maps(fusion, fusion.fused, fusion.a)
    assert not covariance.any()
    np.testing.assert_allclose(similarity, 2 * 10 * 20 / (10 * 10 + 20 * 20))

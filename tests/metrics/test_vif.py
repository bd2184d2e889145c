"""Visual information fidelity: windows, values for known distortions, and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.metrics import vif
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
    value,
)

SUMS = ("VIF", "VIFF@cddfuse", "VIF@ivif-zoo", "VIF@tang-uint8")
EVERY = (*SUMS, "VIF@mean", "VIF@mefb")


@pytest.mark.parametrize(("scale", "size"), [(1, 17), (2, 9), (3, 5), (4, 3)])
def test_windows_shrink_with_the_scale(scale: int, size: int) -> None:
    """There are 2^(5 - s) + 1 taps of sigma = size / 5, and the middle one is the largest."""
    taps = vif._taps(scale)
    assert len(taps) == size and taps.sum() == pytest.approx(1)
    ratio = taps[size // 2 + 1] / taps[size // 2]
    assert ratio == pytest.approx(math.exp(-0.5 / (size / 5) ** 2))


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_windows_of_ivif_zoo_are_off_their_centres(scale: int) -> None:
    """The weight lies half a tap to the right.

    So the largest tap is not in the middle of the window.
    """
    taps = vif._shifted_taps(scale)
    assert taps.sum() == pytest.approx(1)
    assert taps.tolist() != pytest.approx(taps[::-1].tolist())
    centre = (taps * np.arange(len(taps))).sum() - (len(taps) - 1) / 2
    assert 0.2 < centre < 1


def test_each_scale_halves_what_the_filter_leaves() -> None:
    """64 pixels leave 28 at the second scale, 12 at the third and 5 at the fourth.

    The filters have 9, 5 and 3 taps.
    """
    image = image_of(flat(9, 64, 64))
    scaled = [vif.at_scale(image, scale) for scale in vif.SCALES]
    assert [one.shape[0] for one in scaled] == [64, 28, 12, 5]
    means = [one.part(vif.local_mean, scale) for one, scale in zip(scaled, vif.SCALES, strict=True)]
    assert [mean.shape[0] for mean in means] == [48, 20, 8, 3]
    for one, mean, scale in zip(scaled, means, vif.SCALES, strict=True):
        np.testing.assert_allclose(mean, 9)
        np.testing.assert_allclose(one.part(vif.local_square, scale), 81)


@pytest.mark.parametrize("name", ["VIF", "VIFF@cddfuse", "VIF@mefb", "VIF@tang-uint8", "VIF@mean"])
def test_the_last_window_must_fit(name: str) -> None:
    """41 pixels leave one window at the coarsest scale, 40 leave none."""
    a, b, fused = (image[:41, :41] for image in ordinary_scene())
    assert math.isfinite(value(name, a, b, fused))
    told = "needs images of at least 41 x 41 pixels, found 41 x 40"
    assert refusal(name, a[:, 1:], b[:, 1:], fused[:, 1:]) == told
    assert math.isfinite(value("VIF@ivif-zoo", a[:9, :9], b[:9, :9], fused[:9, :9]))


@pytest.mark.parametrize(
    ("name", "best"), [("VIF", 2), ("VIFF@cddfuse", 2), ("VIF@mean", 1), ("VIF@mefb", 1)]
)
def test_identical_images_lose_nothing(name: str, best: float) -> None:
    """Each source gives 1, as sum or mean; Han's weights add up to 1."""
    a, _, _ = ordinary_scene()
    assert value(name, a, a, a) == pytest.approx(best, rel=1e-6)
    assert sum(vif.HAN_WEIGHTS) == pytest.approx(1)


@pytest.mark.parametrize("name", SUMS)
def test_the_sum_is_over_both_sources(name: str) -> None:
    """Each source has its own part, so the order does not matter.

    VIF-GT is such a part against the ground truth.
    """
    a, b, fused = ordinary_scene()
    parts = [value(name, source, source, fused) / 2 for source in (a, b)]
    assert value(name, a, b, fused) == pytest.approx(sum(parts))
    assert value(name, b, a, fused) == pytest.approx(sum(parts))


def test_the_ground_truth_alone_counts_for_its_fidelity() -> None:
    """VIF-GT does not depend on the sources, and has no value for a constant ground truth."""
    a, b, fused = ordinary_scene()
    found = value("VIF-GT", b, b, fused, reference=a)
    assert found == pytest.approx(value("VIF@mean", a, a, fused))
    told = refusal("VIF-GT", a, b, fused, reference=np.full_like(a, 9.0))
    assert told == "has no value: the reference is constant and carries no information"


@pytest.mark.parametrize("name", EVERY)
def test_known_distortions(name: str) -> None:
    """A black image preserves nothing; noise and lower contrast preserve less than all."""
    a, _, _ = ordinary_scene()
    whole = value(name, a, a, a)
    noise = np.random.RandomState(0).randint(-40, 41, a.shape)
    assert value(name, a, a, np.zeros_like(a)) < 0.01 * whole
    assert 0 < value(name, a, a, np.clip(a + noise, 0, 255)) < 0.9 * whole
    assert 0 < value(name, a, a, a / 4) < 0.9 * whole


@pytest.mark.parametrize("name", ["VIF", "VIF@mefb", "VIF-GT"])
def test_enhanced_contrast_is_more_than_all(name: str) -> None:
    """A gain above 1 gives a fidelity above 1."""
    a, _, _ = ordinary_scene()
    dark = a / 2
    whole = value(name, dark, dark, dark, reference=dark)
    assert value(name, dark, dark, 2 * dark, reference=dark) > 1.1 * whole


@pytest.mark.parametrize("name", ["VIF", "VIFF@cddfuse", "VIF@mefb", "VIF@tang-uint8"])
def test_fidelity_sees_variances_alone(name: str) -> None:
    """An offset and inverted levels of all images change nothing.

    Half their contrast does, because the noise keeps its variance.
    """
    for change in ("brighter", "inverted"):
        if name != "VIF@tang-uint8":
            assert_unchanged(name, change)
    assert_unchanged(name, "transposed")
    assert_changed(name, "half contrast", 0.01)
    assert_changed(name, "shuffled", 0.05)


def test_an_inverted_fused_image_keeps_nothing() -> None:
    """A negative gain counts as 0."""
    a, _, _ = ordinary_scene()
    assert value("VIF", a, a, 255 - a) < 0.01


def test_zeros_outside_see_brightness() -> None:
    """A brighter image has another value in IVIF_ZOO's definition, because it pads with zeros."""
    assert_changed("VIF@ivif-zoo", "brighter", 1e-3)
    assert_changed("VIF@ivif-zoo", "mirrored", 1e-6)


@pytest.mark.parametrize("name", ["VIF", "VIF@ivif-zoo", "VIF@tang-uint8", "VIF@mean"])
def test_a_black_source_carries_no_information(name: str) -> None:
    """The message names the black source."""
    a, _, fused = ordinary_scene()
    told = "has no value: source B is constant and carries no information"
    assert refusal(name, a, np.zeros_like(a), fused) == told


def test_cddfuse_counts_a_source_without_information_as_kept() -> None:
    """Such a source counts 1, whatever the fused image is."""
    a, _, fused = ordinary_scene()
    black = np.zeros_like(a)
    alone = value("VIF@mean", a, a, fused)
    assert value("VIFF@cddfuse", a, black, fused) == pytest.approx(1 + alone)
    assert value("VIFF@cddfuse", black, black, fused) == 2


def test_uint8_arithmetic_is_exact_on_dark_images() -> None:
    """Up to 15 gray levels no square exceeds 255.

    Above that, squares are cut off, and the value is another.
    """
    dark = [np.floor(image / 17) for image in ordinary_scene()]
    assert max(image.max() for image in dark) <= 15
    assert value("VIF@tang-uint8", *dark) == pytest.approx(value("VIF", *dark), rel=1e-9)
    bright = ordinary_scene()
    assert abs(value("VIF@tang-uint8", *bright) - value("VIF", *bright)) > 0.05


@examples
@given(images(44, 45, count=3))
def test_information_is_never_negative(drawn: Pixels) -> None:
    """VIF is 0 or more for any noise, and CDDFuse's VIFF has the same value."""
    a, b, fused = drawn
    if np.ptp(a) and np.ptp(b):
        assert value("VIF", a, b, fused) >= 0
        assert value("VIF", a, b, fused) == pytest.approx(
            value("VIFF@cddfuse", b, a, fused), rel=1e-9
        )


@pytest.mark.parametrize(
    ("variance_s", "variance_f", "covariance", "channel"),
    [
        (4, 4, 4, (1, 1e-10, 4)),
        (4, 16, 8, (2, 1e-10, 4)),
        (4, 9, 0, (0, 9, 4)),
        (4, 9, -3, (0, 9, 4)),
        (0, 9, 0, (0, 9, 0)),
        (4, 0, 0, (0, 1e-10, 4)),
        (-1e-12, 5, 1e-12, (0, 5, 0)),
    ],
)
def test_the_channel_of_known_windows(
    variance_s: float, variance_f: float, covariance: float, channel: tuple[float, float, float]
) -> None:
    """The channel has the gain, the unexplained variance (at least 1e-10) and the source variance.

    A negative gain explains nothing.
    """
    found = vif._channel(float(variance_s), float(variance_f), float(covariance))
    assert found == pytest.approx(channel, rel=1e-6, abs=1e-8)


def test_information_of_one_window() -> None:
    """The values are log10(1 + g^2 s^2 / (v^2 + 2)) and log10(1 + s^2 / 2), summed over windows.

    The sum is also right beyond a block of 64 windows.
    """
    count = 70
    mean, square = np.full((1, count), 10.0), np.full((1, count), 104.0)
    product = np.full((1, count), 102.0)
    preserved, total = vif._information(mean, mean, square, square, product)
    gain, rest = 0.5, 4 - 0.5 * 2
    assert preserved == pytest.approx(count * math.log10(1 + gain**2 * 4 / (rest + 2)))
    assert total == pytest.approx(count * math.log10(1 + 4 / 2))


def test_han_takes_the_source_of_the_smaller_gain() -> None:
    """In a window that preserves A better than B, B counts.

    So a fused image that is A is not perfect if the other source differs.
    """
    a, b, _ = ordinary_scene()
    assert value("VIF@mefb", a, b, a) < 0.5 < value("VIF@mefb", a, a, a)
    assert value("VIF@mefb", a, b, a) == pytest.approx(value("VIF@mefb", b, a, a))

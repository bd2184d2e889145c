"""Metrics of preserved edges: Sobel gradients, best values, weights, and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.metrics.edges import sobel_edges, sobel_mirrored, sobel_zero_padded
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
    rows,
    value,
)

BEST_QABF = 0.9994 * 0.9879 / (1 + math.exp(-22 * 0.2))
"""Value where both strengths and orientations are the same: both sigmoids at their largest."""

BEST_Q_G = 1 / (1 + math.exp(-5)) ** 2


@examples
@given(images(6, 9))
def test_gradients_are_scipys_sobel(drawn: Pixels) -> None:
    """Gradients are right minus left and lower minus upper, with zeros outside.

    Those of Nabf are divided by 8 and mirrored at the border.
    """
    from scipy import ndimage

    image = drawn[0]
    for found, mode, scale in (
        (sobel_zero_padded(image_of(image)), "constant", 1),
        (sobel_mirrored(image_of(image)), "mirror", 8),
    ):
        across, down = found
        np.testing.assert_allclose(across * scale, ndimage.sobel(image, 1, mode=mode), atol=1e-9)
        np.testing.assert_allclose(down * scale, ndimage.sobel(image, 0, mode=mode), atol=1e-9)


@pytest.mark.parametrize(
    ("image", "angle"),
    [
        (ramp(2), 0),
        (100 - ramp(2), 0),
        (ramp(2).T.copy(), math.pi / 2),
        (100 - ramp(2).T, math.pi / 2),
        (ramp(2, 12, 12) + ramp(2, 12, 12).T, -math.pi / 4),
        (ramp(2, 12, 12) + 30 - ramp(2, 12, 12).T, math.pi / 4),
        (flat(9, 12, 12), math.pi / 2),
    ],
)
def test_orientations_of_known_slopes(image: Pixels, angle: float) -> None:
    """A slope and its opposite have the same orientation; downwards counts as negative."""
    strength, orientation = sobel_edges(image_of(image))
    inside = (slice(2, -2), slice(2, -2))
    across, down = sobel_zero_padded(image_of(image))
    np.testing.assert_allclose(strength[inside], np.hypot(across, down)[inside], rtol=1e-14)
    np.testing.assert_allclose(orientation[inside], angle, atol=1e-14)
    assert np.abs(orientation).max() <= math.pi / 2


def test_kept_edges_reach_the_best_value() -> None:
    """A fused image equal to both sources has Qabf 0.975, Q_G 0.987 and no artifacts."""
    image = ramp(9) + ramp(9, 20, 12).T
    image *= 255 / image.max()
    assert value("Qabf", image, image, image) == pytest.approx(BEST_QABF, rel=1e-4)
    assert value("Q_G", image, image, image) == pytest.approx(BEST_Q_G, rel=1e-12)
    assert value("Nabf", image, image, image) == 0


def test_equal_strengths_count_as_their_value() -> None:
    """As in the originals, the ratio of equal strengths is not 1 but the strength.

    So very weak equal edges count as lost.
    """
    faint = ramp(9) / 255 / 8
    assert value("Qabf", faint, faint, faint) < 0.5
    assert value("Qabf", faint, faint, faint * 1.001) == pytest.approx(BEST_QABF, rel=0.01)


def test_lost_edges_are_worth_next_to_nothing() -> None:
    """A black fused image keeps no edge of either source."""
    a, b, _ = ordinary_scene()
    assert value("Qabf", a, b, np.zeros_like(a)) < 1e-3
    assert value("Q_G", a, b, np.zeros_like(a)) < 0.01


def test_a_source_without_edges_has_no_weight() -> None:
    """A black source has nothing to lose, so only the other source counts."""
    a, _, fused = ordinary_scene()
    black = np.zeros_like(a)
    assert value("Qabf", a, black, fused) == pytest.approx(value("Qabf", a, a, fused))
    assert value("Qabf", black, a, fused) == value("Qabf", a, black, fused)


def test_stronger_edges_weigh_more() -> None:
    """Keeping the source of the stronger edges is better than keeping the other one."""
    a, b, _ = ordinary_scene()
    weak = b / 8
    for name in ("Qabf", "Q_G"):
        assert value(name, a, weak, a) > value(name, a, weak, weak)


@pytest.mark.parametrize("name", ["Qabf", "Nabf@ivif-zoo"])
def test_sources_without_edges_have_no_value(name: str) -> None:
    """Black images have no edge at all, and weak ones have none that IVIF_ZOO counts."""
    black, faint = flat(0), ramp(0.5, 48, 56)
    told = {
        "Qabf": "has no value: neither source has an edge",
        "Nabf@ivif-zoo": "has no value: no source has an edge of strength 2 or more",
    }
    assert refusal(name, black, black, black) == told[name]
    assert refusal("Nabf@ivif-zoo", faint, faint, faint) == told["Nabf@ivif-zoo"]
    assert value("Nabf", faint, faint, faint) == 0


@examples
@given(images(6, 7, count=3))
def test_qualities_and_artifacts_lie_on_a_unit(drawn: Pixels) -> None:
    """Every definition lies on 0..1, and the mean of the sources has no artifacts.

    Its edges are not stronger than those of both sources.
    """
    a, b, fused = drawn
    if a.any() or b.any():
        assert 0 <= value("Qabf", a, b, fused) <= BEST_QABF + 1e-9
    for name in ("Q_G", "Nabf", "Nabf_as_called@tang"):
        assert 0 <= value(name, a, b, fused) <= 1 + 1e-12
    assert value("Nabf", a, b, (a + b) / 2) == 0


def test_what_no_source_has_is_an_artifact() -> None:
    """A bright spot that no source has raises Nabf, and a brighter one raises it more."""
    a, b, _ = ordinary_scene()
    values = []
    for level in (0, 60, 120):
        fused = np.rint((a + b) / 2)
        fused[40:80, 40:80] = np.minimum(fused[40:80, 40:80] + level, 255)
        fused[40:80:2] = np.minimum(fused[40:80:2] + level, 255)
        values.append(value("Nabf", a, b, fused))
    assert values[0] < values[1] < values[2]


def test_the_driver_of_tang_gives_the_images_other_roles() -> None:
    """A takes the place of the fused image; B and the fused image take those of the sources."""
    a, b, fused = ordinary_scene()
    found = value("Nabf_as_called@tang", a, b, fused)
    assert found == value("Nabf", b, fused, a) != value("Nabf", a, b, fused)
    assert value("Nabf_as_called@tang", b, a, fused) != found


@pytest.mark.parametrize("name", ["Qabf", "Q_G", "Nabf", "Nabf@ivif-zoo"])
def test_sources_may_change_places(name: str) -> None:
    """Both sources count the same (in Q_G up to the 1e-5 that replaces a strength of 0)."""
    a, b, fused = ordinary_scene()
    assert value(name, b, a, fused) == pytest.approx(value(name, a, b, fused), rel=1e-11)


@pytest.mark.parametrize("name", ["Nabf", "Nabf@ivif-zoo"])
def test_artifacts_have_no_direction_and_no_brightness(name: str) -> None:
    """Nabf mirrors gradients at the border, so it sees neither the direction nor an offset.

    Its thresholds see contrast.
    """
    for change in ("mirrored", "upside down", "transposed", "brighter", "inverted"):
        assert_unchanged(name, change)
    assert_changed(name, "half contrast", 0.1)


def test_zeros_outside_are_an_edge_at_the_border() -> None:
    """Qabf and Q_G see the brightness of the images at the border.

    A change of contrast leaves them almost the same.
    """
    for name in ("Qabf", "Q_G"):
        assert_changed(name, "brighter", 1e-4)
        assert_unchanged(name, "half contrast", 1e-6)


def test_an_upright_edge_has_two_orientations() -> None:
    """Qabf cuts orientations off at pi/2, so mirrored and transposed images have other values.

    Q_G wraps orientations, and has the same value.
    """
    for change in ("mirrored", "transposed"):
        assert_changed("Qabf", change, 1e-5)
        assert_unchanged("Q_G", change, 1e-5)


@pytest.mark.parametrize("name", ["Nabf", "Nabf_as_called@tang", "Nabf@ivif-zoo"])
def test_a_mirrored_border_needs_two_pixels(name: str) -> None:
    """An image of one row or column is refused, because it cannot be mirrored."""
    line = rows([1, 2, 3])
    assert refusal(name, line, line, line) == "needs images of at least 2 x 2 pixels, found 1 x 3"

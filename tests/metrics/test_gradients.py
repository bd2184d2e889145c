"""Metrics of differences between neighbouring pixels, on images with known differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.metrics.gradients import slope_sum, source_frequency, squared_differences
from hypothesis import given

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

OF_FUSED = ("SF", "AG", "EI", "SF@vifb", "AG@tang", "EI@ivif-zoo")
HEIGHT, WIDTH = 12, 20


@examples
@given(images(5, 8))
def test_squared_differences_are_those_of_numpy(drawn: Pixels) -> None:
    """The horizontal sum comes first."""
    across, down = squared_differences(image_of(drawn[0]))
    assert across == pytest.approx((np.diff(drawn[0], axis=1) ** 2).sum())
    assert down == pytest.approx((np.diff(drawn[0], axis=0) ** 2).sum())


@examples
@given(images(5, 8))
def test_slopes_are_those_of_numpy(drawn: Pixels) -> None:
    """Centred differences inside, one-sided ones at the border, as ``numpy.gradient`` has them."""
    down, across = np.gradient(drawn[0])
    expected = np.sqrt((across**2 + down**2) / 2).sum()
    assert slope_sum(image_of(drawn[0])) == pytest.approx(expected)


@examples
@given(images(5, 8))
def test_edge_intensity_is_the_strength_of_scipys_sobel(drawn: Pixels) -> None:
    """The border is repeated; IVIF_ZOO's definition has zeros outside."""
    from scipy import ndimage

    image = drawn[0]
    for name, mode in (("EI", "nearest"), ("EI@ivif-zoo", "constant")):
        expected = np.hypot(ndimage.sobel(image, 0, mode=mode), ndimage.sobel(image, 1, mode=mode))
        assert value(name, image, image, image) == pytest.approx(expected.mean())


@pytest.mark.parametrize("step", [1, 3, 8])
@pytest.mark.parametrize(
    ("name", "of_step_one"),
    [
        ("SF", 1),
        ("SF@vifb", math.sqrt((WIDTH - 1) / WIDTH)),
        ("AG", math.sqrt(1 / 2)),
        ("AG@tang", math.sqrt(1 / 2) * HEIGHT * WIDTH / ((HEIGHT - 1) * (WIDTH - 1))),
        ("EI", (8 * (WIDTH - 2) + 2 * 4) / WIDTH),
    ],
)
def test_ramps_have_the_slope_that_they_are_made_with(
    name: str, of_step_one: float, step: float
) -> None:
    """A ramp of k levels a column has SF k and AG k / sqrt 2.

    Its Sobel strength is 8 k inside and 4 k at both ends.
    """
    image = ramp(step, HEIGHT, WIDTH)
    assert value(name, image, image, image) == pytest.approx(step * of_step_one)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SF", math.sqrt(200)),
        ("SF@vifb", math.sqrt(100)),
        ("AG", 10),
        ("AG@tang", 40),
    ],
)
def test_a_check_of_four_pixels(name: str, expected: float) -> None:
    """Every neighbour differs by 10 levels, and every difference is one-sided."""
    check = rows([0, 10], [10, 0])
    assert value(name, check, check, check) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["SF", "AG", "EI", "SF@vifb", "AG@tang"])
def test_a_flat_image_has_no_gradient(name: str) -> None:
    """Any level gives 0; with zeros outside, the border would be an edge."""
    assert value(name, flat(9), flat(9), flat(200)) == 0
    assert value("EI@ivif-zoo", flat(9), flat(9), flat(200)) > 0


@pytest.mark.parametrize("name", OF_FUSED)
def test_gradients_are_of_the_fused_image_alone(name: str) -> None:
    """The sources do not count, so noise has the best value."""
    a, b, fused = ordinary_scene()
    assert value(name, b, fused, fused) == value(name, a, b, fused)
    assert value(name, a, b, fused / 2) == pytest.approx(value(name, a, b, fused) / 2)
    noise = np.random.RandomState(0).randint(0, 256, fused.shape).astype(float)
    assert value(name, a, b, noise) > 2 * value(name, a, b, fused)


@pytest.mark.parametrize("name", [*OF_FUSED, "QSF"])
def test_gradients_have_no_direction(name: str) -> None:
    """Mirrored and transposed images have the same gradients; shuffled ones have not."""
    for change in ("mirrored", "upside down", "transposed"):
        assert_unchanged(name, change)
    assert_changed(name, "shuffled", 0.05)


@pytest.mark.parametrize("name", ["SF", "AG", "EI", "SF@vifb", "AG@tang", "QSF"])
def test_differences_see_no_brightness(name: str) -> None:
    """An offset and inverted levels change nothing.

    Where zeros lie outside, the border sees both.
    """
    for change in ("brighter", "inverted"):
        assert_unchanged(name, change)
        assert_changed("EI@ivif-zoo", change, 0.005)


@pytest.mark.parametrize("name", ["SF", "AG", "AG@tang"])
@pytest.mark.parametrize(("height", "width"), [(1, 5), (5, 1)])
def test_one_row_has_no_gradient_in_two_directions(name: str, height: int, width: int) -> None:
    """A line of pixels is refused with its size."""
    line = flat(1, height, width)
    found = f"found {height} x {width}"
    assert refusal(name, line, line, line).endswith(found)


@pytest.mark.parametrize(
    ("a", "b", "fused", "expected"),
    [
        (ramp(2), ramp(2), ramp(2), 0),
        (ramp(2), flat(0, 12, 20), ramp(2), 0),
        (ramp(2), flat(0, 12, 20), flat(7, 12, 20), -1),
        (ramp(2), ramp(1), ramp(4), 1),
        (ramp(2), ramp(4), ramp(1), -0.75),
        (ramp(2), ramp(2), 100 - ramp(2), 0),
    ],
)
def test_frequency_error_is_relative_to_the_larger_differences(
    a: Pixels, b: Pixels, fused: Pixels, expected: float
) -> None:
    """The error is 0 if the larger differences are kept, -1 if all are lost, 1 if doubled."""
    assert value("QSF", a, b, fused) == pytest.approx(expected, abs=1e-12)


def test_frequency_of_a_check() -> None:
    """Rows and columns have 4 differences of 10, diagonals have none, over 4 pixels."""
    check = rows([0, 10], [10, 0])
    pair = fusion_of(check, check, check).pair
    assert source_frequency(pair) == pytest.approx(math.sqrt(400 / 4))
    corner = rows([0, 0], [0, 10])
    pair = fusion_of(corner, corner, corner).pair
    assert source_frequency(pair) == pytest.approx(math.sqrt((200 + 100 * math.sqrt(0.5)) / 4))


@examples
@given(images(6, 7, count=2))
def test_a_source_alone_never_has_more_detail_than_both(drawn: Pixels) -> None:
    """A fused image that is one of the sources has a frequency error of at most 0."""
    a, b = drawn
    if np.ptp(a) or np.ptp(b):
        assert value("QSF", a, b, a) <= 1e-12
        assert value("QSF", a, b, b) <= 1e-12
        assert value("QSF", b, a, a) == value("QSF", a, b, a)


def test_constant_sources_have_no_frequency() -> None:
    """The error is refused, because it is relative to the frequency of the sources."""
    assert refusal("QSF", flat(1), flat(2), ordinary_scene()[2][:48, :56]) == (
        "has no value: both sources are constant"
    )

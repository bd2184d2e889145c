"""Images in strips: where they are cut, and that no value depends on it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from fusebench.metrics import SourcePair, limits, phase, resolve, strips
from fusebench.metrics.images import Image
from fusebench.metrics.resolving import all_definitions

from tests.metrics.conftest import Scene, make_scene
from tests.metrics.measuring import Pixels, image_of, rows


@pytest.fixture
def in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every image of more than 100 pixels is large, and a strip has 2,000 pixels."""
    monkeypatch.setattr(limits, "WHOLE_PIXELS", 100)
    monkeypatch.setattr(limits, "STRIP_PIXELS", 2000)


def with_flat_parts(pixels: Pixels) -> Pixels:
    """Return an image with a flat and a saturated part, across the borders of strips."""
    changed = pixels.copy()
    changed[:60, :70] = 17
    changed[100:140] = 255
    return changed


def as_it_is(pixels: Pixels) -> Pixels:
    """Return the image itself."""
    return pixels


def with_fractions(pixels: Pixels) -> Pixels:
    """Return an image of levels that are no whole numbers."""
    return pixels * 0.731


def measured(scene: Scene) -> tuple[dict[str, float], dict[str, str]]:
    """Return values and refusals of every definition of gray images."""
    a, b, fused = scene
    ids = [one.id for one in all_definitions().values() if one.kind == "gray"]
    return SourcePair(a, b, np.rint((a + b) / 2)).attempt(fused, resolve(ids))


@pytest.mark.parametrize("change", [as_it_is, with_flat_parts, with_fractions])
def test_no_value_depends_on_the_strips(change: object, request: pytest.FixtureRequest) -> None:
    """Every definition has the same value in strips as in one piece, bit for bit."""
    assert callable(change)
    a, b, fused = (change(image) for image in make_scene(183, 201, 3))
    whole = measured((a, b, fused))
    request.getfixturevalue("in_strips")
    assert measured((a, b, fused)) == whole
    assert len(whole[0]) > 100


@pytest.mark.parametrize(
    ("name", "most"),
    [("Q_P", 190), ("MEF-SSIM", 110), ("VIF@mefb", 60), ("QS@zliu", 70), ("QY@zliu", 50)],
)
def test_strips_take_little_memory(
    name: str, most: int, in_strips: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most so many bytes for each pixel, images and all that is kept included.

    In one piece these metrics take 135 to 480.
    """
    side = 384
    monkeypatch.setattr(limits, "KEPT_BYTES", 56 * side * side)
    monkeypatch.setattr(phase, "STRIP", 2000)
    a, b, fused = make_scene(side, side)
    SourcePair(a, b).measure(fused, resolve([name]))  # loads and compiles
    tracemalloc.start()
    SourcePair(a, b).measure(fused, resolve([name]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / side**2 < most


def test_strips_follow_each_other() -> None:
    """Each row is in one strip; the rows around it are those that the image has."""
    found = list(strips.strips_of(10, 5, reach=2, pixels=22))
    assert [(one.rows.start, one.rows.stop) for one in found] == [(0, 4), (4, 8), (8, 10)]
    assert [(one.around.start, one.around.stop) for one in found] == [(0, 6), (2, 10), (6, 10)]
    assert [(one.inner.start, one.inner.stop) for one in found] == [(0, 4), (2, 6), (2, 4)]


def test_a_row_longer_than_a_strip_is_a_strip() -> None:
    """A strip has one row at least."""
    assert len(list(strips.strips_of(3, 50, pixels=20))) == 3


def test_an_ordinary_image_is_one_strip_with_its_parts() -> None:
    """What is computed of it is cached, because the strip is the image itself."""
    image = image_of(rows([1, 2], [3, 4]))
    assert [(strip, rows) for strip, rows in strips.cut(image, 1)] == [(image, slice(0, 2))]


def test_maps_of_strips_are_joined(in_strips: None) -> None:
    """A map of neighbours is the one of the whole image, at the borders of strips as well."""
    image = image_of(np.random.RandomState(0).randint(0, 256, (180, 60)).astype(float))

    def above_and_below(strip: Image) -> tuple[Pixels]:
        padded = np.pad(strip.pixels, ((1, 1), (0, 0)))
        return (padded[:-2] + padded[2:],)

    def of_windows(strip: Image) -> tuple[Pixels]:
        return (strip.pixels[:-2] + strip.pixels[2:],)

    found, windows = (
        strips.joined(image, above_and_below, 1)[0],
        strips.joined_windows(image, of_windows, 1)[0],
    )
    np.testing.assert_array_equal(found, above_and_below(image)[0])
    np.testing.assert_array_equal(windows, of_windows(image)[0])
    assert strips.of_pixels(np.sqrt, image.pixels).tolist() == np.sqrt(image.pixels).tolist()

"""The generated datasets: the same on every machine, with the properties they claim."""

from __future__ import annotations

import hashlib
import re
import socket
from functools import cache

import cv2
import numpy as np
import pytest
from fusebench.generated import GENERATORS, generator
from fusebench.generated.focus import defocus, disk_mean, disk_sum
from fusebench.generated.pair import GeneratedPair, Image
from fusebench.generated.shapes import polygon, stroke
from numpy.typing import NDArray

# Of the bytes of A and B of all pairs. A change here changes every number measured on the dataset.
FROZEN = {
    "night-scenes": "0b71a41fe0166b33",
    "multi-focus": "3f4a7e09f50bc4cf",
    "multi-exposure": "6b337fef102ed743",
}


@cache
def pairs(dataset: str) -> tuple[GeneratedPair, ...]:
    """The pairs of a dataset, made once."""
    return tuple(generator(dataset)())


def fingerprint(made: tuple[GeneratedPair, ...]) -> str:
    """Start of the sha256 of the names and bytes of all pairs."""
    digest = hashlib.sha256()
    for pair in made:
        digest.update(pair.name.encode() + pair.a.tobytes() + pair.b.tobytes())
    return digest.hexdigest()[:16]


def gray(image: Image) -> NDArray[np.float64]:
    """Luma as float."""
    plane = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(plane, np.float64)


def sharpness(image: Image) -> NDArray[np.float64]:
    """Local energy of the Laplacian."""
    edges = np.square(cv2.Laplacian(gray(image), cv2.CV_64F))
    return np.asarray(cv2.blur(edges, (15, 15)), np.float64)


@pytest.mark.parametrize("dataset", FROZEN)
def test_bytes_are_frozen(dataset: str) -> None:
    """A dataset is the same bytes on every machine and in every run."""
    assert fingerprint(pairs(dataset)) == FROZEN[dataset]


@pytest.mark.parametrize("dataset", FROZEN)
def test_pairs_are_well_formed(dataset: str) -> None:
    """A dataset has 6 to 10 pairs: 8-bit gray or RGB, both sources of one size.

    Names are unique and can be file names.
    """
    made = pairs(dataset)
    assert 6 <= len(made) <= 10
    assert len({pair.name for pair in made}) == len(made)
    for pair in made:
        assert re.fullmatch(r"[a-z-]+", pair.name)
        images = [pair.a, pair.b] if pair.reference is None else [pair.a, pair.b, pair.reference]
        assert {image.dtype for image in images} == {np.dtype(np.uint8)}
        assert {image.shape[:2] for image in images} == {pair.a.shape[:2]}
        assert {image.shape[2:] for image in images} <= {(), (3,)}


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1024, 768)])
def test_a_pair_is_repeated_at_a_fixed_size(width: int, height: int) -> None:
    """The speed datasets repeat one pair, at the size in their name."""
    made = pairs(f"repeated-{width}x{height}")
    assert (
        {pair.a.shape[:2] for pair in made}
        == {pair.b.shape[:2] for pair in made}
        == {(height, width)}
    )
    assert len({pair.a.tobytes() + pair.b.tobytes() for pair in made}) == 1
    assert len({pair.name for pair in made}) == len(made) > 3


def test_no_network_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """All images come from installed packages."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a generator opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    for name in GENERATORS:
        assert next(generator(name)())


def test_colour_visible_with_gray_infrared() -> None:
    """Night scenes have a gray infrared and a colour visible image, to show luma rules."""
    assert {(pair.a.ndim, pair.b.ndim) for pair in pairs("night-scenes")} == {(2, 3)}
    assert all(np.ptp(pair.b.astype(int), axis=2).max() > 30 for pair in pairs("night-scenes"))


def test_infrared_shows_what_the_visible_hides() -> None:
    """Each scene has hot pixels that are not bright, and bright pixels that are not hot."""
    for pair in pairs("night-scenes"):
        hot, visible = pair.a > 150, gray(pair.b)
        assert 0.01 < hot.mean() < 0.3, pair.name
        assert (visible[hot] < 100).mean() > 0.2, pair.name
        assert ((visible > np.median(visible) + 15) & (pair.a < 130)).mean() > 0.02, pair.name


def test_most_scenes_are_dark() -> None:
    """At least half of the visible images are night images."""
    dark = [np.median(gray(pair.b)) < 80 for pair in pairs("night-scenes")]
    assert sum(dark) >= len(dark) / 2


def test_every_pixel_is_in_focus_once() -> None:
    """Each source blurs a part of the reference; nearly every pixel is sharp in one of them."""
    for pair in pairs("multi-focus"):
        assert pair.reference is not None, pair.name
        wrong = [np.abs(image.astype(int) - pair.reference) for image in (pair.a, pair.b)]
        assert min(error.mean() for error in wrong) > 1.5, pair.name
        assert (np.minimum(*wrong) > 8).mean() < 0.02, pair.name


def test_the_two_focus_on_different_parts() -> None:
    """One part is sharper in A, another part is sharper in B."""
    for pair in pairs("multi-focus"):
        a, b = sharpness(pair.a), sharpness(pair.b)
        assert (a > 2 * b + 1).mean() > 0.04, pair.name
        assert (b > 2 * a + 1).mean() > 0.04, pair.name


def test_exposures_clip_at_opposite_ends() -> None:
    """A is dark and keeps the lights; B is bright, keeps the shadows and clips the lights.

    There is no reference.
    """
    for pair in pairs("multi-exposure"):
        assert pair.reference is None, pair.name
        assert np.median(gray(pair.b)) > np.median(gray(pair.a)) + 50, pair.name
        assert (pair.a == 255).mean() < 0.01, pair.name
        assert (pair.b == 255).mean() > 0.03, pair.name
        assert (gray(pair.a) < 30).mean() > 0.04, pair.name


@pytest.mark.parametrize("diameter", [1, 2, 3, 5, 8])
def test_disk_mean_of_a_flat_image_is_flat(diameter: int) -> None:
    """Borders are repeated, so that edges do not become darker."""
    flat = np.full((9, 11, 2), 77, np.int64)
    assert (disk_mean(flat, diameter) == 77).all()


def test_disk_sum_of_a_point_is_the_disk() -> None:
    """A point spreads to a symmetric disk of the diameter asked for."""
    point = np.zeros((9, 9, 1), np.int64)
    point[4, 4] = 1
    assert disk_sum(point, 5)[..., 0][2:7, 2:7].tolist() == [
        [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0],
    ]  # fmt: skip
    assert disk_sum(point, 5).sum() == 21


def test_disk_of_one_pixel_leaves_the_image_alone() -> None:
    """A diameter of 1 pixel blurs nothing."""
    image = np.random.RandomState(0).randint(0, 256, (12, 13, 3)).astype(np.uint8)
    layer = np.random.RandomState(1).randint(0, 3, (12, 13)).astype(np.int64)
    assert (defocus(image, layer, [1, 1, 1]) == image).all()


def test_sharp_front_does_not_leak_into_blurred_back() -> None:
    """A sharp white object before a blurred black background has no halo, as with a real lens."""
    image = np.zeros((20, 30), np.uint8)
    image[:, 15:] = 255
    layer = np.where(image > 0, 4, 0).astype(np.int64)
    assert (defocus(image, layer, [9, 7, 5, 3, 1])[:, 15:] == 255).all()
    assert defocus(image, layer, [9, 7, 5, 3, 1])[:, :15].max() <= 1


def test_shapes_fill_what_they_enclose() -> None:
    """A polygon follows the even-odd rule; a stroke has the given width and round ends."""
    rows, columns = np.ogrid[0.5:8, 0.5:10]
    square = polygon([(2, -5), (6, -5), (6, 3), (2, 3)], rows, columns)
    assert np.argwhere(square).min(axis=0).tolist() == [0, 2]
    assert np.argwhere(square).max(axis=0).tolist() == [2, 5]
    assert square.sum() == 12
    line = stroke([(3, 4), (7, 4)], 2.0, rows, columns)
    assert line.any(axis=1).tolist() == [False] * 3 + [True] * 2 + [False] * 3
    assert line[3].tolist() == [False] * 2 + [True] * 6 + [False] * 2

"""Test images among the training images: by their pixels, and by their pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.contracts.markers import ImageFile, Pair
from fusebench.suspicion.overlap import told_seen, trained_on, write_training_images
from numpy.typing import NDArray


def picture(seed: int) -> NDArray[np.uint8]:
    """Return a picture with details of many sizes."""
    random = np.random.default_rng(seed)
    layers = [random.normal(0, 1, (240 // size, 320 // size)) for size in (2, 8, 24)]
    whole = sum(cv2.resize(layer, (320, 240), interpolation=cv2.INTER_CUBIC) for layer in layers)
    levels = np.asarray(whole)
    scaled = 255 * (levels - levels.min()) / (levels.max() - levels.min())
    return np.asarray(scaled, dtype=np.uint8)


def pair(folder: Path, name: str, images: list[NDArray[np.uint8]], digest: str = "") -> Pair:
    """Write a pair, and return it as a manifest has it."""
    folder.mkdir(exist_ok=True)
    files = []
    for side, image in zip("ab", images, strict=True):
        cv2.imwrite(str(folder / f"{name}-{side}.png"), image)
        sha256 = f"{digest or name}-{side}"
        files.append(ImageFile(file=f"{name}-{side}.png", mode="gray", sha256=sha256))
    return Pair(name=name, size=(320, 240), a=files[0], b=files[1])


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Return the file of what a network was trained on."""
    folder = tmp_path / "training"
    pairs = [pair(folder, f"t{n}", [picture(2 * n), picture(2 * n + 1)]) for n in range(3)]
    write_training_images(tmp_path / "images.npz", [("set", folder, pairs)])
    return tmp_path / "images.npz"


def test_the_same_pixels_are_found_under_another_name(trained: Path, tmp_path: Path) -> None:
    """By the hash alone, whichever side they are."""
    tested = [pair(tmp_path / "test", "p", [picture(90), picture(91)], digest="t1")]
    (found,) = trained_on(trained, tmp_path / "test", tested)
    assert (found.pair, found.trained, found.likeness) == ("p", "set/t1", 1.0)
    assert told_seen([found], 1) == ("1 of 1 pairs are among the training images: 'p' is 'set/t1'")


def test_near_copies_are_found_and_other_pictures_are_not(trained: Path, tmp_path: Path) -> None:
    """A JPEG and a picture of half the size are copies; another scene is none."""
    packed = cv2.imencode(".jpg", picture(2), [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    jpeg = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)).astype(np.uint8)
    half = np.asarray(cv2.resize(picture(5), (160, 120), interpolation=cv2.INTER_AREA))
    folder = tmp_path / "test"
    tested = [
        pair(folder, "jpeg", [picture(80), jpeg]),
        pair(folder, "half", [half.astype(np.uint8), picture(81)]),
        pair(folder, "other", [picture(82), picture(83)]),
    ]
    found = trained_on(trained, folder, tested)
    assert [(one.pair, one.trained) for one in found] == [("jpeg", "set/t1"), ("half", "set/t2")]
    assert "(likeness 0.9" in told_seen(found, 3) or "(likeness 1.0" in told_seen(found, 3)


def test_without_the_file_nothing_is_said(tmp_path: Path) -> None:
    """It may have been left behind on another machine."""
    tested = [pair(tmp_path / "test", "p", [picture(1), picture(2)])]
    assert trained_on(tmp_path / "none.npz", tmp_path / "test", tested) == []

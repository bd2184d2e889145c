"""Reading images: 8 bits a channel, whatever the file holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.images import (
    ALPHA_DROPPED,
    LOSSES,
    OPAQUE_DROPPED,
    SCALED,
    UnreadableImageError,
    in_mode,
    mode_of,
    pixel_sha256,
    read_image,
    read_own,
    thumbnail,
    write_png,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray


def test_16_bits_are_scaled_wherever_they_are_read(tmp_path: Path) -> None:
    """A 12-bit camera's values are divided by 257 and rounded, never cut to their lower byte."""
    values = np.linspace(0, 4095, 24, dtype=np.uint16).reshape(4, 6) * 16
    cv2.imwrite(str(tmp_path / "x.png"), values)
    assert (read_own(tmp_path / "x.png") == np.rint(values / 257)).all()
    assert (read_own(tmp_path / "x.png") == read_image(tmp_path / "x.png")[0]).all()


def test_an_alpha_channel_is_dropped_wherever_it_is_read(tmp_path: Path) -> None:
    """RGBA is read as RGB."""
    pixels = np.random.default_rng(1).integers(0, 256, (4, 6, 4)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "x.png"), pixels)
    assert (read_own(tmp_path / "x.png") == pixels[:, :, 2::-1]).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
def test_a_truncated_image_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    """A truncated image is refused, however much of the file is there.

    OpenCV alone would fill it up with gray.
    """
    path = tmp_path / f"x{suffix}"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (60, 80, 3)).astype(np.uint8))
    assert read_image(path)[0].shape == (60, 80, 3)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UnreadableImageError, match=r"must be (a whole|an) image; found a"):
        read_image(path)


def test_a_changed_byte_of_a_png_is_noticed(tmp_path: Path) -> None:
    """The checksums show it, wherever the byte is, before any pixel is used."""
    path = tmp_path / "x.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (60, 80)).astype(np.uint8))
    content = path.read_bytes()
    for place in range(60, len(content) - 12, 397):
        path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        with pytest.raises(UnreadableImageError):
            read_image(path)


def test_a_png_with_a_wrong_checksum_behind_its_pixels_is_read(tmp_path: Path) -> None:
    """A wrong checksum of a comment does not matter to the image."""
    path = tmp_path / "x.png"
    pixels = np.random.default_rng(1).integers(0, 256, (60, 80)).astype(np.uint8)
    cv2.imwrite(str(path), pixels)
    content = path.read_bytes()
    path.write_bytes(
        content[:-12] + b"\x00\x00\x00\x03tEXta\x00b" + b"\x00\x00\x00\x00" + content[-12:]
    )
    assert (read_image(path)[0] == pixels).all()


GRAY = np.random.default_rng(1).integers(0, 256, (4, 6), dtype=np.uint8)
RGB = np.random.default_rng(2).integers(0, 256, (4, 6, 3), dtype=np.uint8)


@pytest.mark.parametrize("pixels", [GRAY, RGB], ids=["gray", "rgb"])
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp", ".PNG"])
def test_what_was_written_is_read_again(
    tmp_path: Path, pixels: NDArray[np.uint8], suffix: str
) -> None:
    """As PNG, whatever the name says; gray stays gray, and red stays red."""
    path = tmp_path / "new" / f"x{suffix}"
    write_png(path, pixels)
    read, notes = read_image(path)
    assert (read == pixels).all() and read.shape == pixels.shape and notes == []
    assert (read_own(path) == pixels).all()
    assert path.read_bytes().startswith(b"\x89PNG")


def test_an_opaque_alpha_channel_loses_nothing(tmp_path: Path) -> None:
    """Its note differs from that of a lost alpha channel, which counts among the losses."""
    for alpha, note in ((255, OPAQUE_DROPPED), (254, ALPHA_DROPPED)):
        pixels = np.dstack([RGB[:, :, ::-1], np.full((4, 6), 255, np.uint8)])
        pixels[0, 0, 3] = alpha
        cv2.imwrite(str(tmp_path / "x.png"), pixels)
        read, notes = read_image(tmp_path / "x.png")
        assert (read == RGB).all() and notes == [note]
        assert (note in LOSSES) == (alpha == 254)


def test_16_bits_and_alpha_are_both_noted(tmp_path: Path) -> None:
    """The notes have the order of the conversions; an opaque 16-bit channel is opaque."""
    pixels = np.dstack([RGB[:, :, ::-1], np.full((4, 6), 255, np.uint8)]).astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "x.png"), pixels)
    read, notes = read_image(tmp_path / "x.png")
    assert (read == RGB).all() and notes == [SCALED, OPAQUE_DROPPED]


@pytest.mark.parametrize("read", [read_image, read_own])
@pytest.mark.parametrize("content", [None, b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_image_is_refused(
    tmp_path: Path, read: Callable[[Path], object], content: bytes | None
) -> None:
    """An absent or empty file, other content, and a truncated image are refused with the path."""
    path = tmp_path / "x.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=f"{path}: must be "):
        read(path)


@pytest.mark.parametrize("read", [read_image, read_own])
def test_values_that_have_no_8_bits_are_refused(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    """Floating-point values have no range that a file states."""
    cv2.imwrite(str(tmp_path / "x.tif"), GRAY.astype(np.float32))
    with pytest.raises(UnreadableImageError, match="must have 8 or 16 bits a channel; found float"):
        read(tmp_path / "x.tif")


def test_the_hash_of_pixels_is_of_shape_and_values() -> None:
    """The layout in memory does not matter; the same bytes in another shape are another image.

    Pins of datasets, records and verified entries hold it: another form would refuse them all.
    """
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    known = "2ecbd9723cf650139701a7dfa111bae18c0daf68ec8ec19aaf7ade387d6b2791"
    assert pixel_sha256(pixels) == pixel_sha256(np.asfortranarray(pixels)) == known
    assert pixel_sha256(np.repeat(pixels, 2, axis=1)[:, ::2]) == known
    others = [pixels.T, pixels.reshape(6, 4), pixels[:, ::-1], pixels.reshape(4, 6, 1)]
    assert len({known, *map(pixel_sha256, others)}) == 5


@pytest.mark.parametrize(
    ("pixels", "mode", "ndim"),
    [(GRAY, "gray", 2), (GRAY, "rgb", 3), (RGB, "gray", 2), (RGB, "rgb", 3)],
)
def test_modes_are_converted_by_opencv_s_rule(
    pixels: NDArray[np.uint8], mode: str, ndim: int
) -> None:
    """A colour image becomes its luma, a gray image three equal channels.

    An image that has the mode already is not copied.
    """
    converted = in_mode(pixels, mode)
    assert converted.ndim == ndim and mode_of(converted) == mode
    assert (converted is pixels) == (pixels.ndim == ndim)
    if mode == "gray" and pixels.ndim == 3:
        luma = pixels @ np.array([0.299, 0.587, 0.114])
        assert np.abs(converted - luma).max() <= 1
    assert in_mode(pixels, "keep") is pixels


@settings(deadline=None, max_examples=30)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70))))
def test_a_thumbnail_has_the_mean_of_its_image(pixels: NDArray[np.uint8]) -> None:
    """It has 32 by 32 values, each the rounded mean of a part; all parts have equal area."""
    small = thumbnail(pixels)
    assert small.shape == (32, 32) and small.dtype == np.uint8
    assert pixels.min() <= small.min() and small.max() <= pixels.max()
    whole = thumbnail(np.kron(pixels[:1, :1], np.ones((64, 64), np.uint8)))
    assert (whole == pixels[0, 0]).all()


def test_a_thumbnail_is_of_means_of_blocks() -> None:
    """Each value is the mean of four pixels of a 64 by 64 image, of the luma of a colour image."""
    pixels = np.random.default_rng(3).integers(0, 256, (64, 64), dtype=np.uint8)
    means = pixels.reshape(32, 2, 32, 2).mean(axis=(1, 3))
    assert np.abs(thumbnail(pixels) - means).max() <= 0.5
    assert np.array_equal(thumbnail(in_mode(pixels, "rgb")), thumbnail(pixels))

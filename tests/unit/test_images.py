"""Reading images: 8 bits a channel, whatever the file holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from fusebench.image_headers import UnreadableImageError
from fusebench.images import (
    ALPHA_DROPPED,
    FOURTH_LEFT_OUT,
    INVERTED,
    LOSSES,
    OPAQUE_DROPPED,
    OTHERS_LEFT_OUT,
    SCALED,
    Reading,
    in_mode,
    level_counts,
    limits_of,
    mode_of,
    notes_together,
    pixel_sha256,
    range_notes,
    read_image,
    read_levels,
    read_own,
    thumbnail,
    write_png,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image


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
    """It has 64 by 64 values, each the rounded mean of a part; all parts have equal area."""
    small = thumbnail(pixels)
    assert small.shape == (64, 64) and small.dtype == np.uint8
    assert pixels.min() <= small.min() and small.max() <= pixels.max()
    whole = thumbnail(np.kron(pixels[:1, :1], np.ones((128, 128), np.uint8)))
    assert (whole == pixels[0, 0]).all()


def test_a_thumbnail_is_of_means_of_blocks() -> None:
    """Each value is the mean of four pixels of a 128 by 128 image, in colour of their luma."""
    pixels = np.random.default_rng(3).integers(0, 256, (128, 128), dtype=np.uint8)
    means = pixels.reshape(64, 2, 64, 2).mean(axis=(1, 3))
    assert np.abs(thumbnail(pixels) - means).max() <= 0.5
    assert np.array_equal(thumbnail(in_mode(pixels, "rgb")), thumbnail(pixels))


@pytest.mark.parametrize("factor", [1, 257])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_levels_are_as_they_are_stored(tmp_path: Path, channels: int, factor: int) -> None:
    """16 bits stay 16 bits; channels are red, green and blue, which is not OpenCV's order."""
    stored: NDArray[Any] = RGB if factor == 1 else RGB.astype(np.uint16) * factor
    blue_first = np.dstack([stored[..., ::-1], stored[..., 0]])[..., :channels]
    cv2.imwrite(str(tmp_path / "x.png"), blue_first)
    levels, _ = read_levels(tmp_path / "x.png")
    assert levels.dtype == stored.dtype
    assert np.array_equal(levels, stored[..., 2] if channels == 1 else stored)


def test_a_folder_is_no_image(tmp_path: Path) -> None:
    """The message says that it is one."""
    with pytest.raises(UnreadableImageError, match="must be an image file; found a folder"):
        read_levels(tmp_path)


BLOCKS = np.kron(
    np.random.default_rng(4).integers(0, 256, (4, 6, 3)), np.ones((8, 8, 1), np.int64)
).astype(np.uint8)
"""RGB (32, 48, 3), which a JPEG of quality 100 keeps within a few gray levels."""

UPRIGHT_BY: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    1: np.asarray,
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}
"""EXIF orientation -> what sets a stored image upright, as the EXIF standard says."""


def save_turned(path: Path, pixels: NDArray[Any], orientation: int) -> None:
    """Write an image with an EXIF orientation."""
    exif = Image.Exif()
    exif[274] = orientation
    options: dict[str, Any] = {".jpg": {"quality": 100, "subsampling": 0}}.get(path.suffix, {})
    options = {"lossless": True} if path.suffix == ".webp" else options
    Image.fromarray(pixels).save(path, exif=exif, **options)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_image_is_set_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    """Its EXIF orientation is applied and noted, by whatever function it is read."""
    path = tmp_path / f"x{suffix}"
    save_turned(path, BLOCKS, orientation)
    upright = UPRIGHT_BY[orientation](BLOCKS)
    read, notes = read_image(path)
    assert read.shape == upright.shape
    assert np.abs(read.astype(int) - upright).max() <= (6 if suffix == ".jpg" else 0)
    assert notes == (
        [] if orientation == 1 else [f"turned upright (EXIF orientation {orientation})"]
    )
    assert (read_own(path) == read).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_tiffs_of_each_kind(tmp_path: Path, orientation: int) -> None:
    """Gray, 16 bits and an alpha channel make no difference, though other code decodes them."""
    alpha = np.dstack([BLOCKS, BLOCKS[:, :, 0]])
    kinds: list[NDArray[Any]] = [BLOCKS[..., 0], BLOCKS[..., 0].astype(np.uint16) * 257, alpha]
    for stored in kinds:
        save_turned(tmp_path / "x.tif", stored, orientation)
        upright = UPRIGHT_BY[orientation](stored)
        expected = upright[..., :3] if stored is alpha else upright
        assert np.array_equal(read_levels(tmp_path / "x.tif")[0], expected)


def test_exif_data_behind_the_pixels_of_a_png(tmp_path: Path) -> None:
    """The standard allows it there; Pillow alone would find it only after decoding the image."""
    path = tmp_path / "x.png"
    save_turned(path, BLOCKS, 3)
    content = path.read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    last = len(content) - 12
    path.write_bytes(content[:start] + content[end:last] + content[start:end] + content[last:])
    assert (read_image(path)[0] == np.rot90(BLOCKS, 2)).all()


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_an_orientation_that_does_not_exist_turns_nothing(tmp_path: Path, orientation: int) -> None:
    """Some cameras write 0."""
    save_turned(tmp_path / "x.png", BLOCKS, orientation)
    read, notes = read_image(tmp_path / "x.png")
    assert (read == BLOCKS).all() and notes == []


FOUR = np.random.default_rng(5).integers(0, 255, (6, 8, 4)).astype(np.uint8)


@pytest.mark.parametrize("factor", [1, 257])
@pytest.mark.parametrize("read", [lambda path: read_image(path)[0], read_own])
@pytest.mark.parametrize("meaning", ["unspecified", "unassalpha", "assocalpha"])
def test_no_tiff_is_multiplied_by_its_fourth_channel(
    tmp_path: Path, meaning: Any, read: Callable[[Path], NDArray[np.uint8]], factor: int
) -> None:
    """The colours are those in the file, whatever the fourth channel means."""
    stored = FOUR if factor == 1 else FOUR.astype(np.uint16) * factor
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, stored, photometric="rgb", extrasamples=[meaning])
    assert (read(path) == FOUR[:, :, :3]).all()


@pytest.mark.parametrize(
    ("meaning", "note"),
    [
        ("unspecified", FOURTH_LEFT_OUT),
        ("unassalpha", ALPHA_DROPPED),
        ("assocalpha", ALPHA_DROPPED),
    ],
)
def test_a_fourth_channel_of_no_stated_meaning_is_no_alpha_channel(
    tmp_path: Path, meaning: Any, note: str
) -> None:
    """The note says which channels are used; something is lost either way."""
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, FOUR, photometric="rgb", extrasamples=[meaning])
    assert read_image(path)[1] == [note] and note in LOSSES


def test_a_second_channel_of_a_gray_tiff_is_told(tmp_path: Path) -> None:
    """It is left out; the note says whether it was an alpha channel."""
    path = tmp_path / "x.tif"
    for meaning, note in (("unspecified", OTHERS_LEFT_OUT), ("unassalpha", ALPHA_DROPPED)):
        extra: Any = [meaning]
        tifffile.imwrite(path, FOUR[..., :2], photometric="minisblack", extrasamples=extra)
        read, notes = read_image(path)
        assert (read == FOUR[..., 0]).all() and notes == [note]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channel", range(4))
def test_one_channel_can_be_read(tmp_path: Path, suffix: str, channel: int) -> None:
    """Channels are counted from 0: red, green, blue, and the fourth, such as MFNet's infrared."""
    path = tmp_path / f"x{suffix}"
    Image.fromarray(FOUR).save(path)
    read, notes = read_image(path, Reading(channel=channel))
    assert (read == FOUR[..., channel]).all() and read.ndim == 2
    assert notes == [f"channel {channel} of 4, counted from 0"]


def test_a_channel_that_a_file_lacks_is_refused(tmp_path: Path) -> None:
    """The message says how many channels there are."""
    for pixels, count in ((GRAY, 1), (RGB, 3)):
        write_png(tmp_path / "x.png", pixels)
        told = rf"x\.png: must have a channel 3, counted from 0; found {count} channel"
        with pytest.raises(UnreadableImageError, match=told):
            read_image(tmp_path / "x.png", Reading(channel=3))


@pytest.mark.parametrize(
    ("stored", "photometric", "planes", "told"),
    [
        (np.zeros((6, 8, 5), np.uint8), "rgb", "contig", "at most 4 channels; found 5"),
        (np.zeros((3, 6, 8), np.uint16), "rgb", "separate", "found a TIFF with 16 bits and one"),
        (np.zeros((6, 8, 4), np.uint16), "minisblack", "contig", "a kind of image that cannot be"),
    ],
)
def test_tiffs_that_opencv_misreads_are_refused(
    tmp_path: Path, stored: NDArray[Any], photometric: Any, planes: Any, told: str
) -> None:
    """They are named with what is wrong; OpenCV would read other values, or none."""
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, stored, photometric=photometric, planarconfig=planes)
    with pytest.raises(UnreadableImageError, match=rf"x\.tif: must .*{told}"):
        read_image(path)


@pytest.mark.parametrize("factor", [1, 257])
def test_0_may_be_white(tmp_path: Path, factor: int) -> None:
    """Such a TIFF is read as it looks, with 16 bits too, where OpenCV returns the negative."""
    stored: NDArray[Any] = GRAY if factor == 1 else GRAY.astype(np.uint16) * factor
    tifffile.imwrite(tmp_path / "x.tif", stored, photometric="miniswhite")
    read, notes = read_image(tmp_path / "x.tif")
    assert (read == 255 - GRAY).all()
    assert notes == ([] if factor == 1 else [SCALED, INVERTED])


def test_further_images_of_a_file_are_told(tmp_path: Path) -> None:
    """Only the first of them is read."""
    path = tmp_path / "x.tif"
    Image.fromarray(GRAY).save(path, save_all=True, append_images=[Image.fromarray(RGB)])
    read, notes = read_image(path)
    assert (read == GRAY).all() and notes == ["the first of the 2 images in the file"]


RAMP = np.linspace(7000, 8020, 60, dtype=np.uint16).reshape(6, 10)


def test_a_stated_range_becomes_0_to_255(tmp_path: Path) -> None:
    """Values outside are clipped, and the note counts them."""
    cv2.imwrite(str(tmp_path / "x.png"), RAMP)
    read, notes = read_image(tmp_path / "x.png", Reading(limits=(7000, 8020)))
    assert (read == np.rint((RAMP.astype(float) - 7000) * 255 / 1020)).all()
    assert (read.min(), read.max()) == (0, 255)
    assert notes == ["values 7000 to 8020 scaled to 0 to 255"]
    read, notes = read_image(tmp_path / "x.png", Reading(limits=(7100, 8000)))
    outside = int(((RAMP < 7100) | (RAMP > 8000)).sum())
    assert (read[RAMP < 7100] == 0).all() and (read[RAMP > 8000] == 255).all()
    assert notes == [f"values 7100 to 8000 scaled to 0 to 255, {outside} values clipped"]


def test_the_range_can_be_that_of_percentiles(tmp_path: Path) -> None:
    """The values at the percentiles become 0 and 255; dead and hot pixels do not count.

    The note has the values that were found, and how many were clipped.
    """
    spoiled = RAMP.copy()
    spoiled[0, 0], spoiled[-1, -1] = 3, 65000
    cv2.imwrite(str(tmp_path / "x.png"), spoiled)
    low, high = int(RAMP[0, 1]), int(RAMP[-1, -2])
    read, notes = read_image(tmp_path / "x.png", Reading(percentiles=(2, 98)))
    assert (read == read_image(tmp_path / "x.png", Reading(limits=(low, high)))[0]).all()
    assert (read.min(), read.max()) == (0, 255)
    assert notes == [
        f"values {low} to {high} (percentiles 2 and 98 of the image) scaled to 0 to 255, 2 values"
        " clipped"
    ]


@pytest.mark.parametrize("percentiles", [(0, 100), (0.1, 99.9), (1, 99), (2.5, 50), (49, 51)])
@pytest.mark.parametrize("shape", [(1, 2), (7, 9), (40, 50)])
def test_percentiles_are_those_of_numpy(
    percentiles: tuple[float, float], shape: tuple[int, int]
) -> None:
    """They are counted from a histogram, so that they can be those of many images together."""
    levels = np.arange(shape[0] * shape[1], dtype=np.uint16).reshape(shape) * 3
    expected = np.percentile(levels, percentiles, method="nearest").tolist()
    if expected[0] < expected[1]:
        assert list(limits_of(level_counts(levels), percentiles, "x")) == expected


def test_stated_bits_are_a_range_from_0(tmp_path: Path) -> None:
    """16 bits are what is done without a statement."""
    path = tmp_path / "x.png"
    cv2.imwrite(str(path), RAMP)
    assert (read_image(path, Reading(bits=14))[0] == np.rint(RAMP * (255 / 16383))).all()
    assert (read_image(path, Reading(bits=16))[0] == read_image(path)[0]).all()


@pytest.mark.parametrize(
    ("pixels", "reading", "told"),
    [
        (RAMP, Reading(bits=12), "must have values of 0 to 4095, .* found 7000 to 8020"),
        (RAMP, Reading(limits=(9000, 9999)), "must have values of 9000 to 9999, .* found 7000"),
        (GRAY, Reading(bits=14), "must be able to hold 16383, .* found 8 bits a channel"),
        (
            GRAY * 0 + 7,
            Reading(percentiles=(1, 99)),
            "must have different values at the percentiles 1 and 99, .* found 7 at both",
        ),
    ],
)
def test_a_wrong_statement_is_refused(
    tmp_path: Path, pixels: NDArray[Any], reading: Reading, told: str
) -> None:
    """Values of more bits, no value in the range, and a file that cannot hold them."""
    cv2.imwrite(str(tmp_path / "x.png"), pixels)
    with pytest.raises(UnreadableImageError, match=told):
        read_image(tmp_path / "x.png", reading)


@pytest.mark.parametrize(
    ("high", "is_told"), [(1023, True), (4095, True), (16383, True), (16384, False), (65535, False)]
)
def test_16_bits_that_are_hardly_used_are_told(high: int, is_told: bool) -> None:
    """Less than a quarter of the range is told: that is what cameras of 10 to 14 bits deliver.

    One dead and one hot pixel do not hide it.
    """
    levels = np.linspace(0, high, 60 * 80).astype(np.uint16).reshape(60, 80)
    levels[:5] = high
    levels[-5:] = 0
    assert bool(range_notes(levels)) == is_told
    levels[0, 0], levels[0, 1] = 0, 65535
    assert bool(range_notes(levels)) == is_told
    assert range_notes((levels // 257).astype(np.uint8)) == []


def test_notes_of_many_images_are_one_line() -> None:
    """Those that differ in their numbers alone are counted together."""
    notes = {"x": [SCALED, "1 to 2"], "y": [SCALED, "3 to 4"], "z": ["other"], "w": []}
    assert notes_together(notes) == [
        f"{SCALED} (2 of 4 images, first: x)",
        "1 to 2 (2 of 4 images, first: x)",
        "other (1 of 4 images, first: z)",
    ]

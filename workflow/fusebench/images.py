"""Reading and writing images: 8-bit gray (H, W) or RGB (H, W, 3) arrays, values 0 to 255."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.image_headers import (
    UPRIGHT,
    Header,
    UnreadableImageError,
    read_header,
    refuse_damaged,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".webp", ".gif"}
)
"""File names that end so are taken for images."""

OPAQUE = 255
SCALED = "16 bits scaled to 8 (times 255/65535, rounded)"
ALPHA_DROPPED = "alpha channel dropped"
OPAQUE_DROPPED = "opaque alpha channel dropped"
FOURTH_LEFT_OUT = (
    "4 channels of which the file does not say what the last one means: channels 0, 1 and 2 taken"
    " as red, green and blue, channel 3 left out"
)
OTHERS_LEFT_OUT = "more than one channel: channel 0 taken as gray, the others left out"
INVERTED = "0 is white in the file: values inverted"
LOSSY = "written by the script as lossy "
"""How the note of a fused image begins whose file was lossy; its format follows."""
JPEG_HEAD = b"\xff\xd8\xff"
"""The first bytes of a JPEG."""
WEBP_HEAD = re.compile(rb"RIFF....WEBP(VP8 |VP8X.*?VP8 )", re.DOTALL)
"""The first bytes of a WebP that is lossy; a lossless one has the part ``VP8L`` instead."""
LOSSES = (SCALED, ALPHA_DROPPED, FOURTH_LEFT_OUT, OTHERS_LEFT_OUT)
"""Notes of images that held more than what is read of them."""

MOST_CHANNELS = 4
"""OpenCV reads no image with more channels."""

LAST_OF_SAME_SHAPE = 4
"""The EXIF orientations above exchange width and height."""

FILLED = 65536 // 4
"""16-bit values that span less than this are told: at most 64 of 256 gray levels are left."""

HARDLY_FILLED = "16-bit values fill only"
"""The note of such an image begins so."""

FILLED_BY = (0.1, 99.9)
"""The span is that between these percentiles: a few dead or hot pixels do not hide it."""


@dataclass(frozen=True)
class Reading:
    """What a person states of a file's values, because the file does not say it.

    Attributes:
        channel: the only channel that is read, counted from 0 in the order red, green, blue and the
            fourth one; None for gray or RGB.
        limits: the values that become 0 and 255; values outside are clipped. None for the whole
            range of the type.
        bits: how many bits of each value are used; no value may be greater. None for all of them.
        percentiles: those whose values become 0 and 255. With ``limits``, these are their values
            in all images of the dataset; without, each image has its own.
    """

    channel: int | None = None
    limits: tuple[int, int] | None = None
    bits: int | None = None
    percentiles: tuple[float, float] | None = None


AS_STORED = Reading()


def read_image(path: Path, reading: Reading = AS_STORED) -> tuple[NDArray[np.uint8], list[str]]:
    """Read an image file as 8-bit gray (H, W) or RGB (H, W, 3), with notes on its conversion.

    16-bit values are scaled by 255/65535 and rounded, unless their range is stated; the rest is as
    in ``read_levels``. The notes say so, in the words of ``LOSSES`` where something is lost.

    Raises:
        UnreadableImageError: the file is absent, is no image, is truncated, holds values that
            cannot be brought to 8 bits, or others than what is stated of it.
    """
    levels, notes = read_levels(path, reading.channel)
    limits = _limits(levels, reading, path)
    if limits is None:
        pixels, scaled = _to_8_bit(levels)
        return pixels, [*scaled, *notes, *range_notes(levels)]
    pixels, scaled = _stretched(levels, limits, path, reading)
    return pixels, [*scaled, *notes]


def _limits(levels: NDArray[Any], reading: Reading, path: Path) -> tuple[int, int] | None:
    """Return the values that become 0 and 255; None where nothing is stated."""
    if reading.limits:
        return reading.limits
    if reading.bits:
        return 0, 2**reading.bits - 1
    if reading.percentiles:
        return limits_of(level_counts(levels), reading.percentiles, str(path))
    return None


def level_counts(levels: NDArray[Any]) -> NDArray[np.int64]:
    """Return how often each value of 8 or 16 bits occurs, ``(65536,)``."""
    import numpy as np

    return np.bincount(levels.ravel(), minlength=65536)


def limits_of(
    counts: NDArray[np.int64], percentiles: tuple[float, float], what: str
) -> tuple[int, int]:
    """Return the values at two percentiles; each is one that occurs, the nearest one.

    Args:
        counts: as ``level_counts`` returns them, of one image or of the sum of several.
        percentiles: 0 to 100, the smaller one first.
        what: names the images.

    Raises:
        UnreadableImageError: both values are the same.
    """
    import numpy as np

    ranks = np.rint(np.array(percentiles) / 100 * (counts.sum() - 1))
    low, high = (int(value) for value in np.searchsorted(np.cumsum(counts), ranks, side="right"))
    if low == high:
        raise UnreadableImageError(
            f"{what}: must have different values at the percentiles {_two(percentiles)}, as `range`"
            f" of the dataset says; found {low} at both"
        )
    return low, high


def _two(percentiles: tuple[float, float]) -> str:
    return f"{percentiles[0]:g} and {percentiles[1]:g}"


def _stretched(
    levels: NDArray[Any], limits: tuple[int, int], path: Path, reading: Reading
) -> tuple[NDArray[np.uint8], list[str]]:
    """Scale the limits to 0 and 255.

    Values outside are clipped and counted, or refused.
    """
    import numpy as np

    low, high = limits
    depth = 8 * levels.dtype.itemsize
    if high >= 2**depth:
        raise UnreadableImageError(
            f"{path}: must be able to hold {high}, as `range` or `bits` of the dataset says; found"
            f" {depth} bits a channel"
        )
    outside = int(((levels < low) | (levels > high)).sum())
    if outside == levels.size or (outside and reading.bits):
        raise UnreadableImageError(
            f"{path}: must have values of {low} to {high}, as `range` or `bits` of the dataset"
            f" says; found {levels.min()} to {levels.max()}"
        )
    inside = np.clip(levels.astype(np.float64), low, high)
    scaled = np.rint((inside - low) * (255.0 / (high - low))).astype(np.uint8)
    clipped = f", {outside} values clipped" if outside else ""
    return scaled, [f"values {low} to {high}{_origin(reading)} scaled to 0 to 255{clipped}"]


def _origin(reading: Reading) -> str:
    if reading.percentiles is None:
        return ""
    images = "all images of this side" if reading.limits else "the image"
    return f" (percentiles {_two(reading.percentiles)} of {images})"


def range_notes(levels: NDArray[Any]) -> list[str]:
    """Return a note where 16-bit values fill less than a quarter of their range.

    Such an image has few of the 256 gray levels that are measured.
    """
    import numpy as np

    if levels.dtype != np.uint16:
        return []
    low, high = (int(value) for value in np.percentile(levels, FILLED_BY, method="nearest"))
    if high - low >= FILLED:
        return []
    return [
        f"{HARDLY_FILLED} {low} to {high} of 0 to 65535:"
        f" {round((high - low) / 257) + 1} of 256 gray levels are left"
    ]


def notes_together(notes: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a line for each kind of note: its first text, and how many images have one of it.

    Notes that differ in their numbers alone are of one kind.

    Args:
        notes: name of an image -> its notes.
    """
    kinds: dict[str, list[tuple[str, str]]] = {}
    for name, told in notes.items():
        for note in told:
            kinds.setdefault(re.sub(r"[0-9]+", "#", note), []).append((name, note))
    return [
        f"{found[0][1]} ({len(found)} of {len(notes)} images, first: {found[0][0]})"
        for found in kinds.values()
    ]


def read_levels(path: Path, channel: int | None = None) -> tuple[NDArray[Any], list[str]]:
    """Read an image file as gray (H, W) or RGB (H, W, 3), uint8 or uint16 as it is stored.

    A turned image (EXIF orientation) is set upright, an alpha channel is dropped. The notes say so.

    Args:
        path: the file.
        channel: the only channel to read, see ``Reading``.

    Raises:
        UnreadableImageError: the file is absent, is no image, is truncated, or holds values that
            cannot be brought to 8 bits.
    """
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing there"
        raise UnreadableImageError(f"{path}: must be an image file; found {found}")
    refuse_damaged(path)
    return _read(path, channel)


def _read(path: Path, channel: int | None = None) -> tuple[NDArray[Any], list[str]]:
    header = read_header(path)
    channels = _decode(path, header)
    if channel is None:
        pixels, left_out = _without_extra(channels, header)
    else:
        pixels, left_out = _only(channel, channels, path)
    return pixels, [*left_out, *_what_was_done(header)]


def _only(channel: int, pixels: NDArray[Any], path: Path) -> tuple[NDArray[Any], list[str]]:
    """Return one channel (H, W), with a note on which one it is."""
    import numpy as np

    count = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channel >= count:
        raise UnreadableImageError(
            f"{path}: must have a channel {channel}, counted from 0; found {count} channel(s)"
        )
    chosen = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., channel])
    return chosen, [f"channel {channel} of {count}, counted from 0"]


def _what_was_done(header: Header) -> Iterator[str]:
    if _is_turned_white(header):
        yield INVERTED
    if header.orientation != UPRIGHT:
        yield f"turned upright (EXIF orientation {header.orientation})"
    if header.pages > 1:
        yield f"the first of the {header.pages} images in the file"


def _is_turned_white(header: Header) -> bool:
    """Whether 0 is white and OpenCV does not regard it; with 8 bits it does."""
    return header.is_inverted and header.bits > 8


def _decode(path: Path, header: Header) -> NDArray[Any]:
    """Return the channels of a file, upright: (H, W), RGB (H, W, 3), or (H, W, 4) with one more."""
    import numpy as np

    if header.is_planar and header.bits > 8:  # OpenCV takes one plane for interleaved channels
        raise UnreadableImageError(
            f"{path}: must store its channels interleaved; found a TIFF with {header.bits} bits and"
            " one plane for each channel: save it again with the planar configuration 'contig'"
        )
    if header.channels > MOST_CHANNELS:
        raise UnreadableImageError(
            f"{path}: must have at most {MOST_CHANNELS} channels; found {header.channels}: split it"
            " into files of fewer channels"
        )
    if header.is_straight and header.channels == MOST_CHANNELS and header.bits == 8:
        return _by_pillow(path)
    pixels = _by_opencv(path, header)
    if _is_turned_white(header):
        pixels = np.iinfo(pixels.dtype).max - pixels
    if header.format == "TIFF":  # both libraries turn it themselves
        return pixels
    return _upright(pixels, header.orientation)


def _by_pillow(path: Path) -> NDArray[Any]:
    """Read a TIFF whose colours OpenCV would multiply by the alpha channel."""
    import numpy as np
    from PIL import Image

    # Pillow mistakes the shape of a turned TIFF that it opens by its name (it maps the file).
    with path.open("rb") as stream, Image.open(stream) as image:
        image.load()
        return np.asarray(image)


def _by_opencv(path: Path, header: Header) -> NDArray[Any]:
    import cv2
    import numpy as np

    if header.format == "TIFF" and header.orientation > LAST_OF_SAME_SHAPE:
        # imread refuses images that it must turn by 90 degrees.
        _, pages = cv2.imreadmulti(str(path), 0, 1, flags=cv2.IMREAD_UNCHANGED)
        pixels = pages[0] if pages else None
    else:
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise UnreadableImageError(f"{path}: must be an image; found a file that cannot be decoded")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise UnreadableImageError(
            f"{path}: must have 8 or 16 bits a channel; found {pixels.dtype}"
        )
    if pixels.ndim == 2:
        return pixels
    has_alpha = pixels.shape[2] == MOST_CHANNELS
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if has_alpha else cv2.COLOR_BGR2RGB)


def _upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return an image turned upright, for an EXIF orientation of 1 to 8."""
    import numpy as np

    turned = pixels.swapaxes(0, 1) if orientation > LAST_OF_SAME_SHAPE else pixels
    mirrored = (orientation - 1) % 4
    if mirrored in (1, 2):
        turned = turned[:, ::-1]
    if mirrored in (2, 3):
        turned = turned[::-1]
    return np.ascontiguousarray(turned)


def _without_extra(pixels: NDArray[Any], header: Header) -> tuple[NDArray[Any], list[str]]:
    """Return gray or RGB, with a note on the channels that are left out."""
    import numpy as np

    if pixels.ndim == 2:
        unused = OTHERS_LEFT_OUT if header.is_unstated else ALPHA_DROPPED
        return pixels, [unused] if header.channels > 1 else []
    if pixels.shape[2] < MOST_CHANNELS:
        return pixels, []
    opaque = OPAQUE_DROPPED if _is_opaque(pixels[..., 3]) else ALPHA_DROPPED
    return np.ascontiguousarray(pixels[..., :3]), [
        FOURTH_LEFT_OUT if header.is_unstated else opaque
    ]


def _is_opaque(alpha: NDArray[Any]) -> bool:
    return int(_to_8_bit(alpha.min(keepdims=True))[0].min()) == OPAQUE


def lossy_format(path: Path) -> str:
    """Return ``JPEG`` or ``WebP`` for a file that lost detail when it was written, else ``""``.

    The content decides: scripts also give such files other suffixes.
    """
    with path.open("rb") as stream:
        head = stream.read(64)
    if head.startswith(JPEG_HEAD):
        return "JPEG"
    return "WebP" if WEBP_HEAD.match(head) else ""


def _converted(pixels: NDArray[np.uint8], conversion: int) -> NDArray[np.uint8]:
    import cv2
    import numpy as np

    return np.asarray(cv2.cvtColor(pixels, conversion), dtype=np.uint8)


def read_own(path: Path) -> NDArray[np.uint8]:
    """Read an image that an earlier step wrote or checked, without checking it again.

    Returns 8-bit gray (H, W) or RGB (H, W, 3).

    Raises:
        UnreadableImageError: the file is absent or cannot be decoded.
    """
    # The inputs of self-checks are stored as they were committed, some with 16 bits, some turned.
    return _to_8_bit(_read(path)[0])[0]


def _to_8_bit(levels: NDArray[Any]) -> tuple[NDArray[np.uint8], list[str]]:
    """Return uint8 values; uint16 is scaled, which a note says."""
    import numpy as np

    if levels.dtype == np.uint8:
        return levels, []
    return np.rint(levels * (255.0 / 65535.0)).astype(np.uint8), [SCALED]


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write 8-bit gray (H, W) or RGB (H, W, 3) values losslessly as PNG.

    The suffix of ``path`` does not matter.
    """
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    ordered = pixels if pixels.ndim == 2 else _converted(pixels, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".png", ordered)
    path.write_bytes(content.tobytes())


def pixel_sha256(pixels: NDArray[np.uint8]) -> str:
    """Return the sha256 over the shape and values of an image.

    It is the same whatever file format held the image.
    """
    import numpy as np

    digest = hashlib.sha256("x".join(map(str, pixels.shape)).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


THUMBNAIL_SIDE = 64
"""Images are compared at this width and height.

Registration and small details do not matter there.
"""


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a small gray image (64, 64), each value a mean over its part of the image."""
    import cv2
    import numpy as np

    side = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    small = cv2.resize(in_mode(pixels, "gray"), side, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def mode_of(pixels: NDArray[np.uint8]) -> str:
    """Return ``gray`` or ``rgb``."""
    return "gray" if pixels.ndim == 2 else "rgb"


def in_mode(pixels: NDArray[np.uint8], mode: str) -> NDArray[np.uint8]:
    """Convert an image to ``gray`` or ``rgb``; ``keep`` changes nothing.

    Gray is OpenCV's luma 0.299 R + 0.587 G + 0.114 B.
    """
    import cv2

    if mode == "gray" and pixels.ndim == 3:
        return _converted(pixels, cv2.COLOR_RGB2GRAY)
    if mode == "rgb" and pixels.ndim == 2:
        return _converted(pixels, cv2.COLOR_GRAY2RGB)
    return pixels

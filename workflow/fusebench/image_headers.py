"""What an image file says beside its pixels: if it is whole, how it is turned, its channels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

UPRIGHT = 1
EXIF_ORIENTATION = 274
EXIF_IN_PNG = (b"eXIf", b"Raw profile type exif")
"""One of these stands in every PNG that holds EXIF data; in most files there is none."""

TIFF_BITS, TIFF_PHOTOMETRIC, TIFF_SAMPLES, TIFF_PLANES, TIFF_EXTRA = 258, 262, 277, 284, 338
COLOURS = {0: 1, 1: 1, 2: 3}
"""TIFF photometric interpretation -> its channels: gray (0 is white or black), and RGB."""

WHITE_IS_ZERO = 0
UNSTATED = 0
STRAIGHT_ALPHA = (2, 999)
"""The colours of such a TIFF are not multiplied by its alpha channel yet; 999 is Corel Draw's."""


class UnreadableImageError(ValueError):
    """A file is no image, is damaged, or holds values that cannot be brought to 8 bits."""


@dataclass(frozen=True)
class Header:
    """What decides how the pixels of a file are read.

    Attributes:
        format: as Pillow names it, such as ``PNG``.
        orientation: the EXIF orientation, 1 to 8; 1 is upright.
        pages: how many images the file holds.
        bits: bits a channel of a TIFF; 0 for other formats.
        channels: of a TIFF; 0 for other formats.
        is_unstated: whether a TIFF does not say what its extra channels mean.
        is_straight: whether the colours of a TIFF must not be multiplied by its alpha channel.
        is_planar: whether a TIFF stores its channels one after the other.
        is_inverted: whether 0 is white in a gray TIFF.
    """

    format: str = ""
    orientation: int = UPRIGHT
    pages: int = 1
    bits: int = 0
    channels: int = 0
    is_unstated: bool = False
    is_straight: bool = False
    is_planar: bool = False
    is_inverted: bool = False


def read_header(path: Path) -> Header:
    """Read what an image file says beside its pixels, without decoding them.

    Raises:
        UnreadableImageError: the file is no image that Pillow recognises.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            told = _of_tiff(image.tag_v2) if image.format == "TIFF" else {}  # type: ignore[attr-defined]
            return Header(
                format=image.format or "",
                orientation=_orientation(image, path),
                pages=getattr(image, "n_frames", 1),
                **told,
            )
    except Exception as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UnreadableImageError:
    return UnreadableImageError(
        f"{path}: must be a whole image; found a damaged file, or a kind of image that cannot be"
        f" read ({error})"
    )


def _of_tiff(tags: ImageFileDirectory_v2) -> dict[str, Any]:
    channels = int(tags.get(TIFF_SAMPLES, 1))
    photometric = tags.get(TIFF_PHOTOMETRIC)
    extra = tags.get(TIFF_EXTRA) or (UNSTATED,)
    has_more = photometric in COLOURS and channels > COLOURS[photometric]
    return {
        "bits": int(tags.get(TIFF_BITS, (1,))[0]),
        "channels": channels,
        "is_unstated": has_more and extra[0] == UNSTATED,
        "is_straight": has_more and extra[0] in STRAIGHT_ALPHA,
        "is_planar": channels > 1 and tags.get(TIFF_PLANES) == 2,
        "is_inverted": photometric == WHITE_IS_ZERO,
    }


def _orientation(image: Image, path: Path) -> int:
    """Return the EXIF orientation; EXIF data that is damaged or absent turns nothing.

    Pillow decodes a whole PNG to look for EXIF data behind the pixels, so a PNG is searched first.
    """
    if image.format == "PNG":
        content = path.read_bytes()
        if not any(mark in content for mark in EXIF_IN_PNG):
            return UPRIGHT
    try:
        orientation = image.getexif().get(EXIF_ORIENTATION, UPRIGHT)
    except Exception:
        return UPRIGHT
    return orientation if orientation in range(1, 9) else UPRIGHT


def refuse_damaged(path: Path) -> None:
    """Refuse a truncated file: OpenCV fills it up with gray, Pillow raises an error.

    Raises:
        UnreadableImageError: the file is truncated or damaged.
    """
    from PIL import Image

    if _has_right_checksums(path):
        return
    try:
        with Image.open(path) as image:
            image.load()
    except Exception as error:
        raise _damaged(path, error) from error


def _has_right_checksums(path: Path) -> bool:
    """Say whether a file is a PNG whose checksums are all right.

    This takes a tenth of the time of decoding it.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.verify()  # for other formats it checks nothing
            return image.format == "PNG"
    except Exception:
        return False

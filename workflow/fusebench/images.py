"""Reading and writing images: 8-bit gray (H, W) or RGB (H, W, 3) arrays, values 0 to 255."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
LOSSY = "written by the script as lossy "
"""How the note of a fused image begins whose file was lossy; its format follows."""
JPEG_HEAD = b"\xff\xd8\xff"
"""The first bytes of a JPEG."""
WEBP_HEAD = re.compile(rb"RIFF....WEBP(VP8 |VP8X.*?VP8 )", re.DOTALL)
"""The first bytes of a WebP that is lossy; a lossless one has the part ``VP8L`` instead."""
LOSSES = (SCALED, ALPHA_DROPPED)
"""Notes of images that held more than what is read of them."""


class UnreadableImageError(ValueError):
    """A file is no image, is damaged, or holds values that cannot be brought to 8 bits."""


def read_image(path: Path) -> tuple[NDArray[np.uint8], list[str]]:
    """Read an image file as 8-bit gray (H, W) or RGB (H, W, 3), with notes on its conversion.

    16-bit values are scaled by 255/65535 and rounded; an alpha channel is dropped. The notes say
    so, in the words of ``LOSSES`` where something is lost.

    Raises:
        UnreadableImageError: the file is absent, is no image, is truncated, or holds floating-point
            values.
    """
    import cv2

    if not path.is_file():
        raise UnreadableImageError(f"{path}: must be an image file; found nothing there")
    _refuse_truncated(path)
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise UnreadableImageError(f"{path}: must be an image; found a file that cannot be decoded")
    pixels, notes = _to_8_bit(pixels, path)
    if pixels.ndim == 2:
        return pixels, notes
    if pixels.shape[2] == 4:
        dropped = OPAQUE_DROPPED if int(pixels[..., 3].min()) == OPAQUE else ALPHA_DROPPED
        return _converted(pixels, cv2.COLOR_BGRA2RGB), [*notes, dropped]
    return _converted(pixels, cv2.COLOR_BGR2RGB), notes


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
    import cv2
    import numpy as np

    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise UnreadableImageError(
            f"{path}: must be an image that an earlier step wrote; found none"
        )
    # The inputs of self-checks are stored as they were committed, some with 16 bits.
    pixels, _ = _to_8_bit(pixels, path)
    return (
        np.asarray(pixels, dtype=np.uint8)
        if pixels.ndim == 2
        else _converted(np.asarray(pixels), cv2.COLOR_BGR2RGB)
    )


def _refuse_truncated(path: Path) -> None:
    """Refuse a truncated file: OpenCV fills it up with gray, Pillow raises an error."""
    from PIL import Image

    if _has_right_checksums(path):
        return
    try:
        with Image.open(path) as image:
            image.load()
    except Exception as error:
        raise UnreadableImageError(
            f"{path}: must be a whole image; found a damaged file ({error})"
        ) from error


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


def _to_8_bit(pixels: NDArray[Any], path: Path) -> tuple[NDArray[np.uint8], list[str]]:
    import numpy as np

    if pixels.dtype == np.uint8:
        return pixels, []
    if pixels.dtype == np.uint16:
        scaled = np.rint(pixels * (255.0 / 65535.0)).astype(np.uint8)
        return scaled, [SCALED]
    raise UnreadableImageError(f"{path}: must have 8 or 16 bits a channel; found {pixels.dtype}")


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


THUMBNAIL_SIDE = 32
"""Images are compared at this width and height.

Registration and small details do not matter there.
"""


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a small gray image (32, 32), each value a mean over its part of the image."""
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

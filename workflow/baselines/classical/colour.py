"""How gray methods are applied to colour images: luma is fused, chroma is carried over.

Luma is that of ITU-R BT.601, ``Y = 0.299 R + 0.587 G + 0.114 B``; chroma is ``(B - Y, R - Y)``,
which is (Cb, Cr) up to a factor. All of it is done in float64, so that nothing is rounded before
the end.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Gray = NDArray[np.float64]

RED, GREEN, BLUE = 0.299, 0.587, 0.114


def to_8bit(values: Gray) -> Image:
    """Clip to 0..255 and round halves up, as MATLAB's ``uint8`` does.

    The authors' codes end with that function.
    """
    return np.floor(np.clip(values, 0, 255) + 0.5).astype(np.uint8)


def luma(image: Image) -> Gray:
    """Luma of an RGB image ``(H, W, 3)``, or the gray image ``(H, W)`` itself, in 0..255."""
    if image.ndim == 2:
        return image.astype(np.float64)
    return np.asarray((image * np.array([RED, GREEN, BLUE])).sum(axis=2), np.float64)


def chroma(image: Image) -> Gray:
    """``(B - Y, R - Y)`` of an RGB image, shape ``(2, H, W)``; zeros for a gray one."""
    if image.ndim == 2:
        return np.zeros((2, *image.shape))
    y = luma(image)
    return np.stack([image[..., 2] - y, image[..., 0] - y])


def fused_chroma(a: Image, b: Image) -> Gray:
    """Each chroma component, weighted by its own magnitude.

    A gray source has magnitude 0, so with one colour source its chroma is kept as it is. With two
    this is the weighting of Ram Prabhakar, Srikar, Babu, DeepFuse, ICCV 2017, section 3. Where both
    are neutral the result is neutral.
    """
    chroma_a, chroma_b = chroma(a), chroma(b)
    weight_a, weight_b = np.abs(chroma_a), np.abs(chroma_b)
    total = weight_a + weight_b
    weighted = chroma_a * weight_a + chroma_b * weight_b
    return np.asarray(np.divide(weighted, total, out=np.zeros_like(total), where=total > 0))


def to_rgb(y: Gray, differences: Gray) -> Image:
    """8-bit RGB of a luma plane and its ``(B - Y, R - Y)``."""
    blue, red = y + differences
    green = (y - RED * red - BLUE * blue) / GREEN
    return to_8bit(np.stack([red, green, blue], axis=2))


def on_luma(fuse: Callable[[Gray, Gray], Gray]) -> Callable[[Image, Image], Image]:
    """Turn ``fuse`` on luma into the method on 8-bit gray or RGB images.

    The result is RGB if a source is.
    """

    def fuse_images(a: Image, b: Image) -> Image:
        y = fuse(luma(a), luma(b))
        if a.ndim == b.ndim == 2:
            return to_8bit(y)
        return to_rgb(y, fused_chroma(a, b))

    return fuse_images

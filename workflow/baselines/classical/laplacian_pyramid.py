"""Laplacian pyramid fusion.

Pyramid: P. J. Burt, E. H. Adelson, The Laplacian pyramid as a compact image code, IEEE Transactions
on Communications 31(4), 532-540, 1983, with the generating kernel
``[1/4 - a/2, 1/4, a, 1/4, 1/4 - a/2]``, a = 0.4::

    G_0 = image,  G_l = REDUCE(G_{l-1}),  L_l = G_l - EXPAND(G_{l+1}),  L_N = G_N

Selection: E. H. Adelson, C. H. Anderson, J. R. Bergen, P. J. Burt, J. M. Ogden, Pyramid methods in
image processing, RCA Engineer 29(6), 33-41, 1984: in each band the sample of larger magnitude, in
G_N the mean.

Choices of this implementation: N = 4, fewer where the image is too small; borders are mirrored
about the last sample.
"""

from __future__ import annotations

import cv2
import numpy as np

from .colour import Gray

A = 0.4
KERNEL = np.array([0.25 - A / 2, 0.25, A, 0.25, 0.25 - A / 2])
LEVELS = 4


def smooth(image: Gray, kernel: Gray) -> Gray:
    """Separable convolution, mirrored about the border samples."""
    smoothed = cv2.sepFilter2D(image, cv2.CV_64F, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(smoothed, np.float64)


def reduce(image: Gray) -> Gray:
    """REDUCE, eq. (1): smooth, then take every second sample.

    ``(H, W)`` gives ``(ceil(H/2), ceil(W/2))``.
    """
    return np.ascontiguousarray(smooth(image, KERNEL)[::2, ::2])


def expand(image: Gray, shape: tuple[int, ...]) -> Gray:
    """EXPAND, eq. (2): interpolated to ``shape``, which ``reduce`` made ``image`` from."""
    spread = np.zeros(shape)
    spread[::2, ::2] = image
    return smooth(spread, 2 * KERNEL)


def decompose(image: Gray) -> list[Gray]:
    """The bands L_0 .. L_{N-1}, finest first, and G_N."""
    bands = []
    for _ in range(min(LEVELS, min(image.shape).bit_length() - 1)):
        reduced = reduce(image)
        bands.append(image - expand(reduced, image.shape))
        image = reduced
    return [*bands, image]


def compose(bands: list[Gray]) -> Gray:
    """The image that has the pyramid ``bands``."""
    image = bands[-1]
    for band in reversed(bands[:-1]):
        image = band + expand(image, band.shape)
    return image


def fuse(a: Gray, b: Gray) -> Gray:
    """Fuse two ``(H, W)`` planes."""
    *bands_a, top_a = decompose(a)
    *bands_b, top_b = decompose(b)
    bands = [np.where(np.abs(x) >= np.abs(y), x, y) for x, y in zip(bands_a, bands_b, strict=True)]
    return compose([*bands, (top_a + top_b) / 2])

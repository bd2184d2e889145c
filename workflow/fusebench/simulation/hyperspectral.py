"""Both sides of a hyperspectral scene from its ground truth, by a stated blur and response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusebench.simulation.reduction import every

Pixels = NDArray[np.float64]

BORDERS = {"replicate": "nearest", "circular": "wrap", "reflect": "reflect"}
"""What lies beyond a border -> its name in SciPy."""


def gaussian_taps(size: int, sigma: float) -> Pixels:
    """Return the weights of a Gaussian window of an odd number of pixels; their sum is 1."""
    offsets = np.arange(size) - size // 2
    taps = np.exp(-(offsets**2) / (2 * sigma**2))
    return np.asarray(taps / taps.sum())


def blurred_bands(
    cube: NDArray[Any], ratio: int, size: int, sigma: float, phase: int, border: str
) -> Pixels:
    """Return a scene at ``1 / ratio`` of its resolution, ``(h, w, C)``.

    Args:
        cube: ``(H, W, C)``; its sides are multiples of the ratio.
        ratio: H / h.
        size: rows and columns of the Gaussian blur.
        sigma: its standard deviation in pixels.
        phase: the first row and column that is kept, less than the ratio.
        border: a key of :data:`BORDERS`.
    """
    import scipy.ndimage

    taps = gaussian_taps(size, sigma)
    values = np.asarray(cube, dtype=np.float64)
    for axis in (0, 1):
        values = scipy.ndimage.correlate1d(values, taps, axis=axis, mode=BORDERS[border])
    return np.ascontiguousarray(every(values, ratio, phase))


def window_response(windows: Sequence[tuple[int, int]], count: int) -> list[list[float]]:
    """Return the weights of means over windows of bands, first and last counted from 1."""
    return [
        [1 / (last - first + 1) if first <= band <= last else 0.0 for band in range(1, count + 1)]
        for first, last in windows
    ]


def mixed_bands(cube: NDArray[Any], response: Sequence[Sequence[float]]) -> Pixels:
    """Return the bands that a sensor of this response sees, ``(H, W, rows of the response)``."""
    return np.asarray(np.asarray(cube, dtype=np.float64) @ np.asarray(response, np.float64).T)

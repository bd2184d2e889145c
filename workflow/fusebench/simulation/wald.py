"""Wald's protocol: a scene at reduced resolution whose ground truth is its own multi-band source.

After ``resize_images`` of DLPan-Toolbox: the bands are blurred by the modulation transfer function
of the sensor and decimated by the nearest pixel; the panchromatic image is reduced by MATLAB's
bicubic ``imresize``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusebench.simulation.reduction import every, reduce_bicubic
from fusebench.simulation.transfer import filtered, gains_of, transfer_filter

Pixels = NDArray[np.float64]


def reduced_bands(bands: NDArray[Any], ratio: int, sensor: str) -> Pixels:
    """Return the multi-band source at ``1 / ratio`` of its resolution, ``(h, w, C)``.

    Args:
        bands: ``(H, W, C)``; no more bands than the sensor has gains.
        ratio: H / h; the sides are multiples of it.
        sensor: see ``transfer.gains_of``.
    """
    gains = gains_of(sensor, bands.shape[2])
    blurred = filtered(bands, [transfer_filter(gain, ratio) for gain in gains])
    # MATLAB's nearest neighbour takes the pixel just after the middle of each block.
    return np.ascontiguousarray(every(blurred, ratio, ratio // 2))


def reduced_pan(pan: NDArray[Any], ratio: int) -> Pixels:
    """Return the panchromatic source at ``1 / ratio`` of its resolution, ``(h, w, 1)``."""
    smaller = reduce_bicubic(np.asarray(pan[:, :, 0], dtype=np.float64), ratio)
    return smaller[:, :, np.newaxis]

"""Blur of a sensor: Gaussian filters with the gain of its modulation transfer function (MTF).

After ``genMTF``, ``MTF`` and ``MTF_PAN`` of DLPan-Toolbox (Vivone et al. 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float64]

NYQUIST_GAINS = {
    "QB": (0.34, 0.32, 0.30, 0.22),
    "IKONOS": (0.26, 0.28, 0.29, 0.28),
    "GeoEye1": (0.23, 0.23, 0.23, 0.23),
    "WV4": (0.23, 0.23, 0.23, 0.23),
    "WV2": (0.35, 0.35, 0.35, 0.35, 0.35, 0.35, 0.35, 0.27),
    "WV3": (0.325, 0.355, 0.360, 0.350, 0.365, 0.360, 0.335, 0.315),
}
"""Gain of the modulation transfer function at the Nyquist frequency, for each band of a sensor."""

OTHER_GAIN = 0.3
"""The gain of every band of any other sensor."""


def gains_of(sensor: str, count: int) -> tuple[float, ...]:
    """Return the gains of the first ``count`` bands of a sensor; fewer if it has not so many."""
    return NYQUIST_GAINS.get(sensor, (OTHER_GAIN,) * count)[:count]


@cache
def transfer_filter(gain: float, ratio: int) -> Pixels:
    """Impulse response, 41 x 41, of a Gaussian modulation transfer function.

    ``gain`` is the gain at the Nyquist frequency. Frequency sampling with a rotated Kaiser window
    (beta 0.5), as MATLAB's ``fwind1`` does.
    """
    size = 41
    alpha = np.sqrt(((size - 1) / ratio / 2) ** 2 / (-2 * np.log(gain)))
    offsets = np.arange(size) - (size - 1) / 2
    squares = offsets[:, None] ** 2 + offsets[None, :] ** 2
    response = np.exp(-squares / (2 * alpha * alpha))
    impulse = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(response))).real
    positions = offsets * 2 / (size - 1)
    radius = np.sqrt(squares) * 2 / (size - 1)
    window = np.interp(radius, positions, np.kaiser(size, 0.5), right=0.0)
    return np.asarray(impulse * np.where(radius > 1, 0.0, window))


def filtered(cube: NDArray[Any], filters: Sequence[Pixels]) -> Pixels:
    """Filter each band of ``(H, W, C)`` with its own filter; borders are replicated."""
    import cv2

    bands = [
        cv2.filter2D(
            np.ascontiguousarray(cube[:, :, place], dtype=np.float64),
            cv2.CV_64F,
            taps,
            borderType=cv2.BORDER_REPLICATE,
        )
        for place, taps in enumerate(filters)
    ]
    return np.stack(bands, axis=2)

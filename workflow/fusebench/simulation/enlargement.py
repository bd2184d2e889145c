"""Enlarging the multi-band source to the size of the sharp one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float64]

HALF_CDF23 = (
    0.5,
    0.305334091185,
    0,
    -0.072698593239,
    0,
    0.021809577942,
    0,
    -0.005192756653,
    0,
    0.000807762146,
    0,
    -0.000060081482,
)
"""One half of the 23 taps of the interpolating filter."""

SINC_HALF = 30
"""Neighbours on each side in the enlargement by 3."""


def interpolate(values: Pixels, ratio: int) -> Pixels:
    """Enlarge ``(h, w)`` by a power of 2 with the 23-tap filter of Aiazzi et al. 2002.

    This is ``interp23tap`` of DLPan-Toolbox, with circular borders.
    """
    import scipy.ndimage

    half = 2 * np.array(HALF_CDF23)
    taps = np.concatenate([half[:0:-1], half])
    start = 1
    for _ in range(ratio.bit_length() - 1):
        larger = np.zeros((2 * values.shape[0], 2 * values.shape[1]))
        larger[start::2, start::2] = values
        start = 0
        for axis in (0, 1):
            larger = scipy.ndimage.correlate1d(larger, taps, axis=axis, mode="wrap")
        values = larger
    return values


def is_enlargeable(ratio: int) -> bool:
    """Say whether ``enlarged`` knows a ratio: a power of 2, or 3 times one."""
    twos = ratio // 3 if ratio % 3 == 0 else ratio
    return ratio >= 1 and twos & (twos - 1) == 0


def enlarged(cube: NDArray[Any], ratio: int) -> Pixels:
    """Enlarge ``(h, w, C)`` by a power of 2, or by 3 times one.

    The factor 3 is the sinc interpolation of the hyperspectral pansharpening toolbox
    (``interp_3x_2d``), the others are ``interpolate``.
    """
    by_three = ratio % 3 == 0
    bands = []
    for place in range(cube.shape[2]):
        band = np.asarray(cube[:, :, place], dtype=np.float64)
        if by_three:
            band = _three_times(_three_times(band).T).T
        bands.append(interpolate(band, ratio // 3 if by_three else ratio))
    return np.stack(bands, axis=2)


def _three_times(values: Pixels) -> Pixels:
    """Enlarge the columns of ``(h, w)`` by 3; every old value stays the middle one of three."""
    import scipy.ndimage

    larger = np.empty((values.shape[0], 3 * values.shape[1]))
    larger[:, 1::3] = values
    offsets = np.arange(-SINC_HALF, SINC_HALF + 1)
    for start, shift in ((0, -1 / 3), (2, 1 / 3)):
        taps = np.sinc(offsets - shift)
        larger[:, start::3] = scipy.ndimage.correlate1d(
            values, taps / taps.sum(), axis=1, mode="reflect"
        )
    return larger

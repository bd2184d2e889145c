"""Blur of a sensor, enlargement by 23 taps, and means: what the methods share.

``(H, W)`` in, ``(H, W)`` out, float64. The filters are those of DLPan-Toolbox (Vivone et al.,
IEEE GRSM 9(1), 53-81, 2021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate, correlate1d

Band = NDArray[np.float64]
Cube = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
TAPS = 41
GAINS = {
    "QB": (0.34, 0.32, 0.30, 0.22),
    "IKONOS": (0.26, 0.28, 0.29, 0.28),
    "GeoEye1": (0.23, 0.23, 0.23, 0.23),
    "WV4": (0.23, 0.23, 0.23, 0.23),
    "WV2": (0.35, 0.35, 0.35, 0.35, 0.35, 0.35, 0.35, 0.27),
    "WV3": (0.325, 0.355, 0.360, 0.350, 0.365, 0.360, 0.335, 0.315),
}
"""Gain of each band at the Nyquist frequency; 0.3 for other sensors (``genMTF``)."""
HALF_CDF23 = np.array(
    (0.5, 0.305334091185, 0, -0.072698593239, 0, 0.021809577942, 0, -0.005192756653, 0,
     0.000807762146, 0, -0.000060081482)
)  # fmt: skip
"""One half of the interpolating filter of Aiazzi et al. 2002 (``interp23tap``)."""


def gaussian(gain: float, ratio: int, taps: float = TAPS - 1) -> Band:
    """Filter of a Gaussian transfer function, windowed as MATLAB's ``fwind1`` does."""
    alpha = np.sqrt((taps / ratio / 2) ** 2 / (-2 * np.log(gain)))
    offsets = np.arange(TAPS) - (TAPS - 1) / 2
    squares = offsets[:, None] ** 2 + offsets[None, :] ** 2
    response = np.exp(-squares / (2 * alpha * alpha))
    impulse = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(response))).real
    radius = np.sqrt(squares) * 2 / (TAPS - 1)
    window = np.interp(radius, offsets * 2 / (TAPS - 1), np.kaiser(TAPS, 0.5), right=0.0)
    return np.asarray(impulse * np.where(radius > 1, 0.0, window))


def blurred_by_sensor(band: Band, sensor: str, place: int, ratio: int) -> Band:
    """Blur as the sensor blurs its band ``place`` (``MTF``)."""
    gain = GAINS[sensor][place] if sensor in GAINS else 0.3
    return np.asarray(correlate(band, gaussian(gain, ratio), mode="nearest"))


def blurred(band: Band, ratio: int) -> Band:
    """Blur with a gain of 0.3 (``LPfilterGauss``)."""
    return np.asarray(correlate(band, gaussian(0.3, ratio, TAPS), mode="nearest"))


def decimated(band: Band, ratio: int) -> Band:
    """Every ``ratio``-th pixel, as MATLAB's nearest neighbour takes it."""
    return band[ratio // 2 :: ratio, ratio // 2 :: ratio]


def enlarged(band: Band, ratio: int) -> Band:
    """Enlarge by a power of 2, with circular borders."""
    half = 2 * HALF_CDF23
    taps, start = np.concatenate([half[:0:-1], half]), 1
    for _ in range(ratio.bit_length() - 1):
        larger = np.zeros((2 * band.shape[0], 2 * band.shape[1]))
        larger[start::2, start::2] = band
        start = 0
        for axis in (0, 1):
            larger = correlate1d(larger, taps, axis=axis, mode="wrap")
        band = larger
    return band


def smoothed(band: Band, ratio: int) -> Band:
    """Undecimated wavelet approximation, analysis and synthesis (``LPfilterPlusDec``).

    Each step of the analysis mirrors the borders; the synthesis takes off what they added.
    """
    levels = int(np.ceil(np.log2(ratio)))
    for _ in range(levels):
        band = _within(np.pad(band, 4, mode="symmetric"))
    for _ in range(levels):
        band = _within(band)
    return band


def _within(band: Band) -> Band:
    """Filter with (1, 4, 6, 4, 1) / 16 and keep what needs no border."""
    taps = np.array([1, 4, 6, 4, 1]) / 16
    for axis in (0, 1):
        band = correlate1d(band, taps, axis=axis, mode="constant")
    return band[2:-2, 2:-2]


def matched(pan: Band, target: Band, spread: float | None = None) -> Band:
    """Return ``pan`` with the mean and the standard deviation of ``target``.

    ``spread`` is the standard deviation of ``pan`` that counts; its own by default.
    """
    own = pan.std(ddof=1) if spread is None else spread
    return np.asarray((pan - pan.mean()) * (target.std(ddof=1) / own) + target.mean())

"""Feature mutual information, in the fast form of Haghighat and Razian 2014."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fusebench.metrics.compiled import compiled
from fusebench.metrics.images import Fusion, Image, Pixels
from fusebench.metrics.strips import joined

Window = NDArray[np.float64]


@compiled
def _rescale(window: Window, out: Window) -> None:
    """Bring the nine values of a window to 0..1; to 1 when they are all equal."""
    low, high = window.min(), window.max()
    for index in range(9):
        out[index] = 1.0 if low == high else (window[index] - low) / (high - low)


@compiled
def _density(window: Window, density: Window, cumulated: Window) -> tuple[float, float, float]:
    """Turn a window into a probability density and its cumulation.

    Returns the entropy, the standard deviation of the position and the mean.
    """
    _rescale(window, density)
    # MATLAB adds up the columns first
    total = (density[0] + density[1] + density[2]) + (density[3] + density[4] + density[5])
    total += density[6] + density[7] + density[8]
    entropy, first, second, running = 0.0, 0.0, 0.0, 0.0
    for index in range(9):
        value = density[index] / total
        density[index] = value
        running += value
        cumulated[index] = running
        first += (index + 1.0) * value
        second += (index + 1.0) * (index + 1.0) * value
        if value != 0:
            entropy -= value * math.log2(value)
    variance = second - first * first
    return entropy, math.sqrt(variance) if variance > 0 else 0.0, running / 9


@compiled
def _correlation(x: Window, y: Window) -> float:
    mean_x, mean_y = x.sum() / 9, y.sum() / 9
    sum_xy, sum_xx, sum_yy = 0.0, 0.0, 0.0
    for index in range(9):
        dx, dy = x[index] - mean_x, y[index] - mean_y
        sum_xy += dx * dy
        sum_xx += dx * dx
        sum_yy += dy * dy
    return 0.0 if sum_xy == 0 else sum_xy / math.sqrt(sum_xx * sum_yy)


@compiled
def _bound(x: float, y: float, upper: bool) -> float:
    """Frechet's upper or lower bound of a joint distribution with these marginals."""
    return min(x, y) if upper else max(x + y - 1, 0.0)


@compiled
def _mixing(correlation: float, deviations: float, fused: Window, source: Window) -> float:
    """Weight of the Frechet bound in the joint distribution that has the correlation (Nelsen)."""
    if correlation == 0 or deviations == 0:
        return 0.0
    covariance = 0.0
    for i in range(9):
        for j in range(9):
            covariance += _bound(fused[i], source[j], correlation >= 0) - fused[i] * source[j]
    return correlation / (covariance / deviations)


@compiled
def _joint_entropy(
    mix: float, upper: bool, f: Window, s: Window, cumulated_f: Window, cumulated_s: Window
) -> float:
    entropy = 0.0
    for i in range(9):
        before_f = cumulated_f[i - 1] if i > 0 else 0.0
        for j in range(9):
            bound = _bound(cumulated_f[i], cumulated_s[j], upper)
            if i > 0:
                bound -= _bound(before_f, cumulated_s[j], upper)
            if j > 0:
                bound -= _bound(cumulated_f[i], cumulated_s[j - 1], upper)
            if i > 0 and j > 0:
                bound += _bound(before_f, cumulated_s[j - 1], upper)
            joint = mix * bound + (1 - mix) * f[i] * s[j]
            if joint != 0:
                # the original takes the real part of the logarithm of a negative number
                entropy -= joint * math.log2(abs(joint))
    return entropy


@compiled
def _window_information(source: Window, fused: Window, scratch: Pixels) -> float:
    """Normalized mutual information of two windows of nine values."""
    density_s, density_f, cumulated_s, cumulated_f = scratch
    entropy_s, deviation_s, _ = _density(source, density_s, cumulated_s)
    entropy_f, deviation_f, _ = _density(fused, density_f, cumulated_f)
    correlation = _correlation(density_s, density_f)
    mix = _mixing(correlation, deviation_f * deviation_s, cumulated_f, cumulated_s)
    joint = _joint_entropy(mix, correlation >= 0, density_f, density_s, cumulated_f, cumulated_s)
    mutual = entropy_s + entropy_f - joint
    return 0.0 if mutual == 0 else 2 * mutual / (entropy_s + entropy_f)


@compiled
def _take_window(image: Pixels, row: int, column: int, out: Window) -> None:
    """Copy the 3 x 3 window around a pixel, column by column as MATLAB orders it."""
    for step in range(9):
        out[step] = image[row + step % 3 - 1, column + step // 3 - 1]


@compiled
def _mean_information(a: Pixels, b: Pixels, fused: Pixels) -> float:
    height, width = fused.shape
    total = 0.0
    window_a, window_b, window_f, scratch = np.empty(9), np.empty(9), np.empty(9), np.empty((4, 9))
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            _take_window(a, row, column, window_a)
            _take_window(b, row, column, window_b)
            _take_window(fused, row, column, window_f)
            if (window_a == window_f).all():
                total += 0.5
            else:
                total += _window_information(window_a, window_f, scratch) / 2
                # the original overwrites the fused window with its rescaled copy before the second
                # comparison
                _rescale(window_f, window_f)
            if (window_b == window_f).all():
                total += 0.5
            else:
                total += _window_information(window_b, window_f, scratch) / 2
    return total / float((height - 2) * (width - 2))


def raw_feature(image: Image) -> Pixels:
    """The gray levels themselves."""
    return image.pixels


def gradient_feature(image: Image) -> Pixels:
    """Horizontal centred differences, one-sided at the border."""
    return np.ascontiguousarray(np.gradient(image.pixels, axis=1))


def edge_feature(image: Image) -> Pixels:
    """Sobel edges as MATLAB's ``edge`` finds them, thinned; 0 or 1.

    An edge must be stronger than twice the root mean square.
    """
    strength, ridge = joined(image, _ridges, 2)
    return np.asarray((strength > 4 * strength.mean()) & ridge, dtype=np.float64)


def _ridges(image: Image) -> tuple[Pixels, NDArray[np.bool_]]:
    """Squared strength of the Sobel gradient, and where it has a peak across the edge."""
    x = np.pad(image.pixels, 1, mode="edge")
    rows = x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]
    columns = x[:-2] + 2 * x[1:-1] + x[2:]
    across, down = (columns[:, :-2] - columns[:, 2:]) / 8, (rows[:-2] - rows[2:]) / 8
    strength = across * across + down * down
    around = np.pad(strength, 1)
    across, down, tolerance = np.abs(across), np.abs(down), 100 * np.finfo(float).eps
    peak_across = (around[1:-1, :-2] <= strength) & (strength > around[1:-1, 2:])
    peak_down = (around[:-2, 1:-1] <= strength) & (strength > around[2:, 1:-1])
    ridge = ((across >= down - tolerance) & peak_across) | (
        (down >= across - tolerance) & peak_down
    )
    return strength, ridge


def cosine_feature(image: Image) -> Pixels:
    """Two-dimensional orthonormal cosine transform of the whole image."""
    import scipy.fft

    return np.ascontiguousarray(scipy.fft.dctn(image.pixels, norm="ortho"))


def wavelet_feature(image: Image) -> Pixels:
    """One step of the discrete Meyer wavelet, the four bands side by side, brought to 0..1."""
    import pywt

    approximation, (horizontal, vertical, diagonal) = pywt.dwt2(image.pixels, "dmey", "symmetric")
    bands = np.block([[approximation, horizontal], [vertical, diagonal]])
    low, high = bands.min(), bands.max()
    if low == high:
        return np.ones_like(bands)
    bands -= low
    bands /= high - low
    return bands


def raw_information(fusion: Fusion) -> float:
    """Feature mutual information of gray levels: mean over pixels of (I(A;F) + I(B;F)) / 2; 0..1.

    Windows have 3 x 3 pixels. Each window becomes a distribution over its nine positions. The joint
    distribution is Nelsen's mixture of the product and a Frechet bound that has the windows'
    correlation. I = 2 (H_S + H_F - H_SF) / (H_S + H_F).
    """
    fusion.require_size(3)
    return _mean_information(
        *(image.part(raw_feature) for image in (*fusion.sources, fusion.fused))
    )


def gradient_information(fusion: Fusion) -> float:
    """Feature mutual information (see FMI_none) of the horizontal gradients; 0..1."""
    fusion.require_size(3)
    return _mean_information(
        *(image.part(gradient_feature) for image in (*fusion.sources, fusion.fused))
    )


def edge_information(fusion: Fusion) -> float:
    """Feature mutual information (see FMI_none) of thinned Sobel edges; 0..1.

    Tang's table calls it FMI_pixel.
    """
    fusion.require_size(3)
    return _mean_information(
        *(image.part(edge_feature) for image in (*fusion.sources, fusion.fused))
    )


def cosine_information(fusion: Fusion) -> float:
    """Feature mutual information (see FMI_none) of the cosine transform; 0..1."""
    fusion.require_size(3)
    return _mean_information(
        *(image.part(cosine_feature) for image in (*fusion.sources, fusion.fused))
    )


def wavelet_information(fusion: Fusion) -> float:
    """Feature mutual information (see FMI_none) of the discrete Meyer wavelet transform; 0..1."""
    fusion.require_size(3)
    return _mean_information(
        *(image.part(wavelet_feature) for image in (*fusion.sources, fusion.fused))
    )

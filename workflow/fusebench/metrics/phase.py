"""Metric of phase congruency: Zhao's Q_P."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fusebench.errors import MetricError
from fusebench.metrics.filters import gaussian, separable_same
from fusebench.metrics.images import Fusion, Image, Pixels

SCALES, ORIENTATIONS = 4, 6
EPSILON = 0.0001
FEATURE_THRESHOLD = 0.1


@dataclass(frozen=True)
class FilterBank:
    """Log-Gabor filters of one image size: radial for each scale, angular for each orientation.

    Attributes:
        radial: ``(4, H, W)``, frequency 0 in the corner.
        angular: ``(6, H, W)``.
        noise: for each orientation the threshold of energy for a mean squared response of 1 at the
            finest scale.
    """

    radial: Pixels
    angular: Pixels
    noise: tuple[float, ...]


def _axis(length: int) -> Pixels:
    """Frequencies of one side as ``myphasecong3`` spaces them: -0.5..0.5, centred."""
    if length % 2:
        return np.arange(-(length - 1) / 2, (length - 1) / 2 + 1) / max(length - 1, 1)
    return np.arange(-length / 2, length / 2) / length


def _low_pass(height: int, width: int) -> Pixels:
    """Butterworth filter of cutoff 0.45 and order 15."""
    columns = (np.arange(1, width + 1) - (width // 2 + 1)) / width
    rows = (np.arange(1, height + 1) - (height // 2 + 1)) / height
    radius = np.hypot(rows[:, None], columns[None, :])
    return np.fft.fftshift(1 / (1 + (radius / 0.45) ** 30))


@lru_cache(maxsize=1)
def filter_bank(height: int, width: int) -> FilterBank:
    """Filters of 4 scales and 6 orientations, as in Kovesi's ``phasecong``.

    Wavelengths are 3 * 2.1^s pixels, and the bandwidth is 0.55.
    """
    x, y = np.meshgrid(_axis(width), _axis(height))
    radius = np.hypot(x, y)
    radius[height // 2, width // 2] = 1
    theta = np.fft.ifftshift(np.arctan2(-y, x))
    radius = np.fft.ifftshift(radius)
    low_pass = _low_pass(height, width)
    radial = np.stack([_log_gabor(radius, 3 * 2.1**scale) * low_pass for scale in range(SCALES)])
    radial[:, 0, 0] = 0
    angular = np.stack(
        [_spread(theta, index * np.pi / ORIENTATIONS) for index in range(ORIENTATIONS)]
    )
    return FilterBank(radial, angular, tuple(_noise_factor(radial, part) for part in angular))


def _log_gabor(radius: Pixels, wavelength: float) -> Pixels:
    return np.asarray(np.exp(-(np.log(radius * wavelength) ** 2) / (2 * np.log(0.55) ** 2)))


def _spread(theta: Pixels, angle: float) -> Pixels:
    """Gaussian of the angular distance to the orientation."""
    sine = np.sin(theta) * np.cos(angle) - np.cos(theta) * np.sin(angle)
    cosine = np.cos(theta) * np.cos(angle) + np.sin(theta) * np.sin(angle)
    sigma = np.pi / ORIENTATIONS / 1.2
    return np.asarray(np.exp(-(np.arctan2(sine, cosine) ** 2) / (2 * sigma**2)))


def _noise_factor(radial: Pixels, angular: Pixels) -> float:
    """Kovesi's noise threshold (k = 2, divided by 1.7).

    It is the threshold for a mean squared response of 1 at the finest scale.

    Sums of products of the filters' real impulse responses are taken in the frequency domain
    (Parseval): the real part of an impulse response has the even part of the filter as its
    transform.
    """
    filters = radial * angular
    even = (filters + np.roll(filters[:, ::-1, ::-1], 1, axis=(1, 2))) / 2
    products = np.einsum("shw,thw->st", even, even)
    squares, cross = np.trace(products), (products.sum() - np.trace(products)) / 2
    energy = (2 * squares + 4 * cross) / (filters[0] ** 2).sum()
    tau = np.sqrt(energy / 2)
    return float((tau * np.sqrt(np.pi / 2) + 2 * np.sqrt((2 - np.pi / 2) * tau**2)) / 1.7)


@dataclass(frozen=True)
class Congruency:
    """Phase congruency and the largest and smallest moment of its covariance, ``(H, W)`` each."""

    value: Pixels
    largest: Pixels
    smallest: Pixels

    def maps(self) -> tuple[Pixels, Pixels, Pixels]:
        """The three maps."""
        return self.value, self.largest, self.smallest


def phase_congruency(image: Image) -> Congruency:
    """Phase congruency of one image (Kovesi 1999, with the parameters of ``myphasecong3``)."""
    total_energy, total_amplitude = np.zeros_like(image.pixels), np.zeros_like(image.pixels)
    moments = np.zeros((3, *image.pixels.shape))
    for index, (energy, amplitude) in enumerate(_oriented_energies(image)):
        total_energy += energy
        total_amplitude += amplitude
        angle = index * np.pi / ORIENTATIONS
        with np.errstate(invalid="ignore"):
            part = energy / amplitude
        across, down = part * np.cos(angle), part * np.sin(angle)
        moments += np.stack([across * across, down * down, across * down])
    xx, yy, xy = (
        moments[0] / (ORIENTATIONS / 2),
        moments[1] / (ORIENTATIONS / 2),
        moments[2] / ORIENTATIONS,
    )
    spread = np.sqrt(xy**2 + (xx - yy) ** 2) + EPSILON
    return Congruency(
        total_energy / (total_amplitude + EPSILON), (yy + xx + spread) / 2, (yy + xx - spread) / 2
    )


def _oriented_energies(image: Image) -> Iterator[tuple[Pixels, Pixels]]:
    """Weighted energy above the noise, and sum of amplitudes, for each orientation."""
    import scipy.fft

    bank = filter_bank(*image.pixels.shape)
    transform = scipy.fft.fft2(image.pixels)
    for angular, noise in zip(bank.angular, bank.noise, strict=True):
        responses = np.stack(
            [scipy.fft.ifft2(transform * (radial * angular)) for radial in bank.radial]
        )
        yield _energy(responses, noise)


def _energy(responses: NDArray[np.complex128], noise: float) -> tuple[Pixels, Pixels]:
    """Weighted energy of one orientation above the noise, and sum of amplitudes.

    The weight grows with the spread of the energy over scales.
    """
    amplitudes = np.abs(responses)
    even, odd = responses.real, responses.imag
    sum_even, sum_odd = even.sum(axis=0), odd.sum(axis=0)
    length = np.sqrt(sum_even**2 + sum_odd**2) + EPSILON
    mean_even, mean_odd = sum_even / length, sum_odd / length
    energy = (even * mean_even + odd * mean_odd - np.abs(even * mean_odd - odd * mean_even)).sum(
        axis=0
    )
    power = -np.median(amplitudes[0] ** 2) / np.log(0.5)
    energy = np.maximum(energy - noise * np.sqrt(power), 0)
    total = amplitudes.sum(axis=0)
    width = total / (amplitudes.max(axis=0) + EPSILON) / SCALES
    return energy / (1 + np.exp((0.5 - width) * 10)), total


def _local(image: Pixels) -> Pixels:
    taps = gaussian(11, 1.5)
    return separable_same(image, taps, taps)


def _local_correlation(
    source: Pixels, fused: Pixels, fused_mean: Pixels, fused_variance: Pixels
) -> Pixels:
    mean = _local(source)
    variance = _local(source * source) - mean * mean
    covariance = _local(source * fused) - mean * fused_mean
    return (covariance + EPSILON) / (np.sqrt(np.abs(variance * fused_variance)) + EPSILON)


def _best_correlation(maps: list[Pixels], masks: list[NDArray[np.bool_]], fused: Pixels) -> float:
    """Sum of the largest local correlation of F with the maps, over the number of feature pixels.

    The maps are those of A, of B and of the stronger source.
    """
    mean = _local(fused)
    variance = _local(fused * fused) - mean * mean
    best = np.zeros_like(fused)
    for index, (source, mask) in enumerate(zip(maps, masks, strict=True)):
        correlation = np.where(mask, _local_correlation(mask * source, fused, mean, variance), 0.0)
        best = correlation if index == 0 else np.maximum(best, correlation)
    return float(best.sum() / masks[-1].sum())


def phase_congruency_quality(fusion: Fusion) -> float:
    """Zhao's phase congruency quality: Q_P = P_p P_M P_m; 0..1.

    The factors are correlations of the phase congruency and of its two moments. Each P is the sum
    over pixels of the largest of the local correlations of F with A, with B and with the map of the
    stronger source, divided by the number of pixels whose phase congruency exceeds 0.1 in a source.
    """
    fusion.require_size(2)
    a, b, fused = (image.part(phase_congruency) for image in (*fusion.sources, fusion.fused))
    stronger = a.value > b.value
    masks = [a.value > FEATURE_THRESHOLD, b.value > FEATURE_THRESHOLD]
    masks.append(np.maximum(a.value, b.value) > FEATURE_THRESHOLD)
    if not masks[-1].any():
        raise MetricError(
            "has no value: neither source has a feature of phase congruency above 0.1"
        )
    value = 1.0
    for map_a, map_b, map_fused in zip(a.maps(), b.maps(), fused.maps(), strict=True):
        # Multiplied as in the original: a flat image, whose moments are nan, leaves no value
        # whichever source it is.
        either = stronger * map_a + ~stronger * map_b
        value *= _best_correlation([map_a, map_b, either], masks, map_fused)
    return value

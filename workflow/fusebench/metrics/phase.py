"""Metric of phase congruency: Zhao's Q_P."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusebench.errors import MetricError
from fusebench.metrics import limits
from fusebench.metrics.filters import gaussian, separable_same
from fusebench.metrics.images import Fusion, Image, Pixels
from fusebench.metrics.strips import Strip, is_large, of_pixels, strips_of

SCALES, ORIENTATIONS = 4, 6
EPSILON = 0.0001
FEATURE_THRESHOLD = 0.1

STRIP = 2**16
"""Pixels of the strips in which energies are computed: what they need stays in the CPU's cache."""


def _axis(length: int) -> Pixels:
    """Frequencies of one side as ``myphasecong3`` spaces them: -0.5..0.5, centred."""
    if length % 2:
        return np.arange(-(length - 1) / 2, (length - 1) / 2 + 1) / max(length - 1, 1)
    return np.arange(-length / 2, length / 2) / length


def _low_pass(height: int, width: int, start: int, stop: int) -> Pixels:
    """Some rows of the Butterworth filter of cutoff 0.45 and order 15."""
    columns = (np.arange(1, width + 1) - (width // 2 + 1)) / width
    rows = (np.arange(1, height + 1) - (height // 2 + 1)) / height
    shifted = np.fft.fftshift(rows)[start:stop]
    radius = np.hypot(shifted[:, None], np.fft.fftshift(columns)[None, :])
    return np.asarray(1 / (1 + (radius / 0.45) ** 30))


@lru_cache(maxsize=1)
def radial_filters(height: int, width: int, start: int, stop: int) -> Pixels:
    """Some rows of the filters of the four scales, ``(4, stop - start, W)``; frequency 0 is first.

    Wavelengths are 3 * 2.1^s pixels and the bandwidth is 0.55, as in Kovesi's ``phasecong``.
    """
    x, y = np.fft.ifftshift(_axis(width)), np.fft.ifftshift(_axis(height))[start:stop]
    radius = np.hypot(x[None, :], y[:, None])
    if start == 0:
        radius[0, 0] = 1
    low_pass = _low_pass(height, width, start, stop)
    radial = np.stack([_log_gabor(radius, 3 * 2.1**scale) * low_pass for scale in range(SCALES)])
    if start == 0:
        radial[:, 0, 0] = 0
    return radial


@lru_cache(maxsize=ORIENTATIONS)
def angular_filter(height: int, width: int, start: int, stop: int, orientation: int) -> Pixels:
    """Some rows of the filter of one of six orientations, ``(stop - start, W)``."""
    x, y = np.fft.ifftshift(_axis(width)), np.fft.ifftshift(_axis(height))[start:stop]
    theta = np.arctan2(-y[:, None], x[None, :])
    return _spread(theta, orientation * np.pi / ORIENTATIONS)


def _filter_strips(height: int, width: int) -> Iterator[Strip]:
    """Strips in which filters are made: small ones, because of their logarithms and angles."""
    pixels = limits.STRIP_PIXELS // 4 if is_large(height, width) else None
    return strips_of(height, width, pixels=pixels)


def _filters(height: int, width: int, orientation: int, rows: slice) -> Pixels:
    """Some rows of the filters of one orientation at all scales, ``(4, stop - start, W)``."""
    place = (height, width, rows.start, rows.stop)
    return radial_filters(*place) * angular_filter(*place, orientation)


def _log_gabor(radius: Pixels, wavelength: float) -> Pixels:
    return np.asarray(np.exp(-(np.log(radius * wavelength) ** 2) / (2 * np.log(0.55) ** 2)))


def _spread(theta: Pixels, angle: float) -> Pixels:
    """Gaussian of the angular distance to the orientation."""
    sine = np.sin(theta) * np.cos(angle) - np.cos(theta) * np.sin(angle)
    cosine = np.cos(theta) * np.cos(angle) + np.sin(theta) * np.sin(angle)
    sigma = np.pi / ORIENTATIONS / 1.2
    return np.asarray(np.exp(-(np.arctan2(sine, cosine) ** 2) / (2 * sigma**2)))


@lru_cache(maxsize=ORIENTATIONS)
def noise_factor(height: int, width: int, orientation: int) -> float:
    """Kovesi's noise threshold (k = 2, divided by 1.7).

    It is the threshold for a mean squared response of 1 at the finest scale.

    Sums of products of the filters' real impulse responses are taken in the frequency domain
    (Parseval): the real part of an impulse response has the even part of the filter as its
    transform.
    """
    filters = np.empty((SCALES, height, width))
    for rows, _, _ in _filter_strips(height, width):
        filters[:, rows] = _filters(height, width, orientation, rows)
    finest = float((filters[0] ** 2).sum())
    for scale in range(SCALES):
        filters[scale] += np.roll(filters[scale, ::-1, ::-1], 1, axis=(0, 1))
        filters[scale] /= 2
    products = np.einsum("shw,thw->st", filters, filters)
    squares, cross = np.trace(products), (products.sum() - np.trace(products)) / 2
    energy = (2 * squares + 4 * cross) / finest
    tau = np.sqrt(energy / 2)
    return float((tau * np.sqrt(np.pi / 2) + 2 * np.sqrt((2 - np.pi / 2) * tau**2)) / 1.7)


class Congruency(NamedTuple):
    """Phase congruency and the largest and smallest moment of its covariance, ``(H, W)`` each."""

    value: Pixels
    largest: Pixels
    smallest: Pixels


def phase_congruency(image: Image) -> Congruency:
    """Phase congruency of one image (Kovesi 1999, with the parameters of ``myphasecong3``)."""
    height, width = image.shape
    noise = [noise_factor(height, width, index) for index in range(ORIENTATIONS)]
    sums = tuple(np.zeros((height, width)) for _ in range(5))
    for index in range(ORIENTATIONS):
        _add_orientation(image, index, noise[index], sums)
    return _congruency(*sums)


def _add_orientation(
    image: Image, orientation: int, noise: float, sums: tuple[Pixels, ...]
) -> None:
    """Add energy, amplitude, and squares and product of the energy's two parts."""
    responses = _responses(image, orientation)
    threshold = noise * np.sqrt(_finest_power(responses[0]))
    angle = orientation * np.pi / ORIENTATIONS
    for rows, _, _ in strips_of(*image.shape, pixels=STRIP):
        energy, amplitude = _energy(np.stack([one[rows] for one in responses]), threshold)
        with np.errstate(invalid="ignore"):
            part = energy / amplitude
        across, down = part * np.cos(angle), part * np.sin(angle)
        found = (energy, amplitude, across * across, down * down, across * down)
        for one, more in zip(sums, found, strict=True):
            one[rows] += more


def _congruency(
    energy: Pixels, amplitude: Pixels, xx: Pixels, yy: Pixels, xy: Pixels
) -> Congruency:
    """Congruency of sums over the orientations; it takes their place in memory."""
    for rows, _, _ in strips_of(*energy.shape, pixels=STRIP):
        energy[rows] = energy[rows] / (amplitude[rows] + EPSILON)
        x, y = xx[rows] / (ORIENTATIONS / 2), yy[rows] / (ORIENTATIONS / 2)
        spread = np.sqrt((xy[rows] / ORIENTATIONS) ** 2 + (x - y) ** 2) + EPSILON
        xx[rows], yy[rows] = (y + x + spread) / 2, (y + x - spread) / 2
    return Congruency(energy, xx, yy)


def _responses(image: Image, orientation: int) -> list[NDArray[np.complex128]]:
    """Responses of the filters of one orientation at the four scales, ``(H, W)`` each."""
    import scipy.fft

    transform = scipy.fft.fft2(image.pixels)
    responses = [*(np.empty_like(transform) for _ in range(SCALES - 1)), transform]
    for rows, _, _ in _filter_strips(*image.shape):
        filters = _filters(*image.shape, orientation, rows)
        for response, one in zip(responses, filters, strict=True):
            np.multiply(transform[rows], one, out=response[rows])  # the last one in place
    return [scipy.fft.ifft2(response, overwrite_x=True) for response in responses]


def _finest_power(response: NDArray[np.complex128]) -> float:
    """Expected square of a response, from the median at the finest scale."""
    power = np.abs(response)
    power *= power
    return float(-np.median(power, overwrite_input=True) / np.log(0.5))


def _energy(responses: NDArray[np.complex128], threshold: float) -> tuple[Pixels, Pixels]:
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
    energy = np.maximum(energy - threshold, 0)
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


def _best_correlation(
    maps: Sequence[Pixels], masks: Sequence[NDArray[np.bool_]], fused: Pixels
) -> float:
    """Sum of the largest local correlation of F with the maps, over the number of feature pixels.

    The maps are those of A, of B and of the stronger source.
    """
    best = np.empty_like(fused)
    for rows, around, inner in strips_of(*fused.shape, reach=5):
        strips = ([one[around] for one in maps], [one[around] for one in masks], fused[around])
        best[rows] = _best_correlations(*strips)[inner]
    return float(best.sum() / masks[-1].sum())


def _best_correlations(
    maps: Sequence[Pixels], masks: Sequence[NDArray[np.bool_]], fused: Pixels
) -> Pixels:
    """Largest local correlation of each pixel."""
    mean = _local(fused)
    variance = _local(fused * fused) - mean * mean
    best = np.zeros_like(fused)
    for index, (source, mask) in enumerate(zip(maps, masks, strict=True)):
        correlation = np.where(mask, _local_correlation(mask * source, fused, mean, variance), 0.0)
        best = correlation if index == 0 else np.maximum(best, correlation)
    return best


def phase_congruency_quality(fusion: Fusion) -> float:
    """Zhao's phase congruency quality: Q_P = P_p P_M P_m; 0..1.

    The factors are correlations of the phase congruency and of its two moments. Each P is the sum
    over pixels of the largest of the local correlations of F with A, with B and with the map of the
    stronger source, divided by the number of pixels whose phase congruency exceeds 0.1 in a source.
    """
    return fusion.part(_quality)


def _quality(fusion: Fusion) -> float:
    fusion.require_size(2)
    a, b = (source.part(phase_congruency) for source in fusion.sources)
    fused = phase_congruency(fusion.fused)  # asked for once, so not cached beside the sources'
    stronger = a.value > b.value
    masks = [a.value > FEATURE_THRESHOLD, b.value > FEATURE_THRESHOLD]
    masks.append(np.maximum(a.value, b.value) > FEATURE_THRESHOLD)
    if not masks[-1].any():
        raise MetricError(
            "has no value: neither source has a feature of phase congruency above 0.1"
        )
    value = 1.0
    for map_a, map_b, map_fused in zip(a, b, fused, strict=True):
        either = of_pixels(_of_stronger, stronger, map_a, map_b)
        value *= _best_correlation([map_a, map_b, either], masks, map_fused)
    return value


def _of_stronger(stronger: NDArray[np.bool_], map_a: Pixels, map_b: Pixels) -> Pixels:
    """Map of the stronger source.

    Multiplied as in the original: a flat image, whose moments are nan, leaves no value whichever
    source it is.
    """
    return stronger * map_a + ~stronger * map_b

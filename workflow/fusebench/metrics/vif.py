"""Visual information fidelity in the pixel domain."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics.compiled import compiled, compiled_sums
from fusebench.metrics.filters import (
    gaussian,
    image_row,
    product_row,
    separable_same,
    separable_valid,
)
from fusebench.metrics.images import Fusion, Image, Parts, Pixels, SourcePair
from fusebench.metrics.strips import joined_windows

SCALES = (1, 2, 3, 4)
SMALLEST = 41
"""Side of the smallest image that leaves a window at every scale.

For example, the first filter of scale 2 takes 8 pixels at full size.
"""


def _taps(scale: int) -> Pixels:
    size = 2 ** (5 - scale) + 1
    return gaussian(size, size / 5)


def at_scale(image: Image, scale: int) -> Image:
    """The image at a scale; scale 1 is the image itself."""
    return image if scale == 1 else image.part(reduced, scale)


def reduced(image: Image, scale: int) -> Image:
    """The image at a scale: filtered by that scale's Gaussian and halved, from the scale before."""
    finer = at_scale(image, scale - 1).pixels
    return image.derive(np.ascontiguousarray(separable_valid(finer, _taps(scale))[::2, ::2]))


def local_mean(image: Image, scale: int) -> Pixels:
    """Gaussian-weighted mean around each pixel of an image at a scale."""
    return separable_valid(image.pixels, _taps(scale))


def local_square(image: Image, scale: int) -> Pixels:
    """Gaussian-weighted mean of squares around each pixel of an image at a scale."""
    pixels = image.pixels
    return separable_valid(pixels * pixels, _taps(scale))


@compiled_sums
def _channel(variance_s: float, variance_f: float, covariance: float) -> tuple[float, float, float]:
    """Gain of the distortion channel, unexplained variance, and variance of the source."""
    epsilon = 1e-10
    variance_s, variance_f = max(variance_s, 0.0), max(variance_f, 0.0)
    gain = covariance / (variance_s + epsilon)
    explained = variance_s >= epsilon and variance_f >= epsilon and gain >= 0
    rest = variance_f - gain * covariance if explained else variance_f
    rest = 0.0 if variance_f < epsilon else rest
    return (
        gain if explained else 0.0,
        max(rest, epsilon),
        variance_s if variance_s >= epsilon else 0.0,
    )


@compiled_sums
def _information(
    mean_s: Pixels, mean_f: Pixels, square_s: Pixels, square_f: Pixels, product: Pixels
) -> tuple[float, float]:
    """Information of the fused image about the source, and of the source itself, in log10.

    Both are sums over windows. The logarithms are taken of products over 64 windows; this equals
    the sum of logarithms up to 1e-14. A factor is at most 1 + 127.5^2 / 2, so the products stay
    below 1e251.
    """
    noise, preserved, total = 2.0, 0.0, 0.0
    height, width = mean_s.shape
    for row in range(height):
        for start in range(0, width, 64):
            factor_preserved, factor_total = 1.0, 1.0
            for column in range(start, min(start + 64, width)):
                source, fused = mean_s[row, column], mean_f[row, column]
                gain, rest, variance = _channel(
                    square_s[row, column] - source * source,
                    square_f[row, column] - fused * fused,
                    product[row, column] - source * fused,
                )
                factor_preserved *= 1 + gain * gain * variance / (rest + noise)
                factor_total *= 1 + variance / noise
            preserved += math.log10(factor_preserved)
            total += math.log10(factor_total)
    return preserved, total


def _statistics(
    fused: Image, source: Image, scale: int
) -> tuple[Pixels, Pixels, Pixels, Pixels, Pixels]:
    """Local means of two images at a scale, of their squares and of their product."""
    product = fused.pixels * source.pixels
    return (
        source.part(local_mean, scale),
        fused.part(local_mean, scale),
        source.part(local_square, scale),
        fused.part(local_square, scale),
        separable_valid(product, _taps(scale)),
    )


def _information_at(fused: Image, source: Image, scale: int) -> tuple[float, float]:
    return _information(*_statistics(at_scale(fused, scale), at_scale(source, scale), scale))


@compiled_sums
def _row_information(
    statistics: Pixels, mean_s: Pixels, square_s: Pixels, product: Pixels
) -> tuple[float, float]:
    """Information of one row of windows.

    ``statistics`` are the means of F and of F^2, ``(2, width)``.
    """
    noise, preserved, total = 2.0, 0.0, 0.0
    mean_f, square_f = statistics[0], statistics[1]
    width = mean_s.size
    for start in range(0, width, 64):
        factor_preserved, factor_total = 1.0, 1.0
        for column in range(start, min(start + 64, width)):
            source, fused = mean_s[column], mean_f[column]
            gain, rest, variance = _channel(
                square_s[column] - source * source,
                square_f[column] - fused * fused,
                product[column] - source * fused,
            )
            factor_preserved *= 1 + gain * gain * variance / (rest + noise)
            factor_total *= 1 + variance / noise
        preserved += math.log10(factor_preserved)
        total += math.log10(factor_total)
    return preserved, total


@compiled_sums
def _information_of_all(
    fused: Pixels,
    taps: Pixels,
    sources: tuple[Pixels, ...],
    means: tuple[Pixels, ...],
    squares: tuple[Pixels, ...],
) -> Pixels:
    """Information of the fused image about each source, and of each source: ``(sources, 2)``.

    It works row by row, so that only a few rows of the fused image's statistics are in memory.
    """
    sums = np.zeros((len(sources), 2))
    height, width = fused.shape[0] - taps.size + 1, fused.shape[1] - taps.size + 1
    scratch, statistics, product = np.empty(fused.shape[1]), np.empty((2, width)), np.empty(width)
    for row in range(height):
        image_row(fused, row, taps, scratch, statistics[0])
        product_row(fused, fused, row, taps, scratch, statistics[1])
        for index in range(len(sources)):
            product_row(fused, sources[index], row, taps, scratch, product)
            preserved, total = _row_information(
                statistics, means[index][row], squares[index][row], product
            )
            sums[index, 0] += preserved
            sums[index, 1] += total
    return sums


def informations(
    fusion: Parts, fused: Image, sources: tuple[Image, ...]
) -> tuple[tuple[float, float], ...]:
    """Information preserved and information of each source, summed over the four scales."""
    sums = sum(_informations_at(fused, sources, scale) for scale in SCALES)
    return tuple((float(preserved), float(total)) for preserved, total in np.asarray(sums))


def _informations_at(fused: Image, sources: tuple[Image, ...], scale: int) -> Pixels:
    scaled = tuple(at_scale(source, scale) for source in sources)
    return _information_of_all(
        at_scale(fused, scale).pixels,
        _taps(scale),
        tuple(source.pixels for source in scaled),
        tuple(source.part(local_mean, scale) for source in scaled),
        tuple(source.part(local_square, scale) for source in scaled),
    )


def _fidelities(fusion: Fusion, sources: tuple[Image, ...]) -> list[float]:
    """VIF of the fused image against each of some images.

    Raises:
        MetricError: the image is smaller than the windows, or a source is constant.
    """
    fusion.require_size(SMALLEST)
    sums = fusion.part(informations, fusion.fused, sources)
    return [_ratio(*pair, source) for pair, source in zip(sums, sources, strict=True)]


def _ratio(preserved: float, total: float, source: Image) -> float:
    if total == 0:
        raise MetricError(f"has no value: {source.name} is constant and carries no information")
    return preserved / total


def visual_information_fidelity(fusion: Fusion) -> float:
    """Visual information fidelity: VIF(A, F) + VIF(B, F), each in the pixel domain at four scales.

    At scale s the window is a Gaussian of N = 2^(5-s) + 1 pixels with sigma = N / 5, applied where
    it fits; the variance of the visual noise is 2. VIF = sum log10(1 + g^2 s_S^2 / (s_V^2 + 2)) /
    sum log10(1 + s_S^2 / 2).
    """
    return sum(_fidelities(fusion, fusion.sources))


def reference_fidelity(fusion: Fusion) -> float:
    """VIF against the ground truth, in the pixel domain at four scales.

    The value is above 1 where contrast is enhanced.
    """
    return _fidelities(fusion, (fusion.reference,))[0]


def mean_fidelity(fusion: Fusion) -> float:
    """VIF as the mean, not the sum, over both sources."""
    return visual_information_fidelity(fusion) / 2


def saturated_square(image: Image) -> Pixels:
    """Gaussian-weighted mean of squares at the finest scale.

    Squares are cut at 255, as in uint8 arithmetic.
    """
    return separable_valid(np.minimum(np.rint(image.pixels) ** 2, 255), _taps(1))


def fidelity_saturated(fusion: Fusion) -> float:
    """VIF of Tang's published spreadsheet, in uint8 arithmetic.

    Squares and products saturate at 255 at the finest scale.
    """
    fusion.require_size(SMALLEST)
    return sum(_saturated(fusion, source) for source in fusion.sources)


def _saturated(fusion: Fusion, source: Image) -> float:
    fused = fusion.fused
    product = separable_valid(
        np.minimum(np.rint(fused.pixels) * np.rint(source.pixels), 255), _taps(1)
    )
    means = (source.part(local_mean, 1), fused.part(local_mean, 1))
    finest = _information(
        *means, source.part(saturated_square), fused.part(saturated_square), product
    )
    sums = [finest, *(_information_at(fused, source, scale) for scale in SCALES[1:])]
    return _ratio(sum(preserved for preserved, _ in sums), sum(total for _, total in sums), source)


HAN_WEIGHTS = (1 / 2.15, 0.0, 0.15 / 2.15, 1 / 2.15)
"""Weights of the four scales in Han's VIFF."""


@compiled
def _information_maps(
    mean_s: Pixels, mean_f: Pixels, square_s: Pixels, square_f: Pixels, product: Pixels
) -> tuple[Pixels, Pixels, Pixels]:
    """Information preserved, information of the source, and gain, for each window.

    The visual noise is Han's, 0.005 * 255^2.
    """
    noise = 0.005 * 255 * 255
    preserved, total, gains = np.empty_like(mean_s), np.empty_like(mean_s), np.empty_like(mean_s)
    for row in range(mean_s.shape[0]):
        for column in range(mean_s.shape[1]):
            source, fused = mean_s[row, column], mean_f[row, column]
            gain, rest, variance = _channel(
                square_s[row, column] - source * source,
                square_f[row, column] - fused * fused,
                product[row, column] - source * fused,
            )
            gains[row, column] = gain
            preserved[row, column] = math.log10(1 + gain * gain * variance / (rest + noise))
            total[row, column] = math.log10(1 + variance / noise)
    return preserved, total, gains


def _han_scale(fusion: Fusion, scale: int) -> float:
    """VIFF of one scale: in each window the source of the smaller gain counts."""
    fused, a, b = (at_scale(image, scale) for image in (fusion.fused, *fusion.sources))
    scaled = Fusion.of(fused, SourcePair.of(a, b))
    maps = partial(_smaller_gain, scale=scale)
    preserved, total = joined_windows(scaled, maps, len(_taps(scale)) // 2)
    return float(preserved.sum() / total.sum())


def _smaller_gain(fusion: Fusion, scale: int) -> tuple[Pixels, Pixels]:
    """Information preserved and information of the source of the smaller gain."""
    maps = (
        _information_maps(*_statistics(fusion.fused, source, scale)) for source in fusion.sources
    )
    (preserved_a, total_a, gain_a), (preserved_b, total_b, gain_b) = maps
    from_a = gain_a < gain_b
    preserved = np.where(from_a, preserved_a, preserved_b)
    return preserved + 1e-7, np.where(from_a, total_a, total_b) + 1e-7


def fusion_fidelity(fusion: Fusion) -> float:
    """VIF as MEFB computes it: Han's VIFF, the weighted sum over scales 1, 3 and 4.

    The visual noise is 0.005 * 255^2.
    """
    fusion.require_size(SMALLEST)
    return sum(
        weight * _han_scale(fusion, scale)
        for weight, scale in zip(HAN_WEIGHTS, SCALES, strict=True)
        if weight
    )


def fidelity_or_one(fusion: Fusion) -> float:
    """VIF as MMIF-CDDFuse computes it (VIFF): a source without any information counts as 1."""
    fusion.require_size(SMALLEST)
    sums = fusion.part(informations, fusion.fused, fusion.sources)
    return sum(preserved / total if total else 1.0 for preserved, total in sums)


def _shifted_taps(scale: int) -> Pixels:
    """IVIF_ZOO's taps: ``size`` points from -ceil(size / 2) to floor(size / 2).

    The window is therefore off its centre.
    """
    size = 2 ** (5 - scale) + 1
    offsets = np.linspace(-(size + 1) / 2, (size - 1) / 2, size)
    taps = np.exp(-(offsets**2) / (2 * (size / 5) ** 2))
    return np.asarray(taps / taps.sum(), dtype=np.float64)


def _padded(image: Pixels, scale: int) -> Pixels:
    taps = _shifted_taps(scale)
    return separable_same(image, taps, taps)


def padded_reduced(image: Image, scale: int) -> Pixels:
    """The image at a scale, filtered with zeros outside."""
    if scale == 1:
        return image.pixels
    finer: Pixels = image.part(padded_reduced, scale - 1)
    return np.ascontiguousarray(_padded(finer, scale)[::2, ::2])


def padded_mean(image: Image, scale: int) -> Pixels:
    """Weighted mean around each pixel at a scale, with zeros outside."""
    return _padded(image.part(padded_reduced, scale), scale)


def padded_square(image: Image, scale: int) -> Pixels:
    """Weighted mean of squares around each pixel at a scale, with zeros outside."""
    return _padded(image.part(padded_reduced, scale) ** 2, scale)


def _padded_information(fused: Image, source: Image, scale: int) -> tuple[float, float]:
    product = fused.part(padded_reduced, scale) * source.part(padded_reduced, scale)
    means = (source.part(padded_mean, scale), fused.part(padded_mean, scale))
    squares = (source.part(padded_square, scale), fused.part(padded_square, scale))
    return _information(*means, *squares, _padded(product, scale))


def fidelity_padded(fusion: Fusion) -> float:
    """VIF as IVIF_ZOO computes it: the sum over both sources.

    Pixels outside the image are 0, and windows are off their centres.
    """
    value = 0.0
    for source in fusion.sources:
        sums = [_padded_information(fusion.fused, source, scale) for scale in SCALES]
        value += _ratio(
            sum(preserved for preserved, _ in sums), sum(total for _, total in sums), source
        )
    return value

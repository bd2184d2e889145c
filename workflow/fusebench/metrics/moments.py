"""Metrics of means, variances and correlations of whole images."""

from __future__ import annotations

import math

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics.compiled import compiled_sums
from fusebench.metrics.histograms import eigenvalue_information
from fusebench.metrics.images import Fusion, Image, Pixels, SourcePair


@compiled_sums
def _comoments(
    x: Pixels, y: Pixels, origin_x: float, origin_y: float
) -> tuple[float, float, float, float, float]:
    """Sums of x, y, x^2, y^2 and xy.

    Values are taken from an origin near their mean, so that nothing cancels.
    """
    sum_x, sum_y, sum_xx, sum_yy, sum_xy = 0.0, 0.0, 0.0, 0.0, 0.0
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            value_x = x[row, column] - origin_x
            value_y = y[row, column] - origin_y
            sum_x += value_x
            sum_y += value_y
            sum_xx += value_x * value_x
            sum_yy += value_y * value_y
            sum_xy += value_x * value_y
    return sum_x, sum_y, sum_xx, sum_yy, sum_xy


def correlation_coefficient(x: Pixels, y: Pixels) -> float:
    """Pearson's correlation coefficient of two arrays ``(H, W)``; nan when one is constant."""
    if x.min() == x.max() or y.min() == y.max():
        return math.nan
    # whole numbers as origins keep the sums of 8-bit images exact
    sums = _comoments(x, y, float(np.rint(x.mean())), float(np.rint(y.mean())))
    sum_x, sum_y, sum_xx, sum_yy, sum_xy = sums
    count = x.size
    variances = (sum_xx - sum_x * sum_x / count) * (sum_yy - sum_y * sum_y / count)
    return (sum_xy - sum_x * sum_y / count) / math.sqrt(variances)


def _defined(value: float, constant: str) -> float:
    if math.isnan(value):
        raise MetricError(f"has no value: {constant} is constant, so nothing correlates with it")
    return value


def correlation_with(fusion: Fusion, source: Image) -> float:
    """Correlation of the fused image with one source.

    Raises:
        MetricError: one of the two is constant.
    """
    constant = source.name if source.is_constant else fusion.fused.name
    return _defined(correlation_coefficient(fusion.fused.pixels, source.pixels), constant)


def squared_error(fusion: Fusion, source: Image) -> float:
    """Mean squared difference of the fused image and one image, in squared gray levels."""
    difference = fusion.fused.pixels - source.pixels
    return float(np.vdot(difference, difference)) / difference.size


def standard_deviation(fusion: Fusion) -> float:
    """Standard deviation of the fused image, in gray levels.

    It is the population's: divided by the number of pixels.
    """
    return float(fusion.fused.pixels.std())


def sample_deviation(fusion: Fusion) -> float:
    """Standard deviation divided by the number of pixels less one."""
    if fusion.fused.size < 2:
        raise MetricError("needs at least two pixels")
    return float(fusion.fused.pixels.std(ddof=1))


def saturated_deviation(fusion: Fusion) -> float:
    """SD of Tang's published spreadsheet, in uint8 arithmetic.

    Differences are cut at 0, and their squares at 255.
    """
    pixels = np.rint(fusion.fused.pixels)
    differences = np.maximum(np.floor(pixels - pixels.mean() + 0.5), 0)
    return math.sqrt(float(np.minimum(differences**2, 255).mean()))


def correlation(fusion: Fusion) -> float:
    """Correlation with the sources: CC = (r(F,A) + r(F,B)) / 2 with Pearson's r; -1..1."""
    return sum(fusion.part(correlation_with, source) for source in fusion.sources) / 2


def correlations_of_differences(fusion: Fusion) -> float:
    """Sum of the correlations of differences: SCD = r(F - B, A) + r(F - A, B); -2..2."""
    return _difference_correlation(fusion, fusion.b, fusion.a) + _difference_correlation(
        fusion, fusion.a, fusion.b
    )


def _difference_correlation(fusion: Fusion, removed: Image, other: Image) -> float:
    difference = fusion.fused.pixels - removed.pixels
    constant = other.name if other.is_constant else f"{fusion.fused.name} minus {removed.name}"
    return _defined(correlation_coefficient(difference, other.pixels), constant)


def mean_squared_error(fusion: Fusion) -> float:
    """Mean squared error: MSE = (mean (F - A)^2 + mean (F - B)^2) / 2, in squared gray levels."""
    return sum(fusion.part(squared_error, source) for source in fusion.sources) / 2


def decibels(peak: float, error: float) -> float:
    """Peak signal-to-noise ratio of a mean squared error.

    Raises:
        MetricError: the error is 0, where the ratio is infinite; or the peak is.
    """
    if peak == 0:
        raise MetricError(
            "has no value: the peak is the largest gray level of the fused image, and that is 0"
        )
    if error == 0:
        raise MetricError("is infinite: the images are identical, so there is no error")
    return 10 * math.log10(peak * peak / error)


def peak_signal_to_noise_ratio(fusion: Fusion) -> float:
    """Peak signal-to-noise ratio: PSNR = 10 log10(255^2 / MSE), in dB.

    MSE is the mean over both sources.
    """
    return decibels(255, mean_squared_error(fusion))


def mean_squared_error_unit(fusion: Fusion) -> float:
    """Mean squared error of images scaled to 0..1: MSE / 255^2."""
    return mean_squared_error(fusion) / 255**2


def peak_unit_error(fusion: Fusion) -> float:
    """PSNR with the peak of 0..255 and the error of 0..1: 20 log10(255 / sqrt(MSE / 255^2)).

    This is 48.13 dB too high.
    """
    return decibels(255, mean_squared_error_unit(fusion))


def peak_of_fused(fusion: Fusion) -> float:
    """PSNR with the largest gray level of the fused image as peak: 10 log10(max(F)^2 / MSE)."""
    return decibels(fusion.fused.extremes[1], mean_squared_error(fusion))


def root_error_over_count(fusion: Fusion) -> float:
    """ "RMSE" as VIFB computes it: the mean over both sources of sqrt(sum (F - S)^2) / (M N)."""
    count = fusion.fused.size
    return (
        sum(
            math.sqrt(fusion.part(squared_error, source) * count) / count
            for source in fusion.sources
        )
        / 2
    )


def peak_over_root_error(fusion: Fusion) -> float:
    """PSNR as VIFB computes it: 20 log10(255 / sqrt(E)).

    E is the mean over both sources of sqrt(sum (F - S)^2) / (M N).
    """
    return decibels(255, root_error_over_count(fusion))


def mean_of_ratios(fusion: Fusion) -> float:
    """PSNR as the mean of the two ratios: (PSNR(F, A) + PSNR(F, B)) / 2."""
    return sum(decibels(255, fusion.part(squared_error, source)) for source in fusion.sources) / 2


def reference_ratio(fusion: Fusion) -> float:
    """PSNR against the ground truth: 10 log10(255^2 / mean (F - R)^2), in dB."""
    return decibels(255, fusion.part(squared_error, fusion.reference))


def linear_information(fusion: Fusion) -> float:
    """QNCIE as IVIF_ZOO computes it: with linear instead of nonlinear correlation coefficients."""
    between = fusion.pair.part(_source_correlation)
    with_a, with_b = (fusion.part(correlation_with, source) for source in fusion.sources)
    return eigenvalue_information(between, with_a, with_b)


def _source_correlation(pair: SourcePair) -> float:
    return _defined(correlation_coefficient(pair.a.pixels, pair.b.pixels), "a source")

"""Metrics of differences between neighbouring pixels."""

from __future__ import annotations

import math

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics.compiled import compiled_sums
from fusebench.metrics.images import Fusion, Image, Pixels, SourcePair


@compiled_sums
def _squared_differences(x: Pixels) -> tuple[float, float]:
    """Sums of the squared differences along rows and along columns."""
    height, width = x.shape
    along_rows, along_columns = 0.0, 0.0
    for row in range(height):
        for column in range(1, width):
            difference = x[row, column] - x[row, column - 1]
            along_rows += difference * difference
    for row in range(1, height):
        for column in range(width):
            difference = x[row, column] - x[row - 1, column]
            along_columns += difference * difference
    return along_rows, along_columns


def squared_differences(image: Image) -> tuple[float, float]:
    """Sums of the squared horizontal and of the squared vertical differences of one image."""
    return _squared_differences(image.pixels)


@compiled_sums
def _slope_sum(x: Pixels) -> float:
    """Sum of sqrt((dx^2 + dy^2) / 2): centred differences inside, one-sided at the border."""
    height, width = x.shape
    total = 0.0
    for row in range(height):
        above, below = max(row - 1, 0), min(row + 1, height - 1)
        step = 1.0 / (below - above)
        for column in range(1, width - 1):
            across = (x[row, column + 1] - x[row, column - 1]) * 0.5
            down = (x[below, column] - x[above, column]) * step
            total += math.sqrt((across * across + down * down) * 0.5)
        for column in (0, width - 1):
            inner = 1 if column == 0 else width - 2
            across = x[row, column] - x[row, inner]
            down = (x[below, column] - x[above, column]) * step
            total += math.sqrt((across * across + down * down) * 0.5)
    return total


def slope_sum(image: Image) -> float:
    """Sum over all pixels of sqrt((dx^2 + dy^2) / 2).

    Differences are those of MATLAB's and numpy's ``gradient``.

    Raises:
        MetricError: a side has fewer than 2 pixels.
    """
    if min(image.shape) < 2:
        raise MetricError(f"needs at least 2 x 2 pixels, found {' x '.join(map(str, image.shape))}")
    return _slope_sum(image.pixels)


def spatial_frequency(fusion: Fusion) -> float:
    """Spatial frequency: SF = sqrt(mean of dx^2 + mean of dy^2); in gray levels.

    dx and dy are the horizontal and the vertical differences of F. Each mean is over its own number
    of differences.
    """
    fusion.require_size(2)
    height, width = fusion.fused.shape
    rows, columns = fusion.fused.part(squared_differences)
    return math.sqrt(rows / (height * (width - 1)) + columns / ((height - 1) * width))


def average_gradient(fusion: Fusion) -> float:
    """Average gradient: AG = mean over all pixels of sqrt((dx^2 + dy^2) / 2); in gray levels.

    dx and dy are centred differences.
    """
    return fusion.fused.part(slope_sum) / fusion.fused.size


def average_gradient_inner(fusion: Fusion) -> float:
    """Average gradient divided by (M - 1)(N - 1) instead of the number of pixels summed."""
    height, width = fusion.fused.shape
    return fusion.fused.part(slope_sum) / float((height - 1) * (width - 1))


def spatial_frequency_all(fusion: Fusion) -> float:
    """Spatial frequency with both sums divided by M N instead of their numbers of differences."""
    rows, columns = fusion.fused.part(squared_differences)
    return math.sqrt((rows + columns) / fusion.fused.size)


@compiled_sums
def _sobel_strength_sum(padded: Pixels) -> float:
    total = 0.0
    for row in range(padded.shape[0] - 2):
        top, middle, bottom = padded[row], padded[row + 1], padded[row + 2]
        for column in range(padded.shape[1] - 2):
            left, right = column, column + 2
            across = (
                (top[right] - top[left])
                + 2 * (middle[right] - middle[left])
                + (bottom[right] - bottom[left])
            )
            down = (
                (bottom[left] - top[left])
                + 2 * (bottom[left + 1] - top[left + 1])
                + (bottom[right] - top[right])
            )
            total += math.sqrt(across * across + down * down)
    return total


def edge_intensity(fusion: Fusion) -> float:
    """Edge intensity: EI = mean strength of the Sobel gradient of F; in gray levels.

    Borders are replicated.
    """
    padded = np.pad(fusion.fused.pixels, 1, mode="edge")
    return _sobel_strength_sum(padded) / fusion.fused.size


def edge_intensity_zero_padded(fusion: Fusion) -> float:
    """Edge intensity with pixels outside the image being 0, as IVIF_ZOO computes it."""
    return _sobel_strength_sum(np.pad(fusion.fused.pixels, 1)) / fusion.fused.size


@compiled_sums
def _largest_differences(x: Pixels, y: Pixels) -> tuple[float, float]:
    """Sums of the larger of two images' squared differences to the next pixel.

    The first sum is along the axes, the second along the diagonals.
    """
    height, width = x.shape
    straight, diagonal = 0.0, 0.0
    for row in range(height):
        for column in range(1, width):
            across_x, across_y = (
                x[row, column] - x[row, column - 1],
                y[row, column] - y[row, column - 1],
            )
            straight += max(across_x * across_x, across_y * across_y)
    for row in range(1, height):
        for column in range(width):
            down_x, down_y = (
                x[row, column] - x[row - 1, column],
                y[row, column] - y[row - 1, column],
            )
            straight += max(down_x * down_x, down_y * down_y)
        for column in range(1, width):
            main_x, main_y = (
                x[row, column] - x[row - 1, column - 1],
                y[row, column] - y[row - 1, column - 1],
            )
            anti_x, anti_y = (
                x[row, column - 1] - x[row - 1, column],
                y[row, column - 1] - y[row - 1, column],
            )
            diagonal += max(main_x * main_x, main_y * main_y) + max(
                anti_x * anti_x, anti_y * anti_y
            )
    return straight, diagonal


def _extended_frequency(first: Pixels, second: Pixels) -> float:
    straight, diagonal = _largest_differences(first, second)
    return math.sqrt((straight + math.sqrt(0.5) * diagonal) / first.size)


def source_frequency(pair: SourcePair) -> float:
    """Extended spatial frequency of the larger differences of the two sources."""
    return _extended_frequency(pair.a.pixels, pair.b.pixels)


def frequency_error(fusion: Fusion) -> float:
    """Ratio of extended spatial frequencies: QSF = (SF_F - SF_R) / SF_R.

    The best value is 0; it is negative when detail is lost. SF sums squared differences to the
    neighbours in rows, columns and both diagonals (diagonals weighted with 1 / sqrt 2). SF_R takes
    the larger difference of the two sources at each place.
    """
    wanted = fusion.pair.part(source_frequency)
    if wanted == 0:
        raise MetricError("has no value: both sources are constant")
    return _extended_frequency(fusion.fused.pixels, fusion.fused.pixels) / wanted - 1

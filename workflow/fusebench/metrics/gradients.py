"""Metrics of differences between neighbouring pixels."""

from __future__ import annotations

import math

from fusebench.errors import MetricError
from fusebench.metrics.compiled import compiled_sums
from fusebench.metrics.images import Fusion, Image, Pixels


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
    """Sum over all pixels of sqrt((dx^2 + dy^2) / 2), as MATLAB's and numpy's ``gradient`` differentiate.

    Raises:
        MetricError: a side has fewer than 2 pixels.
    """
    if min(image.pixels.shape) < 2:
        raise MetricError(f"needs at least 2 x 2 pixels, found {' x '.join(map(str, image.pixels.shape))}")
    return _slope_sum(image.pixels)


def spatial_frequency(fusion: Fusion) -> float:
    """Spatial frequency: SF = sqrt(mean of squared horizontal + mean of squared vertical differences of F).

    Each mean is over its own number of differences; in gray levels.
    """
    fusion.require_size(2)
    height, width = fusion.fused.pixels.shape
    rows, columns = fusion.fused.part(squared_differences)
    return math.sqrt(rows / (height * (width - 1)) + columns / ((height - 1) * width))


def average_gradient(fusion: Fusion) -> float:
    """Average gradient: AG = mean over all pixels of sqrt((dx^2 + dy^2) / 2), centred differences; in gray levels."""
    return fusion.fused.part(slope_sum) / fusion.fused.pixels.size

"""Linear filters that several metrics share."""

from __future__ import annotations

import os
from functools import cache

import cv2
import numpy as np

from fusebench.metrics.compiled import compiled, compiled_sums
from fusebench.metrics.images import Pixels


def use_threads_of_job() -> None:
    """Give OpenCV as many threads as ``OMP_NUM_THREADS`` says; one when it is not set."""
    wanted = os.environ.get("OMP_NUM_THREADS", "1")
    cv2.setNumThreads(int(wanted) if wanted.isdigit() else 1)


use_threads_of_job()


@cache
def gaussian(size: int, sigma: float) -> Pixels:
    """One-dimensional Gaussian of ``size`` taps with sum 1.

    The outer product of the taps with themselves is MATLAB's ``fspecial``.
    """
    offsets = np.arange(size) - (size - 1) / 2
    taps = np.exp(-(offsets * offsets) / (2 * sigma * sigma))
    return np.asarray(taps / taps.sum(), dtype=np.float64)


def separable_valid(image: Pixels, taps: Pixels) -> Pixels:
    """Filter with the outer product of odd symmetric taps, only where the window fits."""
    radius = len(taps) // 2
    filtered = cv2.sepFilter2D(image, cv2.CV_64F, taps, taps, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(
        filtered[radius : filtered.shape[0] - radius, radius : filtered.shape[1] - radius]
    )


@compiled_sums
def row_of_sums(column_sums: Pixels, taps: Pixels, out: Pixels) -> None:
    """Filter one row where the window of odd symmetric taps fits."""
    radius, last, weight = taps.size // 2, taps.size - 1, taps[taps.size // 2]
    for column in range(out.size):
        out[column] = weight * column_sums[column + radius]
    for tap in range(radius):
        weight = taps[tap]
        for column in range(out.size):
            out[column] += weight * (column_sums[column + tap] + column_sums[column + last - tap])


@compiled_sums
def product_row(
    x: Pixels, y: Pixels, top: int, taps: Pixels, column_sums: Pixels, out: Pixels
) -> None:
    """One row of the filtered product of two images, where the window of odd symmetric taps fits.

    Args:
        x, y: the images ``(H, W)``.
        top: the first row under the window.
        taps: taps of both directions, ``(2 r + 1,)``.
        column_sums: scratch, ``(W,)``.
        out: the row, ``(W - 2 r,)``.
    """
    size, radius, width = taps.size, taps.size // 2, x.shape[1]
    middle_x, middle_y, weight = x[top + radius], y[top + radius], taps[radius]
    for column in range(width):
        column_sums[column] = weight * middle_x[column] * middle_y[column]
    for tap in range(radius):
        above_x, above_y, weight = x[top + tap], y[top + tap], taps[tap]
        below_x, below_y = x[top + size - 1 - tap], y[top + size - 1 - tap]
        for column in range(width):
            pair = above_x[column] * above_y[column] + below_x[column] * below_y[column]
            column_sums[column] += weight * pair
    row_of_sums(column_sums, taps, out)


@compiled_sums
def image_row(x: Pixels, top: int, taps: Pixels, column_sums: Pixels, out: Pixels) -> None:
    """One row of a filtered image; see :func:`product_row`."""
    size, radius, width = taps.size, taps.size // 2, x.shape[1]
    middle, weight = x[top + radius], taps[radius]
    for column in range(width):
        column_sums[column] = weight * middle[column]
    for tap in range(radius):
        above, below, weight = x[top + tap], x[top + size - 1 - tap], taps[tap]
        for column in range(width):
            column_sums[column] += weight * (above[column] + below[column])
    row_of_sums(column_sums, taps, out)


def separable_same(
    image: Pixels, horizontal: Pixels, vertical: Pixels, *, replicate: bool = False
) -> Pixels:
    """Correlate with two sets of taps; the result has the size of the image.

    Pixels outside are 0, or those of the border.
    """
    border = cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT
    return np.asarray(cv2.sepFilter2D(image, cv2.CV_64F, horizontal, vertical, borderType=border))


def box_sums_valid(image: Pixels, size: int) -> Pixels:
    """Sums over windows of ``size`` x ``size`` pixels, only where the window fits."""
    sums = cv2.boxFilter(
        image, cv2.CV_64F, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    before = size // 2
    after = size - 1 - before
    return np.asarray(sums[before : sums.shape[0] - after, before : sums.shape[1] - after])


def halve(image: Pixels) -> Pixels:
    """Mean of each 2 x 2 window that starts at even positions.

    The last row and column are repeated.
    """
    padded = np.pad(image, ((0, 1), (0, 1)), mode="edge")
    sums = padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:]
    return np.ascontiguousarray(sums[::2, ::2] / 4)


@cache
def ordered_gaussian(size: int, sigma: float) -> Pixels:
    """Octave's ``fspecial('gaussian')`` divided by its sum once more; ``(size, size)``.

    The values agree with the original bit for bit.
    """
    offsets = np.arange(size) - (size - 1) / 2
    window = np.exp(-(offsets[None, :] ** 2 + offsets[:, None] ** 2) / (2 * sigma * sigma))
    window = window / _running_sum(window.ravel(order="F"))
    return np.asarray(
        window / _running_sum(np.array([_running_sum(column) for column in window.T]))
    )


def _running_sum(values: Pixels) -> float:
    """Sum in the order of the values; numpy's own pairwise sum rounds differently."""
    return float(np.cumsum(values)[-1])


@compiled
def ordered_valid(image: Pixels, window: Pixels) -> Pixels:
    """Filter with a window where it fits, adding up in the order of Octave's ``conv2``.

    Only for definitions whose value in flat regions is made of rounding errors, and so depends on
    that order.
    """
    size = window.shape[0]
    height, width = image.shape[0] - size + 1, image.shape[1] - size + 1
    filtered = np.zeros((height, width))
    for row in range(height):
        for j in range(size):
            for i in range(size):
                weight = window[i, j]
                source = image[row + size - 1 - i]
                for column in range(width):
                    filtered[row, column] += weight * source[column + size - 1 - j]
    return filtered

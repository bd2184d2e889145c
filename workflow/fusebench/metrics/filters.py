"""Linear filters that several metrics share."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from fusebench.metrics.images import Pixels


@cache
def gaussian(size: int, sigma: float) -> Pixels:
    """One-dimensional Gaussian of ``size`` taps with sum 1; its outer product is MATLAB's ``fspecial``."""
    offsets = np.arange(size) - (size - 1) / 2
    taps = np.exp(-(offsets * offsets) / (2 * sigma * sigma))
    return np.asarray(taps / taps.sum(), dtype=np.float64)


def separable_valid(image: Pixels, taps: Pixels) -> Pixels:
    """Filter with the outer product of odd symmetric taps, keeping only positions where the window fits."""
    radius = len(taps) // 2
    filtered = cv2.sepFilter2D(image, cv2.CV_64F, taps, taps, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(filtered[radius : filtered.shape[0] - radius, radius : filtered.shape[1] - radius])


def box_sums_valid(image: Pixels, size: int) -> Pixels:
    """Sums over windows of ``size`` x ``size`` pixels, keeping only positions where the window fits."""
    radius = size // 2
    sums = cv2.boxFilter(image, cv2.CV_64F, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums[radius : sums.shape[0] - radius, radius : sums.shape[1] - radius])

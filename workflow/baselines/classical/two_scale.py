"""Two-scale fusion by saliency detection (TIF).

D. P. Bavirisetti, R. Dhuli, Two-scale image fusion of visible and infrared images using saliency
detection, Infrared Physics and Technology 76, 52-64, 2016, with the parameters and border rules of
the authors' code::

    B_n = mean of I_n over 35 x 35 (periodic borders),  D_n = I_n - B_n
    S_n = (B_n - median of I_n over 3 x 3 (zeros outside)) ^ 2
    w_n = S_n / (S_1 + S_2)
    F = (B_1 + B_2) / 2 + w_1 D_1 + w_2 D_2

Where both saliencies are 0 (the original divides 0 by 0) the weights are 1/2.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter, uniform_filter

from .colour import Gray

MEAN_SIZE = 35
MEDIAN_SIZE = 3


def base_layer(image: Gray) -> Gray:
    """Mean over ``MEAN_SIZE`` squared, the image repeated periodically."""
    base: Gray = uniform_filter(image, MEAN_SIZE, mode="wrap")
    return base


def saliency(image: Gray, base: Gray) -> Gray:
    """Squared difference of mean and median."""
    median: Gray = median_filter(image, MEDIAN_SIZE, mode="constant")
    return np.square(base - median)


def fuse(a: Gray, b: Gray) -> Gray:
    """Fuse two ``(H, W)`` planes."""
    base_a, base_b = base_layer(a), base_layer(b)
    saliency_a, saliency_b = saliency(a, base_a), saliency(b, base_b)
    total = saliency_a + saliency_b
    weight = np.divide(saliency_a, total, out=np.full_like(total, 0.5), where=total > 0)
    return (base_a + base_b) / 2 + weight * (a - base_a) + (1 - weight) * (b - base_b)

"""Structural similarity for fusions of several exposures, Ma et al. 2015."""

from __future__ import annotations

import math

import numpy as np

from fusebench.metrics.compiled import compiled
from fusebench.metrics.filters import box_sums_valid, gaussian, halve, separable_valid
from fusebench.metrics.images import Fusion, Pixels
from fusebench.metrics.strips import strips_of

WINDOW, SIGMA = 11, 1.5
SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001]) / (0.0448 + 0.2856 + 0.3001)
"""Exponents of the three scales."""


@compiled
def _consistency_weights(
    variance_a: float, variance_b: float, covariance: float
) -> tuple[float, float, float]:
    """Factors of the centred patches of A and B in the wanted patch, and the strength it is given.

    Variances are those of the square window times its number of pixels.
    """
    epsilon = 2.220446049250313e-16
    norm_a, norm_b = math.sqrt(variance_a), math.sqrt(variance_b)
    strength_a, strength_b = norm_a + 0.001, norm_b + 0.001
    joint = math.sqrt(max(variance_a + variance_b + 2 * covariance, 0.0))
    consistency = (joint + epsilon) / (norm_a + norm_b + epsilon)
    if consistency > 1:
        consistency = 1 - epsilon
    exponent = min(math.tan(math.pi / 2 * consistency), 10.0)
    weight_a = (strength_a / 11) ** exponent + epsilon
    weight_b = (strength_b / 11) ** exponent + epsilon
    factor_a = weight_a / (weight_a + weight_b) / strength_a
    factor_b = weight_b / (weight_a + weight_b) / strength_b
    return factor_a, factor_b, max(strength_a, strength_b)


@compiled
def _quality(box: Pixels, weighted: Pixels, total: float) -> float:
    """Sum of the similarities of the fused patch and the wanted one, added to a total.

    Args:
        box: sums over 11 x 11 pixels of A, B, A^2, B^2 and AB, ``(5, h, w)``.
        weighted: Gaussian means of A, B, F, A^2, B^2, F^2, AB, AF and BF, ``(9, h, w)``.
        total: the sum of the windows above.
    """
    count, c = 121.0, (0.03 * 255) ** 2
    for row in range(box.shape[1]):
        for column in range(box.shape[2]):
            sum_a, sum_b, square_a, square_b, product = box[:, row, column]
            variance_a = max(square_a - sum_a * sum_a / count, 0.0)
            variance_b = max(square_b - sum_b * sum_b / count, 0.0)
            covariance = product - sum_a * sum_b / count
            factor_a, factor_b, strength = _consistency_weights(variance_a, variance_b, covariance)
            squared = factor_a * factor_a * variance_a + factor_b * factor_b * variance_b
            norm = math.sqrt(max(squared + 2 * factor_a * factor_b * covariance, 0.0))
            scale = strength / norm if norm > 0 else 1.0
            factor_a, factor_b = factor_a * scale, factor_b * scale
            a, b, f, aa, bb, ff, ab, af, bf = weighted[:, row, column]
            wanted = factor_a * factor_a * (aa - a * a) + factor_b * factor_b * (bb - b * b)
            wanted += 2 * factor_a * factor_b * (ab - a * b)
            shared = factor_a * (af - a * f) + factor_b * (bf - b * f)
            total += (2 * shared + c) / (wanted + ff - f * f + c)
    return total


def _single_scale(a: Pixels, b: Pixels, fused: Pixels) -> float:
    # not in strips: OpenCV's box sums depend on where they start
    box = [box_sums_valid(image, WINDOW) for image in (a, b)]
    box += [box_sums_valid(x * y, WINDOW) for x, y in ((a, a), (b, b), (a, b))]
    height, width = box[0].shape
    total: float = 0.0
    for rows, _, _ in strips_of(height, width):
        around = slice(rows.start, rows.stop + WINDOW - 1)
        weighted = _weighted_means(a[around], b[around], fused[around])
        total = _quality(np.stack([one[rows] for one in box]), weighted, total)
    return float(total / (height * width))


def _weighted_means(a: Pixels, b: Pixels, fused: Pixels) -> Pixels:
    products = (a, b, fused, a * a, b * b, fused * fused, a * b, a * fused, b * fused)
    return np.stack([separable_valid(image, gaussian(WINDOW, SIGMA)) for image in products])


def exposure_similarity(fusion: Fusion) -> float:
    """MEF-SSIM: similarity to the wanted patch of A and B; 0..1.

    The wanted patch takes the strongest contrast and the weighted structure of A and B. Three
    scales have the exponents 0.0448, 0.2856 and 0.3001, normalized to sum 1.
    Evaluation-for-Image-Fusion prints the value under the name MS_SSIM.
    """
    fusion.require_size(WINDOW * 4)
    images = (fusion.a.pixels, fusion.b.pixels, fusion.fused.pixels)
    value = 1.0
    for weight in SCALE_WEIGHTS:
        value *= max(_single_scale(*images), 0.0) ** weight
        images = (halve(images[0]), halve(images[1]), halve(images[2]))
    return float(value)

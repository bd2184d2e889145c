"""Structural similarity."""

from __future__ import annotations

from fusebench.metrics.compiled import compiled_sums
from fusebench.metrics.filters import gaussian, separable_valid
from fusebench.metrics.images import Fusion, Image, Pixels

WINDOW, SIGMA = 11, 1.5


def gaussian_mean(image: Image, size: int, sigma: float) -> Pixels:
    """Gaussian-weighted mean around each pixel where the window fits."""
    return separable_valid(image.pixels, gaussian(size, sigma))


def gaussian_square(image: Image, size: int, sigma: float) -> Pixels:
    """Gaussian-weighted mean of squares around each pixel where the window fits."""
    return separable_valid(image.pixels * image.pixels, gaussian(size, sigma))


@compiled_sums
def _mean_similarity(
    mean_x: Pixels, mean_y: Pixels, square_x: Pixels, square_y: Pixels, product: Pixels, c1: float, c2: float
) -> float:
    total = 0.0
    for row in range(mean_x.shape[0]):
        for column in range(mean_x.shape[1]):
            x, y = mean_x[row, column], mean_y[row, column]
            both, xx, yy = x * y, x * x, y * y
            variances = square_x[row, column] - xx + square_y[row, column] - yy
            covariance = product[row, column] - both
            total += ((2 * both + c1) * (2 * covariance + c2)) / ((xx + yy + c1) * (variances + c2))
    return total / mean_x.size


def similarity(fusion: Fusion, source: Image) -> float:
    """Mean SSIM of the fused image and one image: Gaussian window 11 x 11, sigma 1.5, L = 255, where it fits."""
    fusion.require_size(WINDOW)
    window = (WINDOW, SIGMA)
    return _mean_similarity(
        source.part(gaussian_mean, *window),
        fusion.fused.part(gaussian_mean, *window),
        source.part(gaussian_square, *window),
        fusion.fused.part(gaussian_square, *window),
        separable_valid(fusion.fused.pixels * source.pixels, gaussian(*window)),
        (0.01 * 255) ** 2,
        (0.03 * 255) ** 2,
    )


def structural_similarity(fusion: Fusion) -> float:
    """Structural similarity: (SSIM(A, F) + SSIM(B, F)) / 2 with Wang's window (Gaussian 11 x 11, sigma 1.5), L = 255."""
    return sum(fusion.part(similarity, source) for source in fusion.sources) / 2

"""Metrics of how edges of the sources are kept: strength and orientation of Sobel gradients."""

from __future__ import annotations

import math

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics.compiled import compiled, compiled_sums
from fusebench.metrics.images import Fusion, Image, Pixels


@compiled
def _sobel_edges(x: Pixels) -> tuple[Pixels, Pixels]:
    """Strength and orientation of the Sobel gradient, pixels outside the image being 0."""
    height, width = x.shape
    padded = np.zeros((height + 2, width + 2))
    padded[1:-1, 1:-1] = x
    strength, orientation = np.empty((height, width)), np.empty((height, width))
    for row in range(height):
        top, middle, bottom = padded[row], padded[row + 1], padded[row + 2]
        for column in range(width):
            left, right = column, column + 2
            across = (
                (top[left] - top[right]) + 2 * (middle[left] - middle[right]) + (bottom[left] - bottom[right])
            )
            down = (
                (bottom[left] - top[left])
                + 2 * (bottom[column + 1] - top[column + 1])
                + (bottom[right] - top[right])
            )
            strength[row, column] = math.sqrt(across * across + down * down)
            orientation[row, column] = math.pi / 2 if across == 0 else math.atan(down / across)
    return strength, orientation


def sobel_edges(image: Image) -> tuple[Pixels, Pixels]:
    """Edge strength and edge orientation (-pi/2..pi/2) of one image, zero-padded, ``(H, W)`` each."""
    return _sobel_edges(image.pixels)


@compiled_sums
def _preserved(
    strength_s: Pixels, angle_s: Pixels, strength_f: Pixels, angle_f: Pixels
) -> tuple[float, float]:
    """Sum of the edge preservation weighted with the source's strength, and sum of those weights."""
    height, width = strength_s.shape
    preserved, weights = 0.0, 0.0
    for row in range(height):
        for column in range(width):
            source, fused = strength_s[row, column], strength_f[row, column]
            if source == 0:
                continue
            ratio = fused / source if source > fused else (fused if source == fused else source / fused)
            turn = 1 - abs(angle_s[row, column] - angle_f[row, column]) / (math.pi / 2)
            kept_strength = 0.9994 / (1 + math.exp(-15 * (ratio - 0.5)))
            kept_angle = 0.9879 / (1 + math.exp(-22 * (turn - 0.8)))
            preserved += kept_strength * kept_angle * source
            weights += source
    return preserved, weights


def preserved_edges(fusion: Fusion, source: Image) -> tuple[float, float]:
    """Weighted sum of the edge preservation Q of one source, and the sum of the weights."""
    return _preserved(*source.part(sobel_edges), *fusion.fused.part(sobel_edges))


def edge_preservation(fusion: Fusion) -> float:
    """Edge preservation: Qabf = sum(Q_AF g_A + Q_BF g_B) / sum(g_A + g_B), g the Sobel strength of the source.

    Q is the product of two sigmoids, of the ratio of strengths (0.9994, -15, 0.5) and of 1 - |difference of
    orientations| / (pi / 2) (0.9879, -22, 0.8); equal strengths count as their value, as in the code of
    Evaluation-for-Image-Fusion and MMIF-CDDFuse; 0..1.
    """
    sums = [fusion.part(preserved_edges, source) for source in fusion.sources]
    weights = sum(weight for _, weight in sums)
    if weights == 0:
        raise MetricError("has no value: neither source has an edge")
    return sum(preserved for preserved, _ in sums) / weights

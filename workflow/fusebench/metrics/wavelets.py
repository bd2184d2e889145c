"""Metric of Haar wavelet coefficients: Wang's multi-scale Q_M."""

from __future__ import annotations

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics.images import Fusion, Image, Pixels

Bands = tuple[Pixels, Pixels, Pixels]

SCALE_EXPONENTS = (2 / 3, 1 / 3)
"""Exponents of the fine and the coarse scale."""


def _haar(image: Pixels) -> tuple[Pixels, Bands]:
    """Approximation and the three detail bands of one orthonormal Haar step.

    An odd last row or column is left out.
    """
    rows, columns = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    a, b = image[0:rows:2, 0:columns:2], image[0:rows:2, 1:columns:2]
    c, d = image[1:rows:2, 0:columns:2], image[1:rows:2, 1:columns:2]
    return (a + b + c + d) / 2, ((a + b - c - d) / 2, (a - b + c - d) / 2, (a - b - c + d) / 2)


def detail_bands(image: Image) -> tuple[Bands, Bands]:
    """Detail bands of the fine and of the coarse scale."""
    approximation, fine = _haar(image.pixels)
    return fine, _haar(approximation)[1]


def _energy(bands: Bands) -> Pixels:
    return sum((band * band for band in bands), start=np.zeros_like(bands[0]))


def _preservation(source: Bands, fused: Bands) -> Pixels:
    differences = (np.exp(-np.abs(s - f)) for s, f in zip(source, fused, strict=True))
    return sum(differences, start=np.zeros_like(fused[0]))


def multi_scale_quality(fusion: Fusion) -> float:
    """Wang's multi-scale quality: Q_M = Q_1^(2/3) Q_2^(1/3); 0..3.

    Q_s = sum(E_A W_A + E_B W_B) / sum(W_A + W_B). At each of two Haar scales, E_S is the sum over
    the three detail bands of exp(-|S - F|), and W_S is their energy.
    """
    fusion.require_size(4)
    value = 1.0
    for scale, exponent in enumerate(SCALE_EXPONENTS):
        fused = fusion.fused.part(detail_bands)[scale]
        kept, weights = 0.0, 0.0
        for source in fusion.sources:
            bands = source.part(detail_bands)[scale]
            energy = _energy(bands)
            kept += float((_preservation(bands, fused) * energy).sum())
            weights += float(energy.sum())
        if weights == 0:
            raise MetricError("has no value: neither source has detail at this scale")
        value *= float((kept / weights) ** exponent)
    return value

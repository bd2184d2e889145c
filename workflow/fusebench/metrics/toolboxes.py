"""Metrics of multi-band arrays as two toolboxes apply them: cut borders, and other distortions.

DLPan-Toolbox (``indexes_evaluation``) leaves out 21 pixels at each border, the hyperspectral
pansharpening toolbox (``Metrics/evaluation.py``) 11, before a ground truth is compared.
"""

from __future__ import annotations

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics import bands
from fusebench.metrics.bands import BandFusion, BandPair
from fusebench.simulation.transfer import filtered, transfer_filter

DLPAN_CUT, HSTOOL_CUT = 21, 11
HSTOOL_PHASE = 3
"""The first row and column that the hyperspectral toolbox keeps of a degraded result."""
HSTOOL_GAIN = 0.3


def _cut(fusion: BandFusion, border: int) -> BandFusion:
    """Return the inner part of a result and its ground truth, as MATLAB's (n : end - n)."""
    inner = slice(border - 1, -border)
    reference, fused = fusion.reference[inner, inner], fusion.fused[inner, inner]
    if fused.size == 0:
        raise MetricError(f"needs images of more than {2 * border} pixels, to cut their borders")
    pair = BandPair(reference=reference, ratio=fusion.pair.ratio, sensor=fusion.pair.sensor)
    return BandFusion(fused, pair)


def _inner(fusion: BandFusion) -> BandFusion:
    return _cut(fusion, DLPAN_CUT)


def dlpan_angle(fusion: BandFusion) -> float:
    """SAM without the borders."""
    return bands.spectral_angle(fusion.part(_inner))


def dlpan_error(fusion: BandFusion) -> float:
    """ERGAS without the borders."""
    return bands.relative_error(fusion.part(_inner))


def dlpan_correlation(fusion: BandFusion) -> float:
    """SCC without the borders."""
    return bands.spatial_correlation(fusion.part(_inner))


def dlpan_universal(fusion: BandFusion) -> float:
    """Q without the borders."""
    return bands.universal_quality(fusion.part(_inner))


def dlpan_hypercomplex(fusion: BandFusion) -> float:
    """Q2n without the borders."""
    return bands.hypercomplex_quality(fusion.part(_inner))


def _smaller(fusion: BandFusion) -> BandFusion:
    return _cut(fusion, HSTOOL_CUT)


def hstool_angle(fusion: BandFusion) -> float:
    """SAM without the borders."""
    return bands.spectral_angle(fusion.part(_smaller))


def hstool_error(fusion: BandFusion) -> float:
    """ERGAS without the borders."""
    return bands.relative_error(fusion.part(_smaller))


def hstool_hypercomplex(fusion: BandFusion) -> float:
    """Q2n without the borders."""
    return bands.hypercomplex_quality(fusion.part(_smaller))


def hstool_spectral(fusion: BandFusion) -> float:
    """Spectral distortion at low resolution: 1 - Q2n(M, MTF(F) decimated); M is B as it is."""
    low, _ = fusion.sources
    ratio, count = fusion.pair.ratio, fusion.fused.shape[2]
    degraded = filtered(fusion.fused, [transfer_filter(HSTOOL_GAIN, ratio)] * count)
    decimated = degraded[HSTOOL_PHASE::ratio, HSTOOL_PHASE::ratio]
    if decimated.shape != low.shape:
        raise MetricError(f"needs a ratio above {HSTOOL_PHASE}, found {ratio}")
    return 1 - bands.hypercomplex_index(low, decimated)


def hstool_spatial(fusion: BandFusion) -> float:
    """Spatial distortion D_sR: the share of PAN's variance that no mix of the bands explains."""
    _, pan = fusion.sources
    flat = fusion.fused.reshape(-1, fusion.fused.shape[2])
    weights = np.linalg.lstsq(flat, pan.ravel(), rcond=None)[0]
    left = pan.ravel() - flat @ weights
    if pan.var() == 0:
        raise MetricError("has no value: the panchromatic source is flat")
    return float(left.var(ddof=1) / pan.var(ddof=1))


def hstool_quality(fusion: BandFusion) -> float:
    """(1 - D_lambda)(1 - D_sR), both as this toolbox defines them."""
    return (1 - fusion.part(hstool_spectral)) * (1 - fusion.part(hstool_spatial))

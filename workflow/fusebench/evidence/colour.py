"""Formulas of claims that need colour, which the metrics on gray images do not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def colour_deviation(visible: NDArray[np.uint8], fused: NDArray[np.uint8]) -> float:
    """Return the mean angle in radians between the colours of the visible and the fused image.

    Pixels that are black in either image count as no deviation. Formula: HeasonLee/FCDFusion
    color_deviation.py; Li and Fu 2025, "FCDFusion: a Fast, Low Color Deviation Method for Fusing
    Visible and Infrared Image Pairs".

    Args:
        visible: RGB (H, W, 3), values 0 to 255.
        fused: RGB of the same shape.
    """
    import numpy as np

    a, b = visible.astype(np.float32), fused.astype(np.float32)
    # The original takes norms and products of each pixel in float32; that rounding is part of the
    # digits that it prints.
    lengths = np.sqrt((a * a).sum(axis=2)), np.sqrt((b * b).sum(axis=2))
    known = (lengths[0] > 0) & (lengths[1] > 0)
    cosine = (a * b).sum(axis=2)[known] / lengths[0][known] / lengths[1][known]
    angles = np.arccos(np.clip(cosine, -1, 1).astype(np.float64))
    return float(angles.sum() / known.size)

"""Control: the brighter of the two sources at each pixel, ``F = max(A, B)``."""

from __future__ import annotations

import numpy as np

from .colour import Gray


def fuse(a: Gray, b: Gray) -> Gray:
    """Pixel-wise maximum of two ``(H, W)`` planes."""
    return np.maximum(a, b)

"""Random textures that are the same bytes on every machine.

``numpy.random.RandomState`` is frozen (NEP 19), and ``INTER_LINEAR_EXACT`` is OpenCV's bit-exact
interpolation.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def value_noise(seed: int, shape: tuple[int, ...], cell: int) -> NDArray[np.float64]:
    """Random values on a lattice of ``cell`` pixels, interpolated between; 0..1.

    The result is ``(H, W)`` of ``shape``.
    """
    height, width = shape[:2]
    rows, columns = height // cell + 2, width // cell + 2
    lattice = np.random.RandomState(seed).randint(0, 256, (rows, columns)).astype(np.uint8)
    size = (columns * cell, rows * cell)
    noise = cv2.resize(lattice, size, interpolation=cv2.INTER_LINEAR_EXACT)
    return np.asarray(noise[:height, :width] / 255.0, np.float64)


def fractal_noise(seed: int, shape: tuple[int, ...], cell: int) -> NDArray[np.float64]:
    """Value noise of ``cell`` and of each half of it down to 2; 0..1, mean about 0.5.

    Each octave has half the weight of the one before.
    """
    total, weight, weights = np.zeros(shape[:2]), 1.0, 0.0
    while cell >= 2:
        total = total + weight * value_noise(seed + cell, shape, cell)
        weights, weight, cell = weights + weight, weight / 2, cell // 2
    return total / weights


def sensor_noise(seed: int, shape: tuple[int, ...], strength: float) -> NDArray[np.float64]:
    """Noise with a standard deviation of about ``strength``: the sum of four uniform integers."""
    random = np.random.RandomState(seed)
    total = sum(random.randint(-64, 65, shape) for _ in range(4))
    # The standard deviation of the sum is sqrt(4 * 64 * 65 / 3).
    return np.asarray(total * (strength / 74.476), np.float64)

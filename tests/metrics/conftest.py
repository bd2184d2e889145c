"""Images that the tests of the metrics measure; every one is generated here."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

Scene = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def make_scene(height: int = 96, width: int = 128, seed: int = 7) -> Scene:
    """Two sources and their fusion, whole levels on 0..255: smooth shapes, texture and a hot target.

    Built from integer arithmetic alone, so that every machine and every version gives the same pixels.
    """
    rows, columns = np.mgrid[0:height, 0:width]
    noise = np.random.RandomState(seed).randint(0, 24, size=(2, height, width))
    ramp = (rows * 3 + columns * 2) % 181
    tiles = ((rows // 12 + columns // 16) % 2) * 70
    target = 150 * ((rows - height // 2) ** 2 + (columns - width // 3) ** 2 < (height // 6) ** 2)
    infrared = np.clip(30 + target + ramp // 3 + noise[0], 0, 255)
    visible = np.clip(20 + tiles + ramp // 2 + noise[1] * 2, 0, 255)
    fused = np.maximum((infrared + visible) // 2, (infrared * 3) // 4)
    return infrared.astype(float), visible.astype(float), fused.astype(float)


@pytest.fixture
def scene() -> Scene:
    """Infrared source, visible source and fused image, 96 x 128."""
    return make_scene()

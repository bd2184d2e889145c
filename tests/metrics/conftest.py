"""Images that the tests of the metrics measure; every one is generated here."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

Scene = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def make_scene(height: int = 96, width: int = 128, seed: int = 7) -> Scene:
    """Two sources and their fusion in whole levels 0..255: smooth shapes, texture, a hot target.

    They are built from integer arithmetic alone, so that every machine and every version gives the
    same pixels.
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


def make_bands(size: int = 64, count: int = 4, ratio: int = 4) -> dict[str, NDArray[np.float64]]:
    """Multi-band scene in digital numbers: ``bands``, ``pan``, ``reference`` and ``fused``.

    ``bands`` have the low resolution, and ``reference`` is the ground truth.
    """
    rows, columns, band = np.mgrid[0:size, 0:size, 0:count]
    noise = np.random.RandomState(11).randint(0, 40, size=(2, size, size, count))
    tiles = ((rows // 9 + columns // 13) % 3) * (60 + 25 * band)
    reference = 300 + 90 * band + (rows * 5 + columns * (3 + band)) % 257 + tiles + noise[0]
    blocks = reference.reshape(size // ratio, ratio, size // ratio, ratio, count)
    bands = blocks.sum(axis=(1, 3)) // ratio**2
    pan = reference.sum(axis=2) // count
    fused = (
        reference * 7 + np.repeat(np.repeat(bands, ratio, axis=0), ratio, axis=1) * 3
    ) // 10 + noise[1] // 4
    scene = {"bands": bands, "pan": pan, "reference": reference, "fused": fused}
    return {name: values.astype(float) for name, values in scene.items()}

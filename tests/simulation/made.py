"""The random scene whose values under DLPan-Toolbox's own code are kept in ``dlpan.npz``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def random_scene() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a ground truth (32, 32, 3) and PAN (32, 32), whole numbers of 11 bits."""
    random = np.random.RandomState(11)
    bands = random.randint(100, 1900, (32, 32, 3)).astype(np.float64)
    bands[8:20, 4:16] += 100
    pan = np.rint(bands.mean(axis=2)) + random.randint(-40, 40, (32, 32))
    return bands, pan

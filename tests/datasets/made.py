"""Images and jobs of datasets for tests."""

from __future__ import annotations

import numpy as np
from fusebench.contracts.jobs.resources import DatasetJob
from numpy.typing import NDArray

SIDES = {"a": "a/{name}.png", "b": "b/{name}.png"}
LOCAL = DatasetJob(kind="local", folder="images", patterns=SIDES)


def pixels(seed: int, *shape: int) -> NDArray[np.uint8]:
    """Return random pixels, of 6 rows and 7 columns unless a shape is given."""
    return np.random.default_rng(seed).integers(0, 256, shape or (6, 7), dtype=np.uint8)

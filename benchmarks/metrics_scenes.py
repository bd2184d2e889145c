"""Images and the clock of both sides of the benchmark of metrics; runs in either environment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

METHODS = 10


def scene(seed: int, height: int = 576, width: int = 768) -> NDArray[np.float64]:
    """A smooth scene with texture, whole levels on 0..255."""
    random = np.random.RandomState(seed)
    coarse = cv2.resize(
        random.rand(height // 16, width // 16), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return np.rint(np.clip(coarse * 200 + random.rand(height, width) * 40, 0, 255))


def fused_scene(a: NDArray[np.float64], b: NDArray[np.float64], method: int) -> NDArray[np.float64]:
    """One of several fusions of a pair."""
    share = (method + 1) / (METHODS + 1)
    return np.rint(share * a + (1 - share) * b)


def cpu_seconds(function: Callable[[], Any], repeat: int = 5) -> float:
    """Smallest CPU time of a few calls, after one that is not counted."""
    function()
    times = []
    for _ in range(repeat):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)

"""Images and the clock of both sides of the benchmark of metrics; runs in either environment."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
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


def peak_bytes() -> int:
    """Largest memory that this process has had so far; Linux alone tells it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def memory_and_seconds(height: int, width: int, names: Sequence[str]) -> dict[str, float]:
    """Peak memory in bytes and CPU seconds of measuring one pair of 8-bit gray images.

    The loops are compiled before on small images, and their time is not counted.
    """
    from fusebench.metrics import ImagePair, resolve  # noqa: PLC0415 - not in either environment

    definitions = resolve(names)

    def images(*size: int) -> list[NDArray[np.uint8]]:
        a, b = scene(0, *size), scene(1, *size)
        return [image.astype(np.uint8) for image in (a, b, fused_scene(a, b, 0))]

    a, b, fused = images(208, 208)
    ImagePair(a, b).attempt(fused, definitions)
    a, b, fused = images(height, width)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # start the peak anew
    start = time.process_time()
    ImagePair(a, b).attempt(fused, definitions)
    return {"seconds": time.process_time() - start, "bytes": peak_bytes()}


if __name__ == "__main__":
    print(json.dumps(memory_and_seconds(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))

"""One fixed pair, repeated at one size, for timing methods.

The same images make the times of methods comparable.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from fusebench.generated.pair import GeneratedPair, Image
from fusebench.generated.scenes import street

REPEATS = 11
"""The first image of a process is its warm-up; ten are timed."""


def repeated(width: int, height: int) -> Iterator[GeneratedPair]:
    """Yield the same infrared and visible image of a street at night, with a new name each time."""
    pair = street()
    a, b = _resized(pair.a, width, height), _resized(pair.b, width, height)
    for number in range(REPEATS):
        yield GeneratedPair(f"repeat{number:02}", a, b)


def _resized(image: Image, width: int, height: int) -> Image:
    return np.asarray(
        cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR_EXACT), dtype=np.uint8
    )

"""One pair of a generated dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class GeneratedPair:
    """Two registered 8-bit sources, gray ``(H, W)`` or RGB ``(H, W, 3)``, in 0..255.

    Attributes:
        name: unique in its dataset, usable as a file name.
        a: infrared, near focus or under-exposed.
        b: visible, far focus or over-exposed.
        reference: the image both were made from, where there is one right answer.
    """

    name: str
    a: Image
    b: Image
    reference: Image | None = None

"""One pair of a generated dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class GeneratedPair:
    """Two registered 8-bit sources, gray ``(H, W)`` or RGB ``(H, W, 3)``, in 0..255, or arrays.

    Arrays are ``(H, W, C)``, the second one smaller by the ratio of its dataset.

    Attributes:
        name: unique in its dataset, usable as a file name.
        a: infrared, near focus, under-exposed or panchromatic.
        b: visible, far focus, over-exposed or multispectral.
        reference: the image both were made from, where there is one right answer.
    """

    name: str
    a: NDArray[Any]
    b: NDArray[Any]
    reference: Image | None = None

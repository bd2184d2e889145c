"""Reducing images as MATLAB's ``imresize`` does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float64]


def reduce_bicubic(values: Pixels, ratio: int) -> Pixels:
    """Reduce ``(H, W)`` by a whole factor as MATLAB's ``imresize`` does.

    Bicubic, antialiased, with mirrored borders.
    """
    return _reduce_rows(_reduce_rows(values, ratio).T, ratio).T


def _reduce_rows(values: Pixels, ratio: int) -> Pixels:
    length = values.shape[0] // ratio
    centres = (np.arange(length) + 0.5) * ratio - 0.5
    first = np.floor(centres - 2 * ratio).astype(int)
    places = first[:, None] + np.arange(4 * ratio + 2)[None, :]
    weights = _cubic((centres[:, None] - places) / ratio)
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = np.pad(values, ((4 * ratio, 4 * ratio), (0, 0)), mode="symmetric")
    return np.asarray(np.einsum("lk,lkw->lw", weights, mirrored[places + 4 * ratio]))


def _cubic(x: Pixels) -> Pixels:
    """Keys' cubic convolution kernel with a = -0.5."""
    x = np.abs(x)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def every(values: NDArray[Any], ratio: int, phase: int) -> NDArray[Any]:
    """Keep every ``ratio``-th row and column of ``(H, W, C)``, the first one being ``phase``."""
    return values[phase::ratio, phase::ratio]

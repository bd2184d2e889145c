"""The pattern of a small image: what is left of it without its slow changes of brightness.

A fused image takes its pattern from its two source images, whatever the method does to brightness
and contrast. Patterns of different scenes have next to nothing in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

BLUR = 1.5
"""Deviation in pixels of the Gaussian that is taken away from a thumbnail."""

FAINT = 0.5
"""Root mean square in gray levels below which a pattern is the noise of rounding."""

DEPENDENT = 0.05
"""Length below which the rest of a pattern of length 1 counts as nothing."""

TURNS: Mapping[str, tuple[bool, bool, bool]] = {
    "rotated by 180 degrees": (False, True, True),
    "mirrored left to right": (False, False, True),
    "mirrored top to bottom": (False, True, False),
    "transposed": (True, False, False),
    "rotated by 90 degrees": (True, True, False),
    "rotated by 270 degrees": (True, False, True),
    "transposed and rotated by 180 degrees": (True, True, True),
}
"""How an image can lie: whether rows and columns are exchanged, then each order turned round."""


def details(thumbnails: Sequence[NDArray[np.uint8]]) -> Rows:
    """Return the pattern of each thumbnail in gray levels, as rows of mean 0.

    Args:
        thumbnails: gray images (S, S), 0 to 255.

    Returns:
        (images, S * S); a faint pattern is 0 everywhere.
    """
    import cv2

    rows = np.empty((len(thumbnails), thumbnails[0].size), np.float32)
    for row, small in zip(rows, thumbnails, strict=True):
        levels = small.astype(np.float32)
        row[:] = (levels - cv2.GaussianBlur(levels, (0, 0), BLUR)).ravel()
    rows -= rows.mean(axis=1, keepdims=True)
    faint = np.sqrt(np.mean(rows**2, axis=1)) < FAINT
    rows[faint] = 0
    return rows


def unit(rows: Rows, least: float = 0.0) -> Rows:
    """Return rows of length 1; rows that are not longer than ``least`` become 0."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    kept = lengths > least
    return np.where(kept, rows / np.where(kept, lengths, 1), 0).astype(np.float32)


@dataclass(frozen=True)
class Sources:
    """The patterns of the source images of some pairs.

    Attributes:
        basis: (pairs, 3, values); for each pair orthogonal rows of length 1, or 0, that span the
            patterns of A, of B, and of the greater of both in each pixel.
        stronger: (pairs, values) of length 1; in each pixel the stronger detail of A and B.
    """

    basis: Rows
    stronger: Rows

    @property
    def have_pattern(self) -> NDArray[np.bool_]:
        """For each pair whether its sources have a pattern at all."""
        return np.asarray(self.basis.any(axis=(1, 2)))


def sources_of(a: Sequence[NDArray[np.uint8]], b: Sequence[NDArray[np.uint8]]) -> Sources:
    """Return the patterns of some pairs from the thumbnails (S, S) of their source images."""
    of_a, of_b = details(a), details(b)
    greater = details([np.maximum(x, y) for x, y in zip(a, b, strict=True)])
    basis = np.zeros((len(a), 3, of_a.shape[1]), np.float32)
    for place, rows in enumerate((of_a, of_b, greater)):
        rest = unit(rows)
        for known in range(place):
            rest = rest - np.sum(rest * basis[:, known], axis=1, keepdims=True) * basis[:, known]
        basis[:, place] = unit(rest, DEPENDENT)
    return Sources(basis, unit(np.where(np.abs(of_a) >= np.abs(of_b), of_a, of_b)))


def likeness(rows: Rows, sources: Sources) -> Rows:
    """Return how much of each row the sources of each pair explain.

    Args:
        rows: (images, values) of length 1 at most.
        sources: of some pairs.

    Returns:
        (images, pairs), 0 to the length of the row: the length of its projection.
    """
    pairs, parts, values = sources.basis.shape
    along = rows @ sources.basis.reshape(pairs * parts, values).T
    return np.asarray(np.sqrt(np.sum(along.reshape(len(rows), pairs, parts) ** 2, axis=2)))


def own_likeness(rows: Rows, sources: Sources) -> Rows:
    """Return how much of each row the sources of its own pair explain, shape (images,)."""
    along = np.einsum("iv,ipv->ip", rows, sources.basis)
    return np.asarray(np.linalg.norm(along, axis=1))


def unexplained(rows: Rows, sources: Sources) -> Rows:
    """Return what the sources of its own pair do not explain of each row, in the same shape."""
    along = np.einsum("iv,ipv->ip", rows, sources.basis)
    return np.asarray(rows - np.einsum("ip,ipv->iv", along, sources.basis))


def turned(rows: Rows, turn: tuple[bool, bool, bool]) -> Rows:
    """Return patterns of images that lie as ``TURNS`` says, laid upright again."""
    side = int(np.sqrt(rows.shape[1]))
    images = rows.reshape(-1, side, side)
    exchanged, upside_down, right_to_left = turn
    if exchanged:
        images = images.transpose(0, 2, 1)
    if upside_down:
        images = images[:, ::-1]
    if right_to_left:
        images = images[:, :, ::-1]
    return images.reshape(rows.shape)

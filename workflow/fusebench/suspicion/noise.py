"""Details of a fused image that neither source image has: noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLUR = 2.0
"""Deviation in pixels of the Gaussian that is taken away from an image."""

TILE = 16
"""Side in pixels of the squares in which the details of the sources are weighted anew."""

FLAT = 1e-3
"""Added to the energy of each pixel, so that a flat square explains nothing."""

DEPENDENT = 1e-3
"""Share of its energy that the details of B must have beyond those of A to explain anything."""


def foreign_details(
    fused: NDArray[np.uint8], a: NDArray[np.uint8], b: NDArray[np.uint8]
) -> tuple[float, float]:
    """Return how strong the details are that no source has, and their share of all details.

    In each square the fused image's details are fitted by those of A and B; what is left is
    foreign.

    Args:
        fused: gray levels (H, W), 0 to 255, at least 16 in each direction.
        a: source image A in the same shape.
        b: source image B in the same shape.

    Returns:
        The root mean square of the rest in gray levels, and its share of the energy, 0 to 1.
    """
    of_fused, of_a, of_b = (_tiles(image) for image in (fused, a, b))
    energy, rest = (of_fused**2).sum(), _rest(of_fused, of_a, of_b)
    return float(np.sqrt(rest / of_fused.size)), float(rest / energy) if energy else 0.0


def _rest(fused: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the energy that a least-squares fit by A, then by the rest of B, leaves."""
    flat = FLAT * TILE**2
    aa, bb = ((side**2).sum(axis=1) + flat for side in (a, b))
    ab, fa, fb = ((x * y).sum(axis=1) for x, y in ((a, b), (fused, a), (fused, b)))
    energy = (fused**2).sum(axis=1)
    by_rest = (fb - ab / aa * fa) ** 2 / (np.maximum(bb - ab**2 / aa, 0) + DEPENDENT * bb + flat)
    return float(np.maximum(energy - fa**2 / aa - by_rest, 0).sum())


def _tiles(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the details of an image in squares, shape (squares, 256); a rest is left out."""
    import cv2

    levels = image.astype(np.float32)
    fine = levels - cv2.GaussianBlur(levels, (0, 0), BLUR)
    rows, columns = (side // TILE for side in image.shape)
    squares = fine[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE)
    return squares.transpose(0, 2, 1, 3).reshape(-1, TILE**2).astype(np.float64)

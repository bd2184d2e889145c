"""Filled shapes as masks, the same on every machine.

OpenCV's drawing would do it, but which pixels it fills changed from one version to the next; these
formulas use nothing that IEEE 754 leaves open. ``rows`` ``(H, 1)`` and ``columns`` ``(1, W)`` are
the coordinates of the pixels' centres.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]
Mask = NDArray[np.bool_]
Point = tuple[float, float]


def polygon(points: Sequence[Point], rows: Field, columns: Field) -> Mask:
    """What a closed outline encloses, by the even-odd rule."""
    inside = np.zeros((rows.shape[0], columns.shape[1]), bool)
    for (x0, y0), (x1, y1) in pairwise([*points, points[0]]):
        if y0 != y1:
            crossed = (y0 <= rows) != (y1 <= rows)
            inside ^= crossed & (columns < x0 + (rows - y0) * (x1 - x0) / (y1 - y0))
    return inside


def ellipse(
    x: float, y: float, half_width: float, half_height: float, rows: Field, columns: Field
) -> Mask:
    """An ellipse with horizontal and vertical axes."""
    across, down = (columns - x) / half_width, (rows - y) / half_height
    return np.asarray(across * across <= 1.0 - down * down)


def stroke(points: Sequence[Point], width: float, rows: Field, columns: Field) -> Mask:
    """A line of ``width`` through ``points``, with round joints and ends."""
    inside = np.zeros((rows.shape[0], columns.shape[1]), bool)
    for x, y in points:
        inside |= ellipse(x, y, width / 2, width / 2, rows, columns)
    for start, end in pairwise(points):
        if start != end:
            inside |= polygon(_thickened(start, end, width), rows, columns)
    return inside


def _thickened(start: Point, end: Point, width: float) -> list[Point]:
    """The rectangle of ``width`` around a straight line."""
    (x0, y0), (x1, y1) = start, end
    along = np.array([x1 - x0, y1 - y0])
    right, down = (
        along * (width / 2 / float(np.sqrt(along[0] * along[0] + along[1] * along[1])))
    ).tolist()
    return [
        (x0 - down, y0 + right),
        (x0 + down, y0 - right),
        (x1 + down, y1 - right),
        (x1 - down, y1 + right),
    ]

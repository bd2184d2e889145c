"""Windows of an image, for work that concerns a part of it only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def extent(where: NDArray[np.bool_], margin: int = 0) -> tuple[slice, slice]:
    """The smallest window that holds ``where`` and ``margin`` pixels around it.

    The window is empty where the mask is empty.
    """
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not rows.size:
        return slice(0), slice(0)
    top, left = max(int(rows[0]) - margin, 0), max(int(columns[0]) - margin, 0)
    return slice(top, int(rows[-1]) + 1 + margin), slice(left, int(columns[-1]) + 1 + margin)

"""8-bit pictures of arrays, for readers and for what compares images as wholes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Limits = list[tuple[float, float]]
"""For each band that is shown, the values that become 0 and 255."""

PERCENTILES = (1, 99)
"""Values at these percentiles become black and white."""


def shown_bands(cube: NDArray[Any], rgb: Sequence[int] | None) -> NDArray[Any]:
    """Return what a picture shows, ``(H, W, 3)`` or ``(H, W, 1)``.

    Args:
        cube: ``(H, W, C)``.
        rgb: the bands shown as red, green and blue, counted from 1; otherwise, or where the array
            does not have them, the mean of all bands is shown.
    """
    if rgb is not None and cube.shape[2] >= max(rgb):
        return cube[:, :, [band - 1 for band in rgb]]
    return cube if cube.shape[2] == 1 else cube.mean(axis=2, keepdims=True)


def limits_of(cube: NDArray[Any], rgb: Sequence[int] | None) -> Limits:
    """Return the values of each shown band that become 0 and 255."""
    import numpy as np

    shown = shown_bands(cube, rgb)
    low, high = np.percentile(shown.reshape(-1, shown.shape[2]), PERCENTILES, axis=0)
    return [(float(one), float(other)) for one, other in zip(low, high, strict=True)]


def picture_of(cube: NDArray[Any], rgb: Sequence[int] | None, limits: Limits) -> NDArray[np.uint8]:
    """Return a picture, gray ``(H, W)`` or RGB ``(H, W, 3)``.

    One scene has one set of limits, so that its pictures can be compared.
    """
    import numpy as np

    shown = shown_bands(cube, rgb).astype(np.float64)
    low = np.array([pair[0] for pair in limits])
    span = np.array([max(pair[1] - pair[0], 1e-12) for pair in limits])
    levels = np.clip(np.rint((shown - low) * (255.0 / span)), 0, 255).astype(np.uint8)
    return np.asarray(levels[..., 0] if levels.shape[2] == 1 else levels)

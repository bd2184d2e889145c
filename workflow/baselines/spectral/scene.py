"""What every method is given."""

from __future__ import annotations

from dataclasses import dataclass

from .filters import Band, Cube


@dataclass(frozen=True)
class Scene:
    """A panchromatic image and bands of lower resolution, in one range of numbers.

    Attributes:
        pan: ``(H, W)``.
        bands: ``(h, w, C)``, with H = ratio h.
        enlarged: the bands at the size of PAN, ``(H, W, C)``, by the 23-tap filter.
        ratio: of the resolutions.
        sensor: which decides the blur, see ``filters.GAINS``.
    """

    pan: Band
    bands: Cube
    enlarged: Cube
    ratio: int
    sensor: str

"""What every method is given."""

from __future__ import annotations

from dataclasses import dataclass

from .filters import Band, Cube


@dataclass(frozen=True)
class Scene:
    """A sharp image of few bands and many bands of lower resolution, in one range of numbers.

    Attributes:
        sharp: ``(H, W, m)``; a panchromatic image has one band.
        bands: ``(h, w, C)``, with H = ratio h.
        enlarged: the bands at the size of the sharp image, ``(H, W, C)``.
        ratio: of the resolutions.
        sensor: which decides the blur, see ``filters.GAINS``.
    """

    sharp: Cube
    bands: Cube
    enlarged: Cube
    ratio: int
    sensor: str

    @property
    def pan(self) -> Band:
        """The sharp image as one band, ``(H, W)``."""
        return self.sharp[..., 0]

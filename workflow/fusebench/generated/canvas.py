"""A scene seen by two cameras at once: what reflects and emits light, and how warm everything is.

Coordinates are pixels of the finished image; everything is drawn at twice the size and averaged,
which smooths the edges. Only operations that IEEE 754 or integer arithmetic define to the last bit
are used (no exp, no power, no sums of floats), so that the bytes are the same on every machine; the
camera's gamma is therefore 2, a square root.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from fusebench.generated import shapes
from fusebench.generated.pair import GeneratedPair, Image
from fusebench.generated.shapes import Field, Mask, Point
from fusebench.generated.texture import fractal_noise, sensor_noise
from fusebench.generated.windows import extent

Colour = tuple[float, float, float]

WIDTH, HEIGHT = 320, 240
SCALE = 2


def polygon(points: Sequence[Point]) -> Mask:
    """What a closed outline encloses."""
    return shapes.polygon(points, *grid())


def stroke(points: Sequence[Point], width: float) -> Mask:
    """A line of ``width`` through ``points``, with round ends."""
    return shapes.stroke(points, width, *grid())


def ellipse(x: float, y: float, half_width: float, half_height: float) -> Mask:
    """An ellipse with horizontal and vertical axes."""
    return shapes.ellipse(x, y, half_width, half_height, *grid())


def rectangle(left: float, top: float, right: float, bottom: float) -> Mask:
    """A rectangle with horizontal and vertical sides."""
    rows, columns = grid()
    return np.asarray((columns >= left) & (columns < right) & (rows >= top) & (rows < bottom))


@cache
def grid() -> tuple[Field, Field]:
    """Row ``(2 H, 1)`` and column ``(1, 2 W)`` of the drawn pixels' centres.

    The unit is a pixel of the finished image.
    """
    rows, columns = np.ogrid[: HEIGHT * SCALE, : WIDTH * SCALE]
    return (rows + 0.5) / SCALE, (columns + 0.5) / SCALE


def falloff(x: float, y: float, reach: float) -> Field:
    """1 at ``(x, y)``, a half at ``reach``, falling with the square of the distance."""
    rows, columns = grid()
    return np.asarray(
        1.0 / (1.0 + ((columns - x) ** 2 + (rows - y) ** 2) / (reach * reach)), np.float64
    )


def noise(seed: int, cell: int) -> Field:
    """Fractal noise of the size of the drawing, 0..1; ``cell`` in pixels of the finished image."""
    return fractal_noise(seed, (HEIGHT * SCALE, WIDTH * SCALE), cell * SCALE)


class Canvas:
    """A scene being painted.

    Attributes:
        reflectance: of the surface seen at each pixel, ``(2 H, 2 W, 3)``, 0..1.
        light: falling onto it, ``(2 H, 2 W, 3)``; 1 is full daylight.
        emission: light that it sends out itself, ``(2 H, 2 W, 3)``.
        warmth: apparent temperature, ``(2 H, 2 W)``, 0 (clear sky) to 1 (engine).
    """

    def __init__(self, seed: int, ambient: Colour) -> None:
        """An empty, cold scene under the light ``ambient``."""
        shape = (HEIGHT * SCALE, WIDTH * SCALE)
        self.seed = seed
        self.reflectance = np.zeros((*shape, 3))
        self.light = np.zeros((*shape, 3)) + np.array(ambient)
        self.emission = np.zeros((*shape, 3))
        self.warmth = np.zeros(shape)

    def next_seed(self) -> int:
        """A seed that has not been used in this scene."""
        self.seed += 1000
        return self.seed

    def paint(
        self, where: Mask, colour: Colour, warmth: float, grain: float = 0.15, cell: int = 4
    ) -> None:
        """Cover ``where`` with a material; what was behind it is hidden from both cameras.

        Args:
            where: the mask.
            colour: reflectance, RGB.
            warmth: apparent temperature.
            grain: how much of it varies, as a part; a third of that in the infrared.
            cell: size of the variation in pixels.
        """
        box = extent(where)
        inside = where[box]
        variation = fractal_noise(self.next_seed(), inside.shape, cell * SCALE)[inside] - 0.5
        self.reflectance[box][inside] = (1.0 + 2.0 * grain * variation)[:, np.newaxis] * np.array(
            colour
        )
        self.warmth[box][inside] = warmth * (1.0 + 0.7 * grain * variation)
        self.emission[box][inside] = 0.0

    def glow(self, where: Mask, colour: Colour) -> None:
        """Make ``where`` send out light."""
        self.emission[where] = colour

    def shine(self, strength: Field, colour: Colour) -> None:
        """Add light that falls onto the scene."""
        self.light += strength[..., np.newaxis] * np.array(colour)

    def bloom(self, x: float, y: float, reach: float, colour: Colour) -> None:
        """Glare of a bright lamp in the visible camera's lens."""
        halo = falloff(x, y, reach)
        self.emission += (halo * halo)[..., np.newaxis] * np.array(colour)

    def heat(self, where: Mask, strength: Field) -> None:
        """Warm ``where`` by ``strength``."""
        self.warmth[where] += strength[where]

    def veil(self, density: Field, colour: Colour, infrared: float) -> None:
        """Draw smoke or fog of ``density`` 0..1 in front of everything.

        The infrared camera sees the part ``infrared`` of that density.
        """
        cover = np.clip(density, 0.0, 1.0)[..., np.newaxis]
        self.reflectance *= 1.0 - cover
        self.emission *= 1.0 - cover
        self.reflectance += cover * np.array(colour)
        thin = infrared * cover[..., 0]
        self.warmth = self.warmth * (1.0 - thin) + 0.3 * thin

    def photograph(self, name: str, exposure: float) -> GeneratedPair:
        """The pair: infrared ``(H, W)`` and visible ``(H, W, 3)``."""
        return GeneratedPair(name, self.infrared(), self.visible(exposure))

    def visible(self, exposure: float) -> Image:
        """What a colour camera sees, with gamma and sensor noise, ``(H, W, 3)``."""
        radiance = averaged(self.reflectance * self.light + self.emission) * exposure
        grain = sensor_noise(self.next_seed(), radiance.shape, 2.5)
        return to_8bit(255.0 * np.sqrt(np.clip(radiance, 0.0, 1.0)) + grain)

    def infrared(self) -> Image:
        """What a long-wave camera sees: softer, with noise per pixel and per column, ``(H, W)``."""
        sharp = to_8bit(255.0 * averaged(self.warmth))
        soft = cv2.GaussianBlur(sharp, (3, 3), 0).astype(np.float64)
        columns = sensor_noise(self.next_seed(), (1, WIDTH), 1.0)
        return to_8bit(soft + columns + sensor_noise(self.next_seed(), soft.shape, 2.0))


def averaged(values: Field) -> Field:
    """Mean of each 2 x 2 block."""
    return np.asarray(
        (values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]) / 4
    )


def to_8bit(values: Field) -> Image:
    """0..255, rounded and clipped."""
    return np.floor(np.clip(values, 0.0, 255.0) + 0.5).astype(np.uint8)

"""A small multispectral scene: fields, roads and roofs as a sensor with four bands sees them.

PAN is a weighted mean of the bands at full resolution, with noise of its own; both have 11 bits.
The bands are what ``derive: wald`` takes for the ground truth. The same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fusebench.generated import shapes
from fusebench.generated.pair import GeneratedPair
from fusebench.generated.texture import fractal_noise, sensor_noise

SIDE = 256
"""Rows and columns of the bands; PAN has four times as many."""
RATIO = 4
PEAK = 2047
BAND_WEIGHTS = (0.1, 0.3, 0.35, 0.25)
"""How much of each band PAN sees."""

SPECTRA = {
    "soil": (420, 560, 720, 900),
    "crop": (260, 430, 300, 1500),
    "stubble": (480, 690, 860, 1050),
    "road": (520, 540, 560, 580),
    "roof": (600, 560, 980, 1010),
    "sheet": (1250, 1230, 1220, 1200),
    "water": (330, 270, 150, 60),
}
"""Digital numbers of blue, green, red and near infrared."""

HYPER_SIDE, HYPER_BANDS = 128, 31

Cube = NDArray[np.float64]


def _grid(side: int) -> tuple[shapes.Field, shapes.Field]:
    rows, columns = np.ogrid[:side, :side]
    scale = SIDE / side
    return (rows + 0.5) * scale, (columns + 0.5) * scale


def _fields(random: np.random.RandomState, side: int) -> Cube:
    """Return patches of three kinds of ground, (side, side, 4)."""
    rows, columns = _grid(side)
    cube: Cube = np.zeros((side, side, 4)) + np.array(SPECTRA["soil"], float)
    for number in range(14):
        x, y = random.randint(0, SIDE, 2)
        width, height, slant = (
            random.randint(30, 90),
            random.randint(24, 70),
            random.randint(-15, 16),
        )
        corners = [(x, y), (x + width, y + slant), (x + width + slant, y + height), (x, y + height)]
        kind = ("crop", "stubble", "soil")[number % 3]
        cube[shapes.polygon(corners, rows, columns)] = SPECTRA[kind]
    return cube


def _town(cube: Cube, random: np.random.RandomState) -> None:
    """Draw roads, roofs and a pond into a cube."""
    rows, columns = _grid(cube.shape[0])
    pond = shapes.ellipse(60, 190, 34, 20, rows, columns)
    cube[pond] = SPECTRA["water"]
    for ends in ([(0, 40), (130, 90), (255, 80)], [(120, 0), (130, 90), (150, 255)]):
        cube[shapes.stroke([(float(x), float(y)) for x, y in ends], 5, rows, columns)] = SPECTRA[
            "road"
        ]
    for number in range(60):
        x, y = random.randint(140, 246), random.randint(96, 246)
        width, height = random.randint(4, 12), random.randint(4, 12)
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        kind = "sheet" if number % 9 == 0 else "roof"
        cube[shapes.polygon(corners, rows, columns)] = SPECTRA[kind]


def _scene(seed: int) -> Cube:
    """Return the scene at the resolution of PAN, in digital numbers."""
    random = np.random.RandomState(seed)
    cube = _fields(random, SIDE * RATIO)
    _town(cube, random)
    shade = 0.75 + 0.5 * fractal_noise(seed, cube.shape, 64)
    grain = 0.9 + 0.2 * fractal_noise(seed + 7, cube.shape, 8)
    return np.asarray(cube * (shade * grain)[..., np.newaxis])


def _levels(values: Cube, seed: int, noise: float) -> NDArray[np.uint16]:
    noisy = values + sensor_noise(seed, values.shape, noise)
    return np.asarray(np.clip(np.floor(noisy + 0.5), 0, PEAK), np.uint16)


def satellite() -> Iterator[GeneratedPair]:
    """Yield two scenes: PAN 1024 x 1024 and four bands of 256 x 256."""
    for seed, name in ((21, "village"), (22, "fields")):
        cube = _scene(seed)
        blocks = cube.reshape(SIDE, RATIO, SIDE, RATIO, 4)
        bands = _summed(blocks.transpose(1, 3, 0, 2, 4).reshape(-1, SIDE, SIDE, 4)) / RATIO**2
        pan = _summed(np.moveaxis(cube * np.array(BAND_WEIGHTS), 2, 0))
        yield GeneratedPair(
            name,
            _levels(pan[..., np.newaxis], seed + 1, 6.0),
            _levels(bands, seed + 2, 3.0),
        )


def hyperspectral() -> Iterator[GeneratedPair]:
    """Yield one scene of 31 bands, 128 x 128, from 450 to 850 nm; A stands for nothing.

    ``cube.derive`` makes both sides of it.
    """
    cube = _scene(23)[: 4 * HYPER_SIDE, : 4 * HYPER_SIDE]
    side = 4 * HYPER_SIDE
    blocks = cube.reshape(HYPER_SIDE, side // HYPER_SIDE, HYPER_SIDE, side // HYPER_SIDE, 4)
    small = _summed(blocks.transpose(1, 3, 0, 2, 4).reshape(-1, HYPER_SIDE, HYPER_SIDE, 4)) / 16
    places = np.arange(HYPER_BANDS) * 3 / (HYPER_BANDS - 1)
    left = np.minimum(places.astype(int), 2)
    weights = places - left
    bands = small[..., left] * (1 - weights) + small[..., left + 1] * weights
    levels = _levels(bands, 24, 2.0)
    yield GeneratedPair("town", levels, levels)


def _summed(parts: Cube) -> Cube:
    """Add arrays one after the other, so that every machine rounds alike."""
    total = np.zeros(parts.shape[1:])
    for part in parts:
        total = total + part
    return total

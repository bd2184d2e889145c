"""What stands in the generated scenes: people, vehicles, trees, buildings, lamps, ground and sky.

Every object is painted for both cameras at once. Its apparent temperature follows what long-wave
infrared shows: skin is warmer than clothes, running engines and exhausts are hottest, glass is cold
(it reflects the sky), and foliage is near the air's temperature.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fusebench.generated.canvas import (
    HEIGHT,
    SCALE,
    WIDTH,
    Canvas,
    Colour,
    ellipse,
    falloff,
    grid,
    noise,
    polygon,
    rectangle,
    stroke,
)
from fusebench.generated.shapes import Field, Mask

SKIN: Colour = (0.55, 0.40, 0.32)
GLASS: Colour = (0.05, 0.06, 0.08)
RUBBER: Colour = (0.04, 0.04, 0.04)
BARK: Colour = (0.16, 0.12, 0.09)
LEAVES: Colour = (0.12, 0.20, 0.08)
FRAME: Colour = (0.5, 0.48, 0.44)
WARM_LIGHT: Colour = (1.0, 0.72, 0.38)

CAR_OUTLINE = [
    (-5.0, 0.6), (-5.0, 1.7), (-4.6, 2.0), (-3.2, 2.15), (-2.1, 3.25),
    (1.0, 3.3), (2.5, 2.2), (4.4, 1.9), (5.0, 1.3), (5.0, 0.6),
]  # fmt: skip


def sky(canvas: Canvas, colour: Colour, clouds: float) -> None:
    """Sky over the whole image, brighter towards the bottom.

    Clouds are warmer than the clear sky.
    """
    rows, _ = grid()
    cover = np.clip(noise(canvas.next_seed(), 64) * 3.0 - 1.3, 0.0, 1.0) * clouds
    brightness = (0.35 + 0.65 * rows / HEIGHT) * (1.0 + 0.8 * cover)
    canvas.emission = brightness[..., np.newaxis] * np.array(colour)
    canvas.warmth = 0.05 + 0.06 * rows / HEIGHT + 0.12 * cover


def ground(canvas: Canvas, horizon: float, colour: Colour, warmth: float, grain: float) -> None:
    """A plane up to ``horizon``, its texture finer the farther away."""
    rows, columns = grid()
    below = np.flatnonzero(rows[:, 0] > horizon)
    depth = 60.0 / np.maximum(rows[below] - horizon, 1.0)
    tile = noise(canvas.next_seed(), 4)
    across = _mirrored((columns - WIDTH * 0.3) * depth * SCALE, tile.shape[1])
    along = _mirrored(depth * 240.0, tile.shape[0])
    # Far away the texture is finer than a pixel, and a camera sees its mean.
    variation = (tile[along, across] - 0.5) * 2.0 * grain / np.maximum(depth, 1.0)
    patches = (noise(canvas.next_seed(), 32) - 0.5)[below]
    canvas.reflectance[below] = (1.0 + variation + 0.5 * patches)[..., np.newaxis] * np.array(
        colour
    )
    canvas.warmth[below] = warmth * (1.0 + 0.35 * variation + 0.3 * patches)
    canvas.emission[below] = 0.0


def _mirrored(position: Field, size: int) -> NDArray[np.int64]:
    """Indices into a texture of ``size`` that is repeated mirrored, so that it has no seams."""
    folded = np.abs(np.floor(position).astype(np.int64) % (2 * size) - size)
    return np.asarray(np.minimum(folded, size - 1))


def road(canvas: Canvas, horizon: float, vanish: float, left: float, right: float) -> None:
    """Asphalt from the bottom edge to its vanishing point, with a dashed middle line.

    It is still warm from the day.
    """
    canvas.paint(
        polygon([(left, HEIGHT), (vanish - 3, horizon), (vanish + 3, horizon), (right, HEIGHT)]),
        (0.13, 0.13, 0.14), 0.42, grain=0.25, cell=2,
    )  # fmt: skip
    middle = (left + right) / 2
    for near, far in ((1.0, 0.72), (0.55, 0.4), (0.3, 0.22), (0.16, 0.12)):
        ends = [
            (vanish + (middle - vanish) * part, horizon + (HEIGHT - horizon) * part)
            for part in (near, far)
        ]
        half = 3.0 * near
        (x0, y0), (x1, y1) = ends
        dash = polygon(
            [(x0 - half, y0), (x0 + half, y0), (x1 + half * 0.7, y1), (x1 - half * 0.7, y1)]
        )
        canvas.paint(dash, (0.62, 0.62, 0.58), 0.40, grain=0.2, cell=2)


def person(
    canvas: Canvas,
    x: float,
    feet: float,
    height: float,
    clothes: Colour,
    stride: float = 0.5,
    turn: int = 1,
) -> None:
    """A person who stands (``stride`` 0) or walks, seen from the side.

    ``turn`` (1 or -1) says to which side the person faces.
    """
    unit = height / 8.0

    def at(right: float, up: float) -> tuple[float, float]:
        return x + turn * right * unit, feet - up * unit

    trousers = (clothes[0] * 0.6, clothes[1] * 0.6, clothes[2] * 0.7)
    back, front = -1.1 * stride, 1.2 * stride
    canvas.paint(
        stroke([at(-0.25, 3.9), at(back * 0.5 - 0.2, 2.0), at(back - 0.3, 0.15)], unit),
        trousers,
        0.62,
    )
    canvas.paint(
        stroke([at(0.25, 3.9), at(front * 0.6 + 0.3, 2.1), at(front + 0.1, 0.15)], unit),
        trousers,
        0.66,
    )
    for step in (back, front):
        canvas.paint(ellipse(*at(step + 0.1, 0.12), 0.75 * unit, 0.28 * unit), RUBBER, 0.5)
    canvas.paint(
        stroke([at(-0.55, 6.0), at(-0.9 - 0.4 * stride, 4.7), at(0.9 * back, 3.9)], 0.6 * unit),
        clothes,
        0.68,
    )
    torso = [
        at(-0.75, 6.4),
        at(0.7, 6.4),
        at(0.9, 5.0),
        at(0.7, 3.7),
        at(-0.7, 3.7),
        at(-0.85, 5.0),
    ]
    canvas.paint(polygon(torso), clothes, 0.72, grain=0.25)
    canvas.heat(polygon(torso), 0.10 * falloff(*at(0.1, 5.4), unit))
    canvas.paint(
        stroke([at(0.5, 6.1), at(0.5 + 0.5 * stride, 4.8), at(front, 4.2)], 0.6 * unit),
        clothes,
        0.70,
    )
    canvas.paint(ellipse(*at(front, 4.05), 0.32 * unit, 0.32 * unit), SKIN, 0.86)
    canvas.paint(stroke([at(0.0, 6.4), at(0.05, 6.9)], 0.6 * unit), SKIN, 0.92)
    canvas.paint(ellipse(*at(0.08, 7.3), 0.56 * unit, 0.70 * unit), SKIN, 0.95, grain=0.08)
    canvas.paint(ellipse(*at(-0.05, 7.62), 0.58 * unit, 0.42 * unit), (0.10, 0.08, 0.07), 0.74)


def car(
    canvas: Canvas,
    x: float,
    bottom: float,
    length: float,
    colour: Colour,
    running: bool,
    turn: int = 1,
) -> None:
    """A car from the side; hot and lit if ``running``.

    ``turn`` (1 or -1) says to which side its front points.
    """
    unit = length / 10.0

    def at(right: float, up: float) -> tuple[float, float]:
        return x + turn * right * unit, bottom - up * unit

    body = polygon([at(*point) for point in CAR_OUTLINE])
    shadow = ellipse(*at(0, 0.1), 5.2 * unit, 0.35 * unit)
    canvas.reflectance[shadow] *= 0.35
    canvas.heat(shadow, np.full_like(canvas.warmth, 0.10 if running else -0.04))
    canvas.paint(body, colour, 0.36, grain=0.08, cell=8)
    canvas.paint(
        polygon([at(*p) for p in [(-5, 0.6), (-5, 0.95), (5, 0.95), (5, 0.6)]]), RUBBER, 0.38
    )
    for window in (
        [(-2.6, 2.25), (-1.9, 3.05), (-0.7, 3.1), (-0.7, 2.25)],
        [(-0.5, 2.25), (-0.5, 3.1), (0.9, 3.1), (1.95, 2.25)],
    ):
        canvas.paint(polygon([at(*p) for p in window]), GLASS, 0.16, grain=0.3)
    for wheel in (-3.0, 3.0):
        canvas.paint(
            ellipse(*at(wheel, 0.75), 0.95 * unit, 0.95 * unit), RUBBER, 0.58 if running else 0.33
        )
        canvas.paint(
            ellipse(*at(wheel, 0.75), 0.5 * unit, 0.5 * unit),
            (0.4, 0.4, 0.42),
            0.78 if running else 0.30,
        )
    canvas.paint(ellipse(*at(4.75, 1.45), 0.3 * unit, 0.22 * unit), (0.75, 0.75, 0.7), 0.4)
    if running:
        canvas.heat(body, 0.55 * falloff(*at(3.4, 1.6), 1.2 * unit))
        canvas.paint(ellipse(*at(-5.0, 0.55), 0.45 * unit, 0.25 * unit), RUBBER, 0.97)
        canvas.glow(ellipse(*at(4.8, 1.45), 0.3 * unit, 0.25 * unit), (1.6, 1.5, 1.2))
        canvas.bloom(*at(4.8, 1.45), 0.8 * unit, (0.7, 0.65, 0.5))
        canvas.glow(ellipse(*at(-4.95, 1.6), 0.2 * unit, 0.25 * unit), (0.8, 0.05, 0.03))


def oncoming_car(canvas: Canvas, x: float, bottom: float, width: float, colour: Colour) -> None:
    """A car from in front with its headlights on.

    The visible image shows glare, the infrared image radiator and tyres.
    """
    unit = width / 4.0

    def at(right: float, up: float) -> tuple[float, float]:
        return x + right * unit, bottom - up * unit

    for side in (-1.5, 1.5):
        canvas.paint(rectangle(*at(side - 0.35, 0.9), *at(side + 0.35, 0.0)), RUBBER, 0.62)
    half = [(2.0, 0.4), (2.0, 1.5), (1.4, 1.8), (1.1, 2.7)]
    body = polygon(
        [at(*point) for point in half] + [at(-right, up) for right, up in reversed(half)]
    )
    canvas.paint(body, colour, 0.45, grain=0.08, cell=8)
    canvas.paint(
        polygon([at(*p) for p in [(-1.2, 1.8), (-0.95, 2.5), (0.95, 2.5), (1.2, 1.8)]]), GLASS, 0.2
    )
    canvas.heat(body, 0.5 * falloff(*at(0, 1.2), 1.0 * unit))
    canvas.paint(rectangle(*at(-0.9, 1.35), *at(0.9, 0.75)), RUBBER, 0.93, grain=0.3, cell=2)
    for side in (-1.55, 1.55):
        canvas.glow(ellipse(*at(side, 1.2), 0.3 * unit, 0.25 * unit), (2.0, 1.95, 1.7))
        canvas.bloom(*at(side, 1.2), 1.5 * unit, (1.5, 1.4, 1.1))


def truck(
    canvas: Canvas, x: float, bottom: float, length: float, colour: Colour, running: bool
) -> None:
    """A truck with a covered load, from the side, its cab to the right."""
    unit = length / 10.0

    def box(left: float, low: float, right: float, high: float) -> Mask:
        return rectangle(
            x + left * unit, bottom - high * unit, x + right * unit, bottom - low * unit
        )

    canvas.paint(box(-5, 1.3, 2.2, 4.6), colour, 0.33, grain=0.35, cell=8)
    canvas.paint(box(-5, 0.8, 5, 1.35), RUBBER, 0.40)
    canvas.paint(box(2.5, 0.8, 5, 2.4), colour, 0.42, grain=0.1)
    canvas.paint(box(2.5, 2.4, 4.6, 4.0), colour, 0.40, grain=0.1)
    canvas.paint(box(3.2, 2.5, 4.5, 3.7), GLASS, 0.17)
    for wheel in (-3.8, -2.3, 3.6):
        centre = (x + wheel * unit, bottom - 0.7 * unit)
        canvas.paint(ellipse(*centre, 0.75 * unit, 0.75 * unit), RUBBER, 0.60 if running else 0.34)
        canvas.paint(
            ellipse(*centre, 0.35 * unit, 0.35 * unit), (0.2, 0.2, 0.2), 0.75 if running else 0.32
        )
    if running:
        canvas.heat(box(2.5, 0.8, 5, 2.4), 0.5 * falloff(x + 4.3 * unit, bottom - 1.6 * unit, unit))
        canvas.paint(box(2.25, 1.0, 2.45, 4.9), RUBBER, 0.95)


def foliage(
    canvas: Canvas, x: float, y: float, half_width: float, half_height: float, warmth: float = 0.30
) -> None:
    """A crown or bush: many small clumps of leaves, lighter above and darker below."""
    random = np.random.RandomState(canvas.next_seed())
    for _ in range(int(40 + half_width)):
        right, up = (random.randint(-1000, 1001, 2) / 1000.0).tolist()
        if right * right + up * up > 1.0:
            continue
        shade = 0.75 + 0.35 * (1.0 - up) * 0.5 + 0.004 * random.randint(0, 100)
        clump = ellipse(
            x + right * half_width, y + up * half_height,
            half_width * (0.16 + 0.001 * random.randint(0, 100)),
            half_height * (0.14 + 0.001 * random.randint(0, 100)),
        )  # fmt: skip
        tone = (LEAVES[0] * shade, LEAVES[1] * shade, LEAVES[2] * shade)
        canvas.paint(
            clump, tone, warmth * (0.9 + 0.002 * random.randint(0, 100)), grain=0.6, cell=2
        )


def tree(canvas: Canvas, x: float, bottom: float, height: float) -> None:
    """A broad-leaved tree."""
    width = height * 0.07
    top = bottom - height
    fork = top + height * 0.4
    trunk = [
        (x - width, bottom),
        (x - width * 0.6, fork),
        (x + width * 0.6, fork),
        (x + width, bottom),
    ]
    canvas.paint(polygon(trunk), BARK, 0.36, grain=0.5, cell=2)
    foliage(canvas, x, top + height * 0.33, height * 0.32, height * 0.34)


def tree_line(canvas: Canvas, horizon: float, height: float) -> None:
    """A distant wood along the horizon."""
    rows, _ = grid()
    crown = noise(canvas.next_seed(), 16)[0][np.newaxis, :] * height + height * 0.4
    wood = (rows > horizon - crown) & (rows <= horizon + 1)
    canvas.paint(wood, (0.05, 0.08, 0.05), 0.26, grain=0.6, cell=4)


def brick_wall(canvas: Canvas, where: Mask, colour: Colour, warmth: float) -> None:
    """Bricks of 8 x 4 pixels in running bond; the mortar is lighter and cooler."""
    rows, columns = grid()
    course = np.floor(rows / 4.0)
    mortar = (rows - 4.0 * course < 0.6) | ((columns + 4.0 * (course % 2)) % 8.0 < 0.6)
    canvas.paint(where, colour, warmth, grain=0.5, cell=8)
    canvas.paint(where & mortar, (0.36, 0.34, 0.31), warmth * 0.93, grain=0.3, cell=2)


def window(canvas: Canvas, left: float, top: float, width: float, height: float, lit: bool) -> None:
    """A window with its frame; lit ones send out warm light.

    The panes are cold in the infrared.
    """
    canvas.paint(
        rectangle(left - 1.5, top - 1.5, left + width + 1.5, top + height + 1.5), FRAME, 0.52
    )
    pane = rectangle(left, top, left + width, top + height)
    canvas.paint(pane, GLASS, 0.30 if lit else 0.20, grain=0.3, cell=8)
    if lit:
        curtain = (0.6 + 0.4 * noise(canvas.next_seed(), 8))[pane]
        canvas.emission[pane] = curtain[:, np.newaxis] * np.array(WARM_LIGHT) * 0.55
    x, y = left + width / 2, top + height / 2
    canvas.paint(rectangle(x - 0.6, top, x + 0.6, top + height), FRAME, 0.45)
    canvas.paint(rectangle(left, y - 0.6, left + width, y + 0.6), FRAME, 0.45)


def street_lamp(canvas: Canvas, x: float, bottom: float, height: float, reach: float) -> None:
    """A lamp post with its pool of light on what is around."""
    canvas.paint(
        stroke([(x, bottom), (x, bottom - height), (x + 12, bottom - height - 3)], 2.0),
        (0.2, 0.2, 0.2),
        0.33,
    )
    bulb = (x + 13, bottom - height - 1)
    canvas.paint(ellipse(*bulb, 4, 2), (0.6, 0.6, 0.6), 0.80)
    canvas.glow(ellipse(*bulb, 4, 2), (1.8, 1.4, 0.8))
    canvas.bloom(*bulb, 10.0, (0.9, 0.65, 0.3))
    canvas.shine(0.35 * falloff(*bulb, reach), WARM_LIGHT)


def smoke(
    canvas: Canvas, x: float, y: float, half_width: float, half_height: float, density: float
) -> None:
    """A cloud of smoke that hides what is behind it from the visible camera.

    It hides little from the infrared camera.
    """
    rows, columns = grid()
    distance = np.sqrt(((columns - x) / half_width) ** 2 + ((rows - y) / half_height) ** 2)
    billows: Field = 0.55 + 0.9 * noise(canvas.next_seed(), 32)
    canvas.veil(
        density * np.clip(1.5 * (billows - distance), 0.0, 1.0), (0.62, 0.62, 0.64), infrared=0.12
    )

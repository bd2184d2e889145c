"""Infrared and visible pairs of eight generated scenes, most of them at night."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fusebench.generated.canvas import (
    HEIGHT,
    WIDTH,
    Canvas,
    ellipse,
    falloff,
    grid,
    noise,
    polygon,
    rectangle,
)
from fusebench.generated.objects import (
    brick_wall,
    car,
    foliage,
    ground,
    oncoming_car,
    person,
    road,
    sky,
    smoke,
    street_lamp,
    tree,
    tree_line,
    truck,
    window,
)
from fusebench.generated.pair import GeneratedPair

NIGHT = (0.05, 0.06, 0.09)
DUSK = (0.26, 0.25, 0.28)
DAY = (0.95, 0.95, 0.92)


def street() -> GeneratedPair:
    """A lamp lights one side of a street; a walker on the dark side shows in the infrared only."""
    canvas = Canvas(1, NIGHT)
    sky(canvas, (0.015, 0.018, 0.035), clouds=0.6)
    ground(canvas, 130, (0.16, 0.16, 0.16), 0.36, grain=0.4)
    brick_wall(
        canvas, polygon([(0, 20), (130, 58), (130, 150), (0, 185)]), (0.36, 0.19, 0.14), 0.45
    )
    for left, top, lit in (
        (18, 62, True),
        (62, 72, False),
        (100, 80, True),
        (18, 112, False),
        (62, 112, True),
    ):
        window(canvas, left, top, 20, 26, lit)
    road(canvas, 130, 180, 90, 420)
    tree(canvas, 285, 172, 110)
    car(canvas, 250, 178, 74, (0.30, 0.05, 0.05), running=False, turn=-1)
    car(canvas, 165, 200, 90, (0.16, 0.20, 0.30), running=True)
    person(canvas, 60, 214, 62, (0.14, 0.14, 0.20))
    person(canvas, 292, 226, 70, (0.10, 0.10, 0.10), turn=-1)
    street_lamp(canvas, 32, 190, 105, 70)
    return canvas.photograph("street", 1.3)


def highway() -> GeneratedPair:
    """Headlights dazzle the visible camera; the infrared sees engines and a person at the road."""
    canvas = Canvas(2, NIGHT)
    sky(canvas, (0.01, 0.012, 0.03), clouds=0.3)
    tree_line(canvas, 112, 26)
    ground(canvas, 112, (0.09, 0.11, 0.06), 0.28, grain=0.7)
    road(canvas, 112, 165, -10, 330)
    oncoming_car(canvas, 122, 158, 30, (0.4, 0.4, 0.42))
    oncoming_car(canvas, 78, 205, 66, (0.10, 0.12, 0.25))
    truck(canvas, 262, 152, 62, (0.25, 0.24, 0.20), running=True)
    person(canvas, 288, 225, 72, (0.12, 0.10, 0.08), stride=0.8, turn=-1)
    canvas.shine(0.25 * falloff(90, 225, 45), (1.0, 0.95, 0.8))
    return canvas.photograph("highway", 1.2)


def camouflage() -> GeneratedPair:
    """Dusk at the edge of a wood: people dressed like the bushes they stand in."""
    canvas = Canvas(3, DUSK)
    sky(canvas, (0.16, 0.15, 0.20), clouds=0.8)
    tree_line(canvas, 105, 44)
    ground(canvas, 105, (0.15, 0.17, 0.08), 0.33, grain=0.8)
    tree(canvas, 50, 170, 150)
    tree(canvas, 275, 160, 130)
    foliage(canvas, 160, 140, 60, 26)
    person(canvas, 130, 182, 64, (0.13, 0.20, 0.09), stride=0.1)
    person(canvas, 205, 176, 58, (0.12, 0.19, 0.08), stride=0.3, turn=-1)
    foliage(canvas, 125, 176, 42, 22)
    foliage(canvas, 212, 172, 40, 20)
    person(canvas, 262, 196, 60, (0.12, 0.18, 0.08), stride=0.7, turn=-1)
    foliage(canvas, 60, 205, 50, 28)
    _spots(canvas)
    return canvas.photograph("camouflage", 1.5)


def _spots(canvas: Canvas) -> None:
    """Leaf shadow over everything, which breaks up outlines in the visible image."""
    canvas.light *= (0.55 + 0.9 * noise(canvas.next_seed(), 8))[..., np.newaxis]


def smoke_screen() -> GeneratedPair:
    """By day: smoke hides a truck and two people from the visible camera."""
    canvas = Canvas(4, DAY)
    sky(canvas, (0.50, 0.58, 0.70), clouds=0.5)
    tree_line(canvas, 100, 30)
    ground(canvas, 100, (0.30, 0.27, 0.16), 0.40, grain=0.7)
    tree(canvas, 290, 140, 90)
    truck(canvas, 150, 158, 110, (0.22, 0.25, 0.15), running=True)
    person(canvas, 85, 188, 60, (0.20, 0.22, 0.14))
    person(canvas, 235, 196, 66, (0.25, 0.22, 0.18), turn=-1)
    smoke(canvas, 150, 128, 120, 72, 0.97)
    person(canvas, 40, 215, 74, (0.45, 0.30, 0.20), stride=0.2)
    return canvas.photograph("smoke-screen", 0.75)


def courtyard() -> GeneratedPair:
    """A lit window and a dark corner; someone leans on the wall, and a pipe leaks heat."""
    canvas = Canvas(5, NIGHT)
    brick_wall(canvas, rectangle(0, 0, WIDTH, 165), (0.34, 0.20, 0.15), 0.40)
    ground(canvas, 165, (0.22, 0.21, 0.20), 0.34, grain=0.5)
    canvas.paint(rectangle(205, 70, 250, 166), (0.16, 0.10, 0.07), 0.44, grain=0.3)
    window(canvas, 110, 50, 52, 60, lit=True)
    window(canvas, 20, 50, 40, 52, lit=False)
    canvas.paint(rectangle(278, 0, 284, 166), (0.25, 0.25, 0.25), 0.85)
    canvas.heat(rectangle(255, 0, 310, 166), 0.2 * falloff(281, 80, 9))
    person(canvas, 228, 200, 88, (0.12, 0.12, 0.13), stride=0.15, turn=-1)
    person(canvas, 42, 214, 92, (0.16, 0.13, 0.10), stride=0.5)
    foliage(canvas, 300, 190, 36, 34)
    canvas.shine(0.5 * falloff(136, 130, 42), (1.0, 0.75, 0.45))
    return canvas.photograph("courtyard", 1.4)


def car_park() -> GeneratedPair:
    """Five cars, alike in the visible image; the infrared tells which have just arrived."""
    canvas = Canvas(6, (0.09, 0.09, 0.12))
    sky(canvas, (0.02, 0.022, 0.04), clouds=0.5)
    tree_line(canvas, 95, 34)
    ground(canvas, 95, (0.17, 0.17, 0.18), 0.40, grain=0.4)
    for x, bottom, length, colour, running, turn in (
        (60, 132, 62, (0.5, 0.5, 0.5), False, 1),
        (140, 134, 64, (0.22, 0.24, 0.30), True, 1),
        (232, 138, 70, (0.35, 0.08, 0.07), False, -1),
        (92, 186, 104, (0.12, 0.16, 0.13), False, 1),
        (236, 194, 112, (0.45, 0.42, 0.35), True, -1),
    ):
        car(canvas, x, bottom, length, colour, running=running, turn=turn)
    person(canvas, 158, 216, 80, (0.20, 0.20, 0.26), stride=0.6)
    street_lamp(canvas, 296, 150, 110, 60)
    return canvas.photograph("car-park", 1.3)


def bonfire() -> GeneratedPair:
    """People round a fire: only the infrared camera sees those who stand behind.

    The visible camera sees flames and lit faces.
    """
    canvas = Canvas(7, NIGHT)
    sky(canvas, (0.008, 0.01, 0.025), clouds=0.4)
    tree_line(canvas, 120, 50)
    ground(canvas, 120, (0.17, 0.15, 0.09), 0.30, grain=0.8)
    tree(canvas, 30, 165, 130)
    person(canvas, 280, 176, 60, (0.12, 0.14, 0.12), stride=0.4, turn=-1)
    person(canvas, 108, 200, 80, (0.30, 0.18, 0.15), stride=0.1)
    person(canvas, 214, 204, 84, (0.16, 0.20, 0.32), stride=0.1, turn=-1)
    _flames(canvas, 160, 206)
    smoke(canvas, 170, 60, 40, 90, 0.5)
    canvas.shine(0.9 * falloff(160, 190, 45), (1.0, 0.55, 0.22))
    return canvas.photograph("bonfire", 1.1)


def _flames(canvas: Canvas, x: float, bottom: float) -> None:
    rows, columns = grid()
    lick = (noise(canvas.next_seed(), 16) - 0.5) * 26.0
    for width, height, colour in (
        (17, 46, (0.9, 0.30, 0.05)), (12, 36, (1.2, 0.60, 0.12)), (7, 24, (1.6, 1.25, 0.5)),
    ):  # fmt: skip
        tongue = (bottom - rows) / height
        inside = (np.abs(columns - x + lick * tongue) < width * (1.0 - tongue)) & (tongue > 0)
        canvas.paint(inside, (0.1, 0.1, 0.1), 1.05, grain=0.2)
        canvas.glow(inside, colour)
    canvas.paint(ellipse(x, bottom, 22, 5), (0.06, 0.05, 0.05), 0.95, grain=0.6, cell=2)
    canvas.bloom(x, bottom - 18, 24.0, (0.5, 0.22, 0.06))


def checkpoint() -> GeneratedPair:
    """Thin fog at night: a truck waits at a hut, and its driver stands beside it."""
    canvas = Canvas(8, (0.12, 0.12, 0.15))
    sky(canvas, (0.04, 0.045, 0.06), clouds=0.2)
    tree_line(canvas, 115, 30)
    ground(canvas, 115, (0.20, 0.19, 0.17), 0.36, grain=0.5)
    brick_wall(canvas, rectangle(212, 70, 290, 168), (0.40, 0.36, 0.30), 0.48)
    canvas.paint(polygon([(204, 72), (224, 52), (280, 52), (298, 72)]), (0.14, 0.12, 0.12), 0.30)
    window(canvas, 228, 92, 26, 28, lit=True)
    canvas.paint(rectangle(264, 100, 284, 168), (0.14, 0.10, 0.08), 0.46, grain=0.3)
    truck(canvas, 96, 192, 160, (0.30, 0.33, 0.22), running=True)
    person(canvas, 198, 206, 74, (0.15, 0.16, 0.14), stride=0.2, turn=-1)
    person(canvas, 300, 214, 78, (0.10, 0.12, 0.16), stride=0.5, turn=-1)
    fog = 0.25 + 0.5 * noise(canvas.next_seed(), 64) * (grid()[0] / HEIGHT)
    canvas.veil(fog, (0.30, 0.30, 0.33), infrared=0.25)
    canvas.shine(0.4 * falloff(241, 112, 45), (1.0, 0.75, 0.45))
    return canvas.photograph("checkpoint", 1.5)


def night_scenes() -> Iterator[GeneratedPair]:
    """Eight pairs, infrared gray and visible RGB, 320 x 240, without reference."""
    for scene in (
        street,
        highway,
        camouflage,
        smoke_screen,
        courtyard,
        car_park,
        bonfire,
        checkpoint,
    ):
        yield scene()

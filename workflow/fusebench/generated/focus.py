"""Multi-focus pairs: photographs refocused by a map of nearness.

The photograph itself is the reference. The defocus of a lens is a disk (circle of confusion); it is
larger the farther a point is from the depth in focus. The scene is cut into layers of equal
defocus. Each layer is spread with its disk, and the layers are put one over the other from far to
near, as in Kraus and Strengert, Depth-of-field rendering by pyramidal image processing, Computer
Graphics Forum 26(3), 2007. All arithmetic is in integers, so that the bytes are the same on every
machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fusebench.generated.pair import GeneratedPair, Image
from fusebench.generated.photographs import crop, motorcycle
from fusebench.generated.shapes import Point, polygon, stroke
from fusebench.generated.texture import fractal_noise
from fusebench.generated.windows import extent

Integers = NDArray[np.int64]
LAYERS = 16
ONE = 4096

# Outlines of what stands in front, in pixels of the crop (x, y).
ASTRONAUT: list[Point] = [
    (-3, 290), (7, 262), (27, 235), (60, 215), (67, 190), (77, 168), (97, 153), (117, 149),
    (135, 152), (132, 132), (120, 118), (108, 100), (105, 75), (112, 45), (130, 26), (157, 16),
    (192, 18), (217, 30), (237, 45), (251, 70), (254, 95), (248, 118), (234, 131), (222, 137),
    (214, 160), (210, 176), (232, 192), (249, 215), (258, 245), (272, 268), (290, 285), (292, 290),
]  # fmt: skip
CAMERAMAN: list[Point] = [
    (-1, 120), (16, 100), (36, 88), (64, 83), (81, 68), (94, 66), (98, 50), (111, 33), (136, 23),
    (161, 27), (186, 45), (205, 65), (207, 88), (195, 93), (196, 99), (261, 97), (261, 116),
    (256, 121), (267, 134), (267, 155), (257, 182), (235, 188), (235, 272), (250, 262), (272, 260),
    (276, 266), (250, 274), (250, 290), (210, 290), (214, 270), (224, 268), (224, 245), (205, 262),
    (186, 272), (161, 265), (146, 250), (126, 270), (110, 290), (-1, 290),
]  # fmt: skip


def disk_sum(values: Integers, diameter: int) -> Integers:
    """Sum of ``values``, ``(H, W, C)``, over a disk around each pixel; borders are repeated."""
    reach = diameter // 2
    height, width = values.shape[:2]
    padded = np.pad(values, ((reach, reach), (reach + 1, reach), (0, 0)), mode="edge")
    # The column before the first is 0, so that differences of running sums are sums of runs.
    padded[:, 0] = 0
    running = np.cumsum(padded, axis=1)
    total = np.zeros_like(values)
    for row in range(-reach, reach + 1):
        half = math.isqrt(diameter * diameter - 4 * row * row) // 2
        lines = running[reach + row : reach + row + height]
        total += lines[:, reach + half + 1 :][:, :width] - lines[:, reach - half :][:, :width]
    return total


def disk_mean(values: Integers, diameter: int) -> Integers:
    """Mean over the disk, rounded."""
    count = int(disk_sum(np.ones((1, 1, 1), np.int64), diameter)[0, 0, 0])
    return (disk_sum(values, diameter) + count // 2) // count


def defocus(image: Image, layer: Integers, diameters: list[int]) -> Image:
    """The image as a lens would see it.

    Args:
        image: everything in focus, ``(H, W)`` or ``(H, W, 3)``.
        layer: for each pixel the index of its layer, 0 the farthest, ``(H, W)``.
        diameters: of the disk of each layer, in pixels.
    """
    colours = image.astype(np.int64).reshape(*layer.shape, -1) * ONE
    seen = np.zeros((*layer.shape, colours.shape[2] + 1), np.int64)
    for index in np.unique(layer):
        # Include the next nearer layer, which will cover it: then a slanted surface has no gaps
        # between its layers.
        part = (layer == index) | (layer == index + 1)
        window = extent(part, margin=max(diameters))
        opaque = part[window][..., np.newaxis].astype(np.int64)
        painted = np.concatenate([colours[window] * opaque, opaque * ONE], axis=2)
        spread = disk_mean(painted, diameters[index])
        seen[window] = spread + seen[window] * (ONE - spread[..., -1:]) // ONE
        seen[window] += behind_edges(
            disk_mean(painted, max(diameters)), ONE - seen[window][..., -1:]
        )
    colour = np.minimum((seen[..., :-1] + ONE // 2) // ONE, 255)
    return np.asarray(colour, np.uint8).reshape(image.shape)


def behind_edges(nearby: Integers, missing: Integers) -> Integers:
    """What is taken to lie behind the edge of a nearer object: the mean colour of the layer nearby.

    Args:
        nearby: colours times coverage, and coverage as the last channel.
        missing: how much of each pixel is not covered yet.
    """
    colour = nearby[..., :-1] * ONE // np.maximum(nearby[..., -1:], 1)
    known = (nearby[..., -1:] > 0) * missing
    return np.concatenate([colour * known // ONE, known], axis=2)


def focus_pair(name: str, image: Image, nearness: NDArray[np.uint8], blur: int) -> GeneratedPair:
    """``image`` focused near (A) and far (B).

    Args:
        name: of the pair.
        image: everything in focus.
        nearness: 0 far to 255 near, ``(H, W)``.
        blur: diameter of the largest disk, in pixels.
    """
    layer = (nearness.astype(np.int64) * (LAYERS - 1) + 127) // 255
    # The depth of field is half of the scene, so that every layer is in focus in one of the two.
    half = LAYERS // 2
    growing = [1] * half + [1 + (blur - 1) * step // half for step in range(1, half + 1)]
    near, far = defocus(image, layer, growing[::-1]), defocus(image, layer, growing)
    return GeneratedPair(name, near, far, image)


def ramp(shape: tuple[int, ...], right: float, down: float) -> NDArray[np.float64]:
    """A tilted plane that starts at 0 in the top left corner.

    It rises by ``right`` over the width and by ``down`` over the height.
    """
    rows, columns = np.indices(shape[:2])
    return np.asarray(right * columns / shape[1] + down * rows / shape[0], np.float64)


def as_nearness(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """0..1 as 0..255, clipped."""
    return np.floor(np.clip(values, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def standing_in_front(outline: list[Point], behind: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Nearness of a scene in which what ``outline`` encloses is the nearest."""
    nearness = as_nearness(behind)
    rows, columns = np.ogrid[: float(behind.shape[0]), : float(behind.shape[1])]
    nearness[polygon(outline, rows, columns)] = 255
    # A margin: what sticks out of a rough outline would stay sharp in front of a sharp background.
    nearness[stroke([*outline, outline[0]], 10.0, rows, columns)] = 255
    return nearness


def face(shape: tuple[int, ...], x: int, y: int, depth: int) -> NDArray[np.uint8]:
    """Nearness of a head seen from in front.

    It is largest at ``(x, y)``, and 0 at a distance of ``depth`` pixels.
    """
    rows, columns = np.indices(shape[:2])
    return as_nearness(1.0 - np.sqrt((columns - x) ** 2.0 + (rows - y) ** 2.0) / depth)


def multi_focus() -> Iterator[GeneratedPair]:
    """Eight pairs, five in colour, each with the photograph in focus throughout as reference."""
    yield focus_pair("motorcycle", *motorcycle(), blur=9)
    astronaut = crop("astronaut", left=48)
    yield focus_pair(
        "astronaut",
        astronaut,
        standing_in_front(ASTRONAUT, ramp(astronaut.shape, 0.1, 0.1)),
        blur=11,
    )
    camera = crop("camera", top=40, left=64)
    yield focus_pair(
        "cameraman",
        camera,
        standing_in_front(CAMERAMAN, ramp(camera.shape, 0.0, 0.9) - 0.6),
        blur=9,
    )
    coffee = crop("coffee", top=40, left=60)
    yield focus_pair("coffee", coffee, as_nearness(ramp(coffee.shape, 0.0, 1.0)), blur=11)
    cat = crop("chelsea", top=8, left=40)
    yield focus_pair("cat", cat, face(cat.shape, 215, 230, 260), blur=11)
    coins = crop("coins")
    yield focus_pair("coins", coins, as_nearness(ramp(coins.shape, 0.2, 0.8)), blur=9)
    page = crop("page")
    yield focus_pair("page", page, as_nearness(ramp(page.shape, -0.9, 0.0) + 0.95), blur=7)
    tissue = crop("immunohistochemistry", top=100, left=64)
    relief = fractal_noise(3, tissue.shape, cell=128)
    yield focus_pair("tissue", tissue, as_nearness(3.0 * relief - 1.0), blur=9)

"""Multi-exposure pairs: one high-dynamic-range scene at two exposures.

A is exposed for the lights, B for the shadows. The scene's radiance is a photograph, linearised
(gamma 2.2), times an illumination that spans several stops. A camera maps it to 8 bits: times the
exposure, plus noise, clipped, gamma again. There is no single right answer, hence no reference.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fusebench.generated.pair import GeneratedPair, Image
from fusebench.generated.photographs import crop, motorcycle
from fusebench.generated.texture import sensor_noise

Field = NDArray[np.float64]
GAMMA = 2.2
WHITE = 65535
READ_NOISE = 60.0

# Linear value of each 8-bit level, and the limits between them. Rounded, so that the last bit of a
# power does not matter.
LINEAR = np.floor(WHITE * (np.arange(256) / 255) ** GAMMA + 0.5)
LIMITS = (LINEAR[1:] + LINEAR[:-1]) / 2


def daylight_from(side: str, shape: tuple[int, ...], edge: float, dim: float) -> Field:
    """A window or door: 1 on one side, ``dim`` on the other, with a soft edge.

    Args:
        side: ``left`` or ``right``, where the light is.
        shape: of the image.
        edge: where the shadow begins, as a part of the width seen from the light.
        dim: illumination in the shadow.
    """
    position = np.arange(shape[1]) / shape[1]
    distance = position if side == "left" else 1.0 - position
    lit = np.clip((edge + 0.15 - distance) / 0.3, 0.0, 1.0)
    # A cubic step has no visible crease at its two ends.
    smooth = lit * lit * (3.0 - 2.0 * lit)
    return np.broadcast_to(dim + (1.0 - dim) * smooth, shape[:2])


def lamp_at(x: int, y: int, shape: tuple[int, ...], reach: float) -> Field:
    """A lamp close to the scene.

    The light falls with the square of the distance, to a half at ``reach`` pixels.
    """
    rows, columns = np.indices(shape[:2])
    return np.asarray(
        1.0 / (1.0 + ((columns - x) ** 2.0 + (rows - y) ** 2.0) / reach**2), np.float64
    )


def expose(radiance: Field, stops: int, seed: int) -> Image:
    """The 8-bit image of ``radiance`` (1 is white at 0 stops) at ``stops`` from that exposure."""
    exposed = radiance * (WHITE * 2.0**stops)
    noisy = np.floor(exposed + sensor_noise(seed, radiance.shape, READ_NOISE) + 0.5)
    return np.searchsorted(LIMITS, noisy).astype(np.uint8)


def exposure_pair(
    name: str, photograph: Image, illumination: Field, under: int, over: int
) -> GeneratedPair:
    """``photograph`` under ``illumination``, exposed at ``under`` and at ``over`` stops."""
    light = illumination if photograph.ndim == 2 else illumination[..., np.newaxis]
    radiance = LINEAR[photograph] / WHITE * light
    return GeneratedPair(name, expose(radiance, under, seed=1), expose(radiance, over, seed=2))


def multi_exposure() -> Iterator[GeneratedPair]:
    """Six pairs, five in colour, without reference."""
    garage, _ = motorcycle()
    yield exposure_pair("garage", garage, daylight_from("right", garage.shape, 0.4, 0.06), -1, 3)
    helmet = crop("astronaut", top=200, left=100)
    yield exposure_pair("helmet", helmet, daylight_from("left", helmet.shape, 0.5, 0.12), -2, 3)
    portrait = crop("astronaut", top=0, left=60)
    yield exposure_pair("portrait", portrait, lamp_at(330, 40, portrait.shape, 120.0), -1, 2)
    coffee = crop("coffee", top=30, left=80)
    yield exposure_pair("coffee", coffee, lamp_at(190, 60, coffee.shape, 90.0), -1, 3)
    camera = crop("camera", top=60, left=90)
    yield exposure_pair("field", camera, np.ones(camera.shape), -2, 3)
    cat = crop("chelsea", top=8, left=40)
    yield exposure_pair("cat", cat, daylight_from("right", cat.shape, 0.55, 0.08), -1, 3)

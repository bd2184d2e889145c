"""One scene: its parts as they were read, and what becomes of arrays before they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, to_builtins

from fusebench.arrays.pictures import Limits, limits_of, picture_of
from fusebench.arrays.values import array_sha256, in_normal_type
from fusebench.contracts.datasets import Cube, Degradation, Windows
from fusebench.contracts.markers import ArrayFacts, OriginalFile
from fusebench.errors import DatasetUnavailable
from fusebench.hashes import sha256_of_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ReadImage:
    """One part of a scene as it was read.

    Attributes:
        pixels: gray (H, W) or RGB (H, W, 3), values 0 to 255; or an array (H, W, C).
        original: the file that it came from; None for a generated one.
        notes: what was done to it while it was read.
        identity: of a derived array, the sha256 over what it was derived from, and how: the last
            digits of its values may differ between machines.
    """

    pixels: NDArray[Any]
    original: OriginalFile | None = None
    notes: list[str] = field(default_factory=list)
    identity: str = ""


Sides = dict[str, ReadImage]
"""Name of a part (a, b, reference, ...) -> image or array."""


@dataclass(frozen=True)
class Scene:
    """A scene as it is written.

    Attributes:
        sides: its parts.
        pictures: part -> what readers see of it, 8 bits; of an image the image itself.
        limits: part that is an array -> the values that are black and white in its picture.
    """

    sides: Sides
    pictures: Mapping[str, NDArray[np.uint8]]
    limits: Mapping[str, Limits] = field(default_factory=dict)


def cropped(name: str, sides: Sides, cube: Cube) -> Sides:
    """Return the part of a scene that ``cube.crop`` names.

    Raises:
        DatasetUnavailable: it does not lie inside B.
    """
    if not cube.crop:
        return sides
    x, y, width, height = cube.crop
    rows, columns = sides["b"].pixels.shape[:2]
    if min(x, y) < 0 or min(width, height) < 1 or x + width > columns or y + height > rows:
        raise DatasetUnavailable(
            f"pair {name!r}: `cube.crop` must lie inside B, {columns}x{rows}; found"
            f" {list(cube.crop)} (x, y, width, height)"
        )
    taken = {}
    for side, image in sides.items():
        scale = 1 if side == "b" else cube.ratio
        top, left = y * scale, x * scale
        part = image.pixels[top : top + height * scale, left : left + width * scale]
        taken[side] = replace(image, pixels=part, notes=[*image.notes, f"cropped to {part.shape}"])
    return taken


def refuse_bands(name: str, sides: Sides, cube: Cube) -> None:
    """Raise DatasetUnavailable unless B, and the ground truth, have the stated number of bands."""
    for side in ("b", "reference"):
        found = sides[side].pixels.shape[2] if side in sides else cube.bands
        if found != cube.bands:
            raise DatasetUnavailable(
                f"pair {name!r}: {side.upper() if side == 'b' else side} must have the"
                f" {cube.bands} bands of `cube.bands`; found {found}: correct it, or `axes`"
            )


def derived(name: str, sides: Sides, cube: Cube) -> Sides:
    """Return a scene with what its protocol derives: both sides, and B as the ground truth.

    Raises:
        DatasetUnavailable: its shape does not fit the protocol.
    """
    if not cube.derive:
        return sides
    rows, columns = sides["b"].pixels.shape[:2]
    if rows % cube.ratio or columns % cube.ratio:
        raise DatasetUnavailable(
            f"pair {name!r}: the sides of B must be multiples of the ratio {cube.ratio} for"
            f" `cube.derive`; found {columns}x{rows}: state `cube.crop`"
        )
    if isinstance(cube.derive, Degradation):
        return _degraded(sides, cube, cube.derive)
    return _by_wald(name, sides, cube)


def _degraded(sides: Sides, cube: Cube, how: Degradation) -> Sides:
    from fusebench.simulation.hyperspectral import blurred_bands, mixed_bands, window_response

    b = sides["b"]
    told = to_builtins(how)
    response = told.pop("response")
    weights = (
        window_response(how.response.windows, cube.bands)
        if isinstance(how.response, Windows)
        else how.response
    )
    low = blurred_bands(b.pixels, cube.ratio, how.size, how.sigma, how.phase, how.border)
    sharp = mixed_bands(b.pixels, weights)
    return {
        **sides,
        "a": _derived(b, sharp, f"mixed from B by the response {response}"),
        "b": _derived(b, low, f"reduced by {cube.ratio} with {told}"),
        "reference": b,
    }


def _by_wald(name: str, sides: Sides, cube: Cube) -> Sides:
    from fusebench.simulation.transfer import gains_of
    from fusebench.simulation.wald import reduced_bands, reduced_pan

    a, b = sides["a"], sides["b"]
    count = b.pixels.shape[2]
    if a.pixels.shape[2] != 1:
        raise DatasetUnavailable(
            f"pair {name!r}: A must have one band for `derive: wald`; found {a.pixels.shape[2]}"
        )
    if len(gains_of(cube.sensor, count)) < count:
        raise DatasetUnavailable(
            f"pair {name!r}: B must have at most the"
            f" {len(gains_of(cube.sensor, count))} bands of the sensor {cube.sensor}; found"
            f" {count}: state `bands` of B, or another `cube.sensor`"
        )
    how = f"reduced by {cube.ratio} (Wald's protocol, sensor {cube.sensor})"
    return {
        **sides,
        "a": _derived(a, reduced_pan(a.pixels, cube.ratio), how),
        "b": _derived(b, reduced_bands(b.pixels, cube.ratio, cube.sensor), how),
        "reference": b,
    }


def _derived(image: ReadImage, cube: NDArray[Any], how: str) -> ReadImage:
    pixels, told = in_normal_type(cube)
    return replace(
        image,
        pixels=pixels,
        notes=[*image.notes, how, *told],
        identity=sha256_of_json([array_sha256(image.pixels), how]),
    )


def cube_scene(sides: Sides, cube: Cube) -> Scene:
    """Return a scene of arrays with their pictures, all of the size of A.

    The ground truth, or else B, decides what is black and white in the pictures of both.
    """
    rgb = cube.rgb or None
    leading = sides.get("reference", sides["b"]).pixels
    limits = {
        side: limits_of(leading if side in {"b", "reference"} else image.pixels, rgb)
        for side, image in sides.items()
    }
    height, width = sides["a"].pixels.shape[:2]
    pictures = {
        side: _sized(picture_of(image.pixels, rgb, limits[side]), width, height)
        for side, image in sides.items()
    }
    return Scene(sides, pictures, limits)


def _sized(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    import cv2
    import numpy as np

    if picture.shape[:2] == (height, width):
        return picture
    larger = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(larger, dtype=np.uint8)


def array_facts(image: ReadImage, picture: str, limits: Limits) -> ArrayFacts:
    """Return what a manifest says of an array (H, W, C)."""
    rows, columns, count = image.pixels.shape
    return ArrayFacts(
        shape=(rows, columns, count),
        dtype=image.pixels.dtype.name,
        content=array_sha256(image.pixels) if image.identity else UNSET,
        picture=picture,
        limits=limits,
    )

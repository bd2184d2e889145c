"""Values of arrays: what is stated of them, their normal form on disk, and their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.arrays.axes import UnreadableArrayError, to_normal
from fusebench.arrays.files import read_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHOLE = "whole numbers stored as uint16"
ROUNDED = "rounded to float32"
NARROW = ("uint8", "uint16", "int16", "float32")
"""Types that are kept as they are."""


@dataclass(frozen=True)
class ArrayReading:
    """What a person states of a file of arrays.

    Attributes:
        axes: of the file, see ``axes``.
        key: the name of the array in its file; ``""`` where the format has none.
        limits: the smallest and the largest value that it may hold.
        size: width and height, where rows and columns are one axis.
        bands: those that are taken, counted from 1; None for all.
    """

    axes: str
    key: str = ""
    limits: tuple[float, float] = (0, 65535)
    size: tuple[int, int] | None = None
    bands: Sequence[int] | None = None


def read_cube(path: Path, reading: ArrayReading) -> tuple[NDArray[Any], list[str]]:
    """Read an array as (H, W, C) in its own numbers, with notes on what was done.

    Integers stay what they are; others become uint16 where they are whole, else float32.

    Raises:
        UnreadableArrayError: the file has no such array, or its axes, bands or values are not
            those that are stated.
    """
    values = read_array(path, reading.key)
    try:
        cube = to_normal(values, reading.axes, reading.size)
        cube = _chosen(cube, reading.bands)
        refuse_values(cube, reading.limits)
    except UnreadableArrayError as error:
        key = f" ({reading.key})" if reading.key else ""
        raise UnreadableArrayError(f"{path}{key}: {error}") from error
    return in_normal_type(cube)


def _chosen(cube: NDArray[Any], bands: Sequence[int] | None) -> NDArray[Any]:
    import numpy as np

    if bands is None:
        return cube
    if max(bands) > cube.shape[2] or min(bands) < 1:
        raise UnreadableArrayError(
            f"must have the bands {list(bands)}, counted from 1; found {cube.shape[2]} band(s)"
        )
    return np.ascontiguousarray(cube[:, :, [band - 1 for band in bands]])


def refuse_values(cube: NDArray[Any], limits: tuple[float, float]) -> None:
    """Raise UnreadableArrayError unless all values are finite and inside the stated range."""
    import numpy as np

    low, high = limits
    if cube.size == 0:
        raise UnreadableArrayError(f"must hold values; found the shape {cube.shape}")
    lost = ~np.isfinite(cube)
    if lost.any():
        raise UnreadableArrayError(
            f"must hold finite values; found {int(lost.sum())} of {cube.size} that are NaN or"
            f" infinite, first at row, column, band {_first(lost)}: crop the scene, or fill them"
        )
    outside = (cube < low) | (cube > high)
    if outside.any():
        raise UnreadableArrayError(
            f"must hold values of {low:g} to {high:g}, as `peak` or `range` says; found"
            f" {int(outside.sum())} of {cube.size} outside, from {cube.min():g} to {cube.max():g},"
            f" first at row, column, band {_first(outside)}: correct `peak`, or state `range`"
        )


def _first(where: NDArray[Any]) -> str:
    import numpy as np

    return ", ".join(str(int(place)) for place in np.argwhere(where)[0])


def in_normal_type(cube: NDArray[Any]) -> tuple[NDArray[Any], list[str]]:
    """Return an array in the type that is kept on disk, little-endian, and notes."""
    import numpy as np

    native = cube.astype(cube.dtype.newbyteorder("="), copy=False)
    if native.dtype.name in NARROW:
        return native, []
    if native.min() >= 0 and native.max() <= 65535 and np.array_equal(native, np.rint(native)):
        return native.astype(np.uint16), [WHOLE]
    if native.dtype.kind in "iu":
        return native.astype(np.int32), []
    return native.astype(np.float32), [ROUNDED]


def write_cube(path: Path, cube: NDArray[Any]) -> None:
    """Write an array as ``.npy``."""
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ascontiguousarray(cube))


def read_own_cube(path: Path) -> NDArray[Any]:
    """Read an array (H, W, C) that an earlier step wrote.

    Raises:
        UnreadableArrayError: the file is absent or damaged.
    """
    return read_array(path)


def array_sha256(cube: NDArray[Any]) -> str:
    """Return the sha256 over type, shape and values of an array."""
    import numpy as np

    shape = "x".join(map(str, cube.shape))
    digest = hashlib.sha256(f"{cube.dtype.str} {shape}".encode())
    digest.update(np.ascontiguousarray(cube).data)
    return digest.hexdigest()

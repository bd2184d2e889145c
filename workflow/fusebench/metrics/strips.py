"""Very large images in strips of rows, so that what is computed on the way takes little memory.

Filters and formulas of a pixel give the same value in a strip as in the whole image, bit for bit.
Sums over all pixels do not, because they depend on the order; so what is summed is joined first.
An image of up to ``WHOLE_PIXELS`` pixels is one strip: the image itself with its cached parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from fusebench.metrics import limits
from fusebench.metrics.images import Fusion, Image, Pixels, SourcePair

HolderT = TypeVar("HolderT", Image, SourcePair, Fusion)
MapsT = TypeVar("MapsT", bound=tuple[NDArray[np.generic], ...])


class Strip(NamedTuple):
    """Rows of an image.

    Attributes:
        rows: the rows that belong to the strip.
        around: these and the neighbours that a filter needs, where the image has them.
        inner: the place of ``rows`` in ``around``.
    """

    rows: slice
    around: slice
    inner: slice


def is_large(height: int, width: int) -> bool:
    """Whether an image is handled in strips."""
    return height * width > limits.WHOLE_PIXELS


def strips_of(
    height: int, width: int, *, reach: int = 0, pixels: int | None = None
) -> Iterator[Strip]:
    """Yield the strips of an image from top to bottom.

    Args:
        height, width: of the image.
        reach: how many rows above and below a row a filter sees.
        pixels: how many pixels a strip has. Without it, images of up to ``WHOLE_PIXELS`` are one
            strip, and larger ones have strips of ``STRIP_PIXELS``.
    """
    if pixels is None:
        pixels = limits.STRIP_PIXELS if is_large(height, width) else height * width
    step = max(1, pixels // width)
    for start in range(0, height, step):
        stop = min(start + step, height)
        first, last = max(start - reach, 0), min(stop + reach, height)
        yield Strip(slice(start, stop), slice(first, last), slice(start - first, stop - first))


def cut(holder: HolderT, reach: int = 0) -> Iterator[tuple[HolderT, slice]]:
    """Yield strips of images, and the rows that count of each.

    The neighbours of these rows are in the strip; at the border of the image there are none.
    """
    height, width = holder.shape
    if not is_large(height, width):
        yield holder, slice(0, height)
        return
    for strip in strips_of(height, width, reach=reach):
        yield holder.rows(strip.around.start, strip.around.stop), strip.inner


def joined(holder: HolderT, compute: Callable[[HolderT], MapsT], reach: int) -> MapsT:
    """Return maps of the size of the image, computed strip by strip.

    Args:
        holder: the images.
        compute: gives the maps of a strip, each with a row for each row of the strip.
        reach: how many rows above and below a row the maps depend on.
    """
    maps = ((compute(part), rows) for part, rows in cut(holder, reach))
    inner = (cast(MapsT, tuple(one[rows] for one in found)) for found, rows in maps)
    return _stacked(inner, holder.shape[0])


def joined_windows(holder: HolderT, compute: Callable[[HolderT], MapsT], reach: int) -> MapsT:
    """Return maps that have a row for each window of 2 ``reach`` + 1 rows that fits."""
    height, width = holder.shape
    if not is_large(height, width):
        return compute(holder)
    rows = (
        strip.rows for strip in strips_of(height - 2 * reach, width, pixels=limits.STRIP_PIXELS)
    )
    parts = (holder.rows(one.start, one.stop + 2 * reach) for one in rows)
    return _stacked(map(compute, parts), height - 2 * reach)


def _stacked(parts: Iterator[MapsT], height: int) -> MapsT:
    """Put the maps of the strips one below the other; a single strip is returned as it is."""
    maps = next(parts)
    start = len(maps[0])
    if start == height:
        return maps
    whole = tuple(np.empty((height, *one.shape[1:]), one.dtype) for one in maps)
    for target, one in zip(whole, maps, strict=True):
        target[:start] = one
    for maps in parts:
        stop = start + len(maps[0])
        for target, one in zip(whole, maps, strict=True):
            target[start:stop] = one
        start = stop
    return cast(MapsT, whole)


def of_pixels(compute: Callable[..., Pixels], *maps: NDArray[np.generic]) -> Pixels:
    """Return ``compute(*maps)`` of a formula that looks at one pixel at a time."""
    strips = strips_of(*maps[0].shape)
    found = ((compute(*(one[strip.rows] for one in maps)),) for strip in strips)
    return _stacked(found, len(maps[0]))[0]

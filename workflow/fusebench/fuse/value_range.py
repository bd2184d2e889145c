"""Results whose values have another range than their file or their entry says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fusebench.errors import BadOutput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNIT_PEAK = 2.0
"""No value above it: an array of range 0-1, with what a network adds to it."""
LEVELS_FROM = 10.0
"""Values above it are gray levels, not values of range 0-1."""
LEVELS_SHARE = 0.01
"""Share of such values that no array of range 0-1 has."""
CLIPPED_SHARE = 0.1
"""A greater share of clipped values is told in the tables."""
SMALL_PEAK = 64
"""A 16-bit file that does not pass it, once scaled to 8 bits, may hold 14 bits or less."""

MUCH_CLIPPED = "with more than a tenth of the values clipped: their range may be another one"
SMALL_16_BITS = (
    "written with 16 bits of which a quarter of the range is used at most: they may have 10, 12 or"
    " 14 bits, to be scaled by an edit of the script"
)


def refuse_other_range(name: str, values: NDArray[np.float64], value_range: str) -> None:
    """Refuse an array whose values are plainly of the other range than its entry says.

    Args:
        name: of the pair.
        values: finite values in the shape of an image.
        value_range: ``0-255`` or ``0-1``.

    Raises:
        BadOutput: the range is ``0-255``, and no value is above 2; or it is ``0-1``, and one of a
            hundred values or more is above 10.
    """
    low, high = float(values.min()), float(values.max())
    found = f"found values from {low:.4g} to {high:.4g}: give the entry"
    if value_range == "0-255" and low < high <= UNIT_PEAK:
        raise BadOutput(
            f"pair {name!r}: an array must hold values of 0 to 255; {found} `run.output_range: 0-1`"
        )
    if value_range == "0-1" and float((values > LEVELS_FROM).mean()) >= LEVELS_SHARE:
        raise BadOutput(
            f"pair {name!r}: an array of `run.output_range: 0-1` must hold values of 0 to 1;"
            f" {found} `run.output_range: 0-255`"
        )


def refuse_tiny(name: str, pixels: NDArray[np.uint8], *, scaled: bool) -> None:
    """Refuse an image file that is black, but for the gray level 1.

    Args:
        name: of the pair.
        pixels: 0 to 255.
        scaled: whether the file has 16 bits.

    Raises:
        BadOutput: no gray level is above 1.
    """
    if int(pixels.max()) > 1 or pixels.min() == pixels.max():
        return
    what = (
        "a file of 16 bits with values as small as those of 8 bits"
        if scaled
        else "gray levels 0 and 1 only, as of values from 0 to 1 that were not scaled"
    )
    raise BadOutput(
        f"pair {name!r}: a fused image must fill the range of its file; found {what}: correct the"
        " line of the script that writes it with `run.edit`"
    )

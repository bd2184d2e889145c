"""Axes of arrays: how those of a file are brought to (H, W, C), and back.

Axes are written as one letter each, in the order of the file: ``h`` rows, ``w`` columns, ``c``
bands, ``n`` scenes and ``1`` for an axis of length 1. ``(hw)`` and ``(wh)`` are rows and columns in
one axis, the second one changing fastest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fusebench.image_headers import UnreadableImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOKEN = re.compile(r"\((?:hw|wh)\)|[hwcn1]")


class UnreadableArrayError(UnreadableImageError):
    """A file holds no such array, or one that is not what is stated of it."""


def axes_problem(axes: str) -> str:
    """Return why a text names no axes; empty where it does.

    >>> axes_problem("hwb")
    "must be letters of h, w, c, n and 1, e.g. hwc; found 'hwb'"
    """
    if "".join(_TOKEN.findall(axes)) != axes:
        return f"must be letters of h, w, c, n and 1, e.g. hwc; found {axes!r}"
    letters = _letters(axes)
    if letters.count("h") != 1 or letters.count("w") != 1:
        return f"must name rows (h) and columns (w) once each, e.g. hwc; found {axes!r}"
    if letters.count("c") > 1 or letters.count("n") > 1:
        return f"must name bands (c) and scenes (n) once at most; found {axes!r}"
    return ""


def is_joined(axes: str) -> bool:
    """Say whether rows and columns are one axis, so that their numbers must be stated."""
    return "(" in axes


def _letters(axes: str) -> str:
    return axes.replace("(", "").replace(")", "")


def to_normal(values: NDArray[Any], axes: str, size: Sequence[int] | None = None) -> NDArray[Any]:
    """Return an array as (H, W, C).

    Args:
        values: as the file holds it.
        axes: of the file.
        size: width and height, where rows and columns are one axis.

    Raises:
        UnreadableArrayError: the array does not have these axes.
    """
    import numpy as np

    if values.ndim != len(_TOKEN.findall(axes)):
        raise UnreadableArrayError(
            f"must have {len(_TOKEN.findall(axes))} axes, as `axes: {axes}` says; found the shape"
            f" {values.shape}"
        )
    values = _split(values, axes, size) if is_joined(axes) else values
    letters = _letters(axes)
    for place, letter in enumerate(letters):
        if letter in "n1" and values.shape[place] != 1:
            raise UnreadableArrayError(
                f"must have length 1 along axis {place} ({letter!r} of `axes: {axes}`); found the"
                f" shape {values.shape}"
            )
    kept = [place for place, letter in enumerate(letters) if letter not in "n1"]
    left = "".join(letters[place] for place in kept)
    plain = values.reshape([values.shape[place] for place in kept])
    if "c" not in left:
        plain, left = plain[..., np.newaxis], f"{left}c"
    return np.ascontiguousarray(plain.transpose([left.index(letter) for letter in "hwc"]))


def _split(values: NDArray[Any], axes: str, size: Sequence[int] | None) -> NDArray[Any]:
    """Return an array whose joined axis is split into rows and columns."""
    tokens = _TOKEN.findall(axes)
    place = next(index for index, token in enumerate(tokens) if is_joined(token))
    sides = dict(zip("wh", size or (0, 0), strict=True))
    lengths = [sides[letter] for letter in _letters(tokens[place])]
    if math.prod(lengths) != values.shape[place]:
        raise UnreadableArrayError(
            f"must have {lengths[0]} x {lengths[1]} pixels along axis {place}, as `size` says;"
            f" found {values.shape[place]}"
        )
    return values.reshape(*values.shape[:place], *lengths, *values.shape[place + 1 :])


def from_normal(cube: NDArray[Any], axes: str) -> NDArray[Any]:
    """Return an array (H, W, C) with the axes that a script wants.

    Raises:
        UnreadableArrayError: it has several bands, and the axes name none.
    """
    import numpy as np

    letters = _letters(axes)
    if "c" not in letters:
        if cube.shape[2] != 1:
            raise UnreadableArrayError(
                f"must have one band for `axes: {axes}`; found {cube.shape[2]}: name the bands"
                " with c, e.g. hwc"
            )
        cube, known = cube[..., 0], "hw"
    else:
        known = "hwc"
    wanted = [letter for letter in letters if letter not in "n1"]
    turned = cube.transpose([known.index(letter) for letter in wanted])
    lengths = iter(turned.shape)
    full = turned.reshape([1 if letter in "n1" else next(lengths) for letter in letters])
    return np.ascontiguousarray(_joined(full, axes) if is_joined(axes) else full)


def _joined(values: NDArray[Any], axes: str) -> NDArray[Any]:
    lengths = iter(values.shape)
    shape = [math.prod(next(lengths) for _ in _letters(token)) for token in _TOKEN.findall(axes)]
    return values.reshape(shape)

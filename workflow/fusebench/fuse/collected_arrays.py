"""Collect the script's arrays: read them as the entry says, check them, keep all their digits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.arrays.axes import UnreadableArrayError, to_normal
from fusebench.arrays.files import read_array
from fusebench.arrays.pictures import picture_of
from fusebench.arrays.values import array_sha256, write_cube
from fusebench.contracts.datasets import Cube
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import ARRAY, ArrayFacts, Pair
from fusebench.contracts.records import FusedImage
from fusebench.errors import BadOutput
from fusebench.fuse.staging import StagedPair
from fusebench.fuse.value_range import UNIT_PEAK
from fusebench.images import thumbnail, write_png

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST_PEAK = 16
"""Datasets of a smaller peak may hold values of 0 to 1 by themselves."""


def collect_array(
    staged: StagedPair, pair: Pair, run: Run, cube: Cube, target: Path
) -> tuple[FusedImage, NDArray[np.uint8]]:
    """Check one array and write it beside its picture.

    Values outside the range of the sensor are told, and not clipped.

    Args:
        staged: the staged scene.
        pair: the same of the manifest.
        run: the entry's fields for this dataset (``result``).
        cube: what is known of the arrays of the dataset.
        target: the picture to write; the array is written beside it as ``.npy``.

    Returns:
        Its entry in the record, and the thumbnail (64, 64) of its picture.

    Raises:
        BadOutput: the result cannot be read, has other axes, size or bands, holds NaN or one value
            only, or plainly has another scale than the entry says.
    """
    values = _read(staged, run)
    _refuse_shape(staged.name, values, pair)
    values = _in_numbers_of_dataset(staged.name, values, run, cube)
    leading = pair.reference or pair.b
    limits = leading.array.limits if leading.array else []
    picture = picture_of(values, cube.rgb or None, limits)
    write_png(target, picture)
    file = target.with_name(f"{staged.name}.npy")
    write_cube(file, values)
    rows, columns, count = values.shape
    image = FusedImage(
        name=staged.name,
        size=pair.size,
        fused=file.name,
        mode=ARRAY,
        sha256=array_sha256(values),
        array=ArrayFacts(
            shape=(rows, columns, count),
            dtype=values.dtype.name,
            picture=target.name,
            limits=limits,
        ),
        notes=[*staged.notes, *_outside(values, cube)],
    )
    return image, thumbnail(picture)


def _read(staged: StagedPair, run: Run) -> NDArray[Any]:
    """Return the array that the script left, (H, W, C), as it is."""
    import numpy as np

    result = run.result
    if not result:
        raise BadOutput(
            "the entry must say what the script writes on a dataset of arrays; found no"
            " `run.result`: add e.g. `result: {key: sr, axes: hwc}`"
        )
    try:
        values = to_normal(read_array(staged.result, result.key or ""), result.axes)
    except UnreadableArrayError as error:
        told = str(error).replace(str(staged.result), staged.result.name)
        raise BadOutput(
            f"pair {staged.name!r}: {staged.result.name}: {told}; correct `run.result`"
        ) from error
    if not np.isfinite(values).all():
        raise BadOutput(
            f"pair {staged.name!r}: a fused array must hold finite values; found"
            f" {int((~np.isfinite(values)).sum())} that are NaN or infinite"
        )
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _refuse_shape(name: str, values: NDArray[Any], pair: Pair) -> None:
    bands = pair.b.array.shape[2] if pair.b.array else 0
    wanted = (pair.size[1], pair.size[0], bands)
    if values.shape != wanted:
        raise BadOutput(
            f"pair {name!r}: a fused array must have rows, columns and bands {wanted}, the size of"
            f" A and the bands of B; found {values.shape}: correct `run.result.axes`"
        )
    if values.min() == values.max():
        raise BadOutput(
            f"pair {name!r}: a fused array must hold more than one value; found {values.min():g}"
            " everywhere"
        )


def _in_numbers_of_dataset(name: str, values: NDArray[Any], run: Run, cube: Cube) -> NDArray[Any]:
    """Return an array in the numbers of the dataset; refuse one of plainly another scale."""
    unit = bool(run.result and run.result.scale == "unit")
    high = float(values.max())
    if not unit and high <= UNIT_PEAK and cube.peak >= SMALLEST_PEAK:
        raise BadOutput(
            f"pair {name!r}: an array must hold the numbers of the dataset, 0 to {cube.peak:g};"
            f" found values up to {high:.4g}: give the entry `run.result.scale: unit`"
        )
    if unit and high > cube.peak / UNIT_PEAK and cube.peak >= SMALLEST_PEAK:
        raise BadOutput(
            f"pair {name!r}: an array of `run.result.scale: unit` must hold values of 0 to 1; found"
            f" values up to {high:.4g}: give the entry `scale: keep`"
        )
    return values * cube.peak if unit else values


def _outside(values: NDArray[Any], cube: Cube) -> list[str]:
    outside = int(((values < 0) | (values > cube.peak)).sum())
    if not outside:
        return []
    return [
        f"{outside} of {values.size} values outside 0 to {cube.peak:g}, from"
        f" {float(values.min()):.6g} to {float(values.max()):.6g}; none was clipped"
    ]

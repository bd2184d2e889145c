"""Values of arrays: what is stated of them holds, and nothing is quantised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fusebench.arrays.axes import UnreadableArrayError
from fusebench.arrays.values import (
    ROUNDED,
    WHOLE,
    ArrayReading,
    array_sha256,
    in_normal_type,
    read_cube,
)

CUBE = np.random.default_rng(1).integers(1, 2048, (6, 5, 4)).astype(np.uint16)


def test_an_array_is_read_as_stated(tmp_path: Path) -> None:
    """Axes and bands are those of the dataset; bands are counted from 1."""
    np.save(tmp_path / "x.npy", np.moveaxis(CUBE, 2, 0))
    cube, notes = read_cube(tmp_path / "x.npy", ArrayReading("chw", bands=[3, 1]))
    np.testing.assert_array_equal(cube, CUBE[..., [2, 0]])
    assert cube.dtype == np.uint16
    assert notes == []


@pytest.mark.parametrize(
    ("values", "dtype", "notes"),
    [
        (CUBE, "uint16", []),
        (CUBE.astype(">u2"), "uint16", []),
        (CUBE.astype(float), "uint16", [WHOLE]),
        (CUBE / 3, "float32", [ROUNDED]),
        (CUBE.astype(np.float32) / 3, "float32", []),
        (CUBE.astype(np.int64) * 1000, "int32", []),
    ],
)
def test_types_are_kept(values: np.ndarray, dtype: str, notes: list[str]) -> None:
    """Integers stay; whole numbers become integers without loss; the rest is float32."""
    found, told = in_normal_type(values)
    assert (found.dtype.name, told) == (dtype, notes)
    np.testing.assert_allclose(found, values, rtol=1e-7)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ((1, 2, 3), np.nan, "must hold finite values; found 1 of 120 .* first at .* 1, 2, 3"),
        ((0, 0, 1), -5.0, "must hold values of 0 to 2047.*from -5 to .*first at .* 0, 0, 1"),
        ((5, 4, 0), 2500.0, "1 of 120 outside.*to 2500.*correct `peak`, or state `range`"),
    ],
)
def test_values_outside_the_stated_range_are_refused(
    tmp_path: Path, place: tuple[int, ...], value: float, told: str
) -> None:
    """NaN, negative reflectance and values above the peak are told with the first place."""
    values = CUBE.astype(np.float32)
    values[place] = value
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(UnreadableArrayError, match=told):
        read_cube(tmp_path / "x.npy", ArrayReading("hwc", limits=(0, 2047)))


def test_bands_that_are_not_there_are_refused(tmp_path: Path) -> None:
    """The message says how many there are."""
    np.save(tmp_path / "x.npy", CUBE)
    with pytest.raises(UnreadableArrayError, match=r"bands \[5\].*found 4 band"):
        read_cube(tmp_path / "x.npy", ArrayReading("hwc", bands=[5]))


def test_the_hash_tells_type_and_shape_apart() -> None:
    """Equal bytes of another shape or type are another array."""
    flat = CUBE.reshape(30, 4, 1)
    assert len({array_sha256(one) for one in (CUBE, flat, CUBE.view(np.int16))}) == 3

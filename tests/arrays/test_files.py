"""Files of arrays: each format read as it was written, and what is told of those that cannot be."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from fusebench.arrays.axes import UnreadableArrayError
from fusebench.arrays.files import read_array, write_arrays
from scipy.io import loadmat, savemat

CUBE = np.random.default_rng(1).integers(0, 2048, (6, 5, 9)).astype(np.uint16)


@pytest.mark.parametrize("suffix", [".mat", ".h5", ".npy", ".npz", ".tif"])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_formats_keep_every_value(tmp_path: Path, suffix: str, dtype: str) -> None:
    """Nine bands come back as they were staged, in their type."""
    file = tmp_path / f"x{suffix}"
    write_arrays(file, {"ms": CUBE.astype(dtype)})
    key = "" if suffix in {".npy", ".tif"} else "ms"
    found = read_array(file, key)
    np.testing.assert_array_equal(found, CUBE)
    assert found.dtype == dtype


def test_matlab_files_have_matlabs_axes_in_both_versions(tmp_path: Path) -> None:
    """7.3 is HDF5, whose axes run the other way: the content of the file decides."""
    five, seven = tmp_path / "5.mat", tmp_path / "7.mat"
    write_arrays(five, {"ms": CUBE})
    write_arrays(seven, {"ms": CUBE}, hdf5=True)
    np.testing.assert_array_equal(loadmat(five)["ms"], CUBE)
    with h5py.File(seven) as held:
        assert held["ms"].shape == (9, 5, 6)
    np.testing.assert_array_equal(read_array(five, "ms"), read_array(seven, "ms"))
    assert seven.read_bytes().startswith(b"MATLAB 7.3 MAT-file")


def test_a_key_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    """Keys are stated, never guessed: not even in a file of one array."""
    savemat(tmp_path / "x.mat", {"I_MS": CUBE, "I_PAN": CUBE[..., 0]})
    for key, told in (("ms", "must have the key 'ms'"), ("", "must have a stated `key`")):
        with pytest.raises(UnreadableArrayError, match=told) as error:
            read_array(tmp_path / "x.mat", key)
        assert "found I_MS (6, 5, 9), I_PAN (6, 5)" in str(error.value)


def test_keys_of_groups_are_named_with_their_path(tmp_path: Path) -> None:
    """An array in a group of an HDF5 file has the key group/name."""
    with h5py.File(tmp_path / "x.h5", "w") as held:
        held["scene/ms"] = CUBE
    np.testing.assert_array_equal(read_array(tmp_path / "x.h5", "scene/ms"), CUBE)
    with pytest.raises(UnreadableArrayError, match=r"found scene/ms \(6, 5, 9\)"):
        read_array(tmp_path / "x.h5", "ms")


@pytest.mark.parametrize("suffix", [".mat", ".h5", ".npy", ".npz", ".tif"])
def test_damaged_files_are_told(tmp_path: Path, suffix: str) -> None:
    """A truncated file, and one that is not there, have their path in the message."""
    file = tmp_path / f"x{suffix}"
    with pytest.raises(UnreadableArrayError, match="found nothing there"):
        read_array(file, "ms")
    write_arrays(file, {"ms": CUBE})
    file.write_bytes(file.read_bytes()[:90])
    with pytest.raises(UnreadableArrayError, match="must be a whole file of arrays"):
        read_array(file, "ms")


def test_only_numbers_are_arrays(tmp_path: Path) -> None:
    """Texts and complex numbers are refused with their type."""
    savemat(tmp_path / "x.mat", {"name": "abc"})
    with pytest.raises(UnreadableArrayError, match="must hold real numbers under the key 'name'"):
        read_array(tmp_path / "x.mat", "name")


def test_tiff_of_planes_is_read_as_it_is_stored(tmp_path: Path) -> None:
    """One page for each band has the axes chw; OpenCV reads no more than four channels."""
    planes = np.moveaxis(CUBE, 2, 0)
    tifffile.imwrite(tmp_path / "x.tif", planes, photometric="minisblack")
    np.testing.assert_array_equal(read_array(tmp_path / "x.tif"), planes)

"""Files of arrays: MATLAB 5 and 7.3, HDF5, NumPy, and TIFF with any number of bands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.arrays.axes import UnreadableArrayError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HDF5 = frozenset({".h5", ".hdf5"})
TIFF = frozenset({".tif", ".tiff"})
KEYED = HDF5 | {".mat", ".npz"}
"""Files that hold several arrays, each under a key."""
SUFFIXES = KEYED | TIFF | {".npy"}
"""File names that end so may hold arrays."""

MATLAB_HEAD = b"MATLAB 7.3 MAT-file"
MATLAB_BLOCK = 512
"""Bytes before the HDF5 content of a MATLAB 7.3 file."""
MATLAB_CLASSES = {
    "float64": "double", "float32": "single", "uint8": "uint8", "uint16": "uint16",
    "int16": "int16", "int32": "int32", "uint32": "uint32",
}  # fmt: skip


def read_array(path: Path, key: str = "") -> NDArray[Any]:
    """Return an array of numbers with the axes of its file.

    The axes of a MATLAB file are those that MATLAB shows, whatever the version of the file.

    Args:
        path: the file; its content decides between MATLAB 5 and 7.3.
        key: the name of the array, where the file may hold several.

    Raises:
        UnreadableArrayError: the file is absent or damaged, or holds no such array of numbers.
    """
    import numpy as np

    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing there"
        raise UnreadableArrayError(f"{path}: must be a file of arrays; found {found}")
    try:
        values = np.asarray(_read(path, key))
    except UnreadableArrayError:
        raise
    except Exception as error:  # each library has errors of its own
        raise UnreadableArrayError(
            f"{path}: must be a whole file of arrays ({path.suffix}); found {error}"
        ) from error
    if values.dtype.kind not in "buif":
        raise UnreadableArrayError(
            f"{path}: must hold real numbers{_under(key)}; found values of type {values.dtype}"
        )
    return values


def _under(key: str) -> str:
    return f" under the key {key!r}" if key else ""


def _read(path: Path, key: str) -> Any:
    import numpy as np

    suffix = path.suffix.lower()
    if suffix == ".npy":
        return np.load(path, allow_pickle=False)
    if suffix in TIFF:
        import tifffile

        return tifffile.imread(path)
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as held:
            return held[_known(path, key, {name: held[name].shape for name in held.files})]
    if suffix in HDF5 or _is_hdf5(path):
        return _read_hdf5(path, key)
    return _read_matlab_5(path, key)


def _is_hdf5(path: Path) -> bool:
    import h5py

    return bool(h5py.is_hdf5(path))


def _read_hdf5(path: Path, key: str) -> Any:
    import h5py

    with h5py.File(path) as held:
        shapes: dict[str, tuple[int, ...]] = {}

        def note(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                shapes[name] = item.shape[::-1] if path.suffix.lower() == ".mat" else item.shape

        held.visititems(note)
        values = held[_known(path, key, shapes)][()]
        return values.T if path.suffix.lower() == ".mat" else values


def _read_matlab_5(path: Path, key: str) -> Any:
    from scipy.io import loadmat, whosmat

    shapes = {name: shape for name, shape, _ in whosmat(path)}
    return loadmat(path, variable_names=[_known(path, key, shapes)])[key]


def _known(path: Path, key: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return a key that a file has.

    Raises:
        UnreadableArrayError: it does not have it; the message names those that it has.
    """
    if key not in shapes:
        there = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"
        wanted = f"the key {key!r}" if key else "a stated `key`"
        raise UnreadableArrayError(f"{path}: must have {wanted}; found {there}")
    return key


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, hdf5: bool = False) -> None:
    """Write arrays where a script reads them; the suffix decides the format.

    Args:
        path: the file.
        arrays: key -> values with the axes that the script wants; one array where the format has
            no keys.
        hdf5: whether a ``.mat`` file is written as MATLAB 7.3, and not as MATLAB 5.
    """
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = path.suffix.lower()
    first = next(iter(arrays.values()))
    if suffix == ".npy":
        np.save(path, first)
    elif suffix == ".npz":
        held: Any = arrays  # NumPy's types take it for one of its options
        np.savez(path, **held)
    elif suffix in TIFF:
        _write_tiff(path, first)
    elif suffix in HDF5:
        _write_hdf5(path, arrays)
    elif hdf5:
        _write_matlab_7(path, arrays)
    else:
        from scipy.io import savemat

        savemat(path, dict(arrays), do_compression=True)


def _write_tiff(path: Path, values: NDArray[np.generic]) -> None:
    import tifffile

    # Without it, three bands of 8 bits would become colours, and others pages.
    interleaved = values.ndim == 3 and values.shape[2] > 1
    tifffile.imwrite(
        path,
        values,
        photometric="minisblack",
        planarconfig="contig" if interleaved else None,
    )


def _write_hdf5(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    import h5py

    with h5py.File(path, "w") as held:
        for key, values in arrays.items():
            held[key] = values


def _write_matlab_7(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    import h5py
    import numpy as np

    with h5py.File(path, "w", userblock_size=MATLAB_BLOCK) as held:
        for key, values in arrays.items():
            held[key] = values.T
            named = MATLAB_CLASSES.get(values.dtype.name, "double")
            held[key].attrs["MATLAB_class"] = np.bytes_(named)
    with path.open("r+b") as stream:
        head = MATLAB_HEAD.ljust(116, b" ") + bytes(8) + b"\x00\x02IM"
        stream.write(head)

"""Small images of a dataset's sources, made when the dataset is prepared.

They serve to check every method whose result files are numbered.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from fusebench.contracts.markers import Pair
from fusebench.images import THUMBNAIL_SIDE, read_own, thumbnail

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "thumbnails.npz"


def write_thumbnails(
    folder: Path, sides: Mapping[str, list[NDArray[np.uint8]]], names: list[str]
) -> None:
    """Write the thumbnails (64, 64) of source images A and B, in the order of the pairs' names."""
    import numpy as np

    np.savez(folder / FILE, a=np.stack(sides["a"]), b=np.stack(sides["b"]), names=np.array(names))


def read_thumbnails(
    folder: Path, pairs: Sequence[Pair]
) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]]:
    """Return the thumbnails of source images A and of source images B, in the order of ``pairs``.

    If the folder has none that can be read, as with inputs of self-checks, they are made from the
    images.

    Args:
        folder: the dataset in its normal form.
        pairs: some or all pairs of its manifest.
    """
    try:
        return _kept(folder / FILE, [pair.name for pair in pairs])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):  # absent, or damaged
        files = [folder / pair.sides[side].shown for side in ("a", "b") for pair in pairs]
        with ThreadPoolExecutor(2) as pool:  # decoding images releases Python's global lock (GIL)
            small = list(pool.map(lambda file: thumbnail(read_own(file)), files))
        return small[: len(pairs)], small[len(pairs) :]


def _kept(file: Path, names: list[str]) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]]:
    import numpy as np

    with np.load(file) as kept:
        places = {name: place for place, name in enumerate(kept["names"])}
        chosen = [places[name] for name in names]
        if kept["a"].shape[1:] != (THUMBNAIL_SIDE, THUMBNAIL_SIDE):
            raise ValueError("the thumbnails are those of an older fusebench")
        return list(kept["a"][chosen]), list(kept["b"][chosen])

"""Prepared images when they are used: whether they are still those of the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from fusebench.arrays.values import array_sha256, read_own_cube
from fusebench.contracts.markers import ImageFile
from fusebench.errors import DatasetUnavailable
from fusebench.hashes import sha256_of_file
from fusebench.image_headers import UnreadableImageError
from fusebench.images import pixel_sha256, read_own
from fusebench.markers import ask_again

if TYPE_CHECKING:
    from numpy.typing import NDArray


def refuse_changed(folder: Path, image: ImageFile) -> None:
    """Raise DatasetUnavailable if the bytes of an image are not those that were prepared.

    The next run then prepares the dataset again. A manifest of an older fusebench has no hash of
    the bytes: then the file must only be there.

    Args:
        folder: of the dataset; its marker lies beside it.
        image: as the manifest names it.
    """
    try:
        found = sha256_of_file(folder / image.file)
    except OSError as error:
        raise _changed(folder, image, error.strerror or str(error)) from error
    if image.file_sha256 and found != image.file_sha256:
        raise _changed(folder, image, "another content")


def read_prepared(folder: Path, image: ImageFile) -> NDArray[Any]:
    """Return a prepared part: gray (H, W) or RGB (H, W, 3) of 0 to 255, or an array (H, W, C).

    Raises:
        DatasetUnavailable: they are not those that were prepared. The next run prepares the dataset
            again.
    """
    try:
        if image.array:
            pixels = read_own_cube(folder / image.file)
            found = array_sha256(pixels)
        else:
            pixels = read_own(folder / image.file)
            found = pixel_sha256(pixels)
    except UnreadableImageError as error:
        raise _changed(folder, image, str(error)) from error
    wanted = (image.array.content if image.array else UNSET) or image.sha256
    if found != wanted:
        raise _changed(folder, image, "other pixels")
    return pixels


def _changed(folder: Path, image: ImageFile, found: str) -> DatasetUnavailable:
    ask_again(folder.with_name(f"{folder.name}.json"))
    return DatasetUnavailable(
        f"{folder / image.file}: must be the image that was prepared; found {found}: run again, and"
        " the dataset is prepared again"
    )

"""Collect the script's results: match them to pairs, check them, write them as 8-bit PNG."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from fusebench.arrays.files import SUFFIXES as FILES_OF_ARRAYS
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import Size
from fusebench.contracts.records import FusedImage
from fusebench.errors import BadOutput
from fusebench.fuse.staging import StagedPair
from fusebench.fuse.value_range import (
    CLIPPED_SHARE,
    MUCH_CLIPPED,
    SMALL_16_BITS,
    SMALL_PEAK,
    refuse_other_range,
    refuse_tiny,
)
from fusebench.image_headers import UnreadableImageError
from fusebench.images import (
    LOSSY,
    SCALED,
    SUFFIXES,
    lossy_format,
    mode_of,
    pixel_sha256,
    read_image,
    thumbnail,
    write_png,
)
from fusebench.links import leads_out

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ARRAY_SUFFIXES = frozenset({".npy", ".mat"})
PNG_HEADER = b"\x89PNG\r\n\x1a\n"


def missing_results(staged: list[StagedPair]) -> list[StagedPair]:
    """Return the pairs for which the script left nothing."""
    return [pair for pair in staged if not pair.result.is_file() or pair.result.stat().st_size == 0]


def refuse_links_out(staged: list[StagedPair], room: Path) -> None:
    """Raise BadOutput if a result is a link to a file outside the scratch folder of the run.

    It would be published as an image of the report.
    """
    for pair in staged:
        if leads_out(pair.result, room):
            raise BadOutput(
                f"pair {pair.name!r}: a result must be a file that the script wrote; found a link"
                f" that leads out of the scratch folder at {pair.result.name}"
            )


def too_few(
    staged: list[StagedPair], missing: list[StagedPair], work: Path, out: Path, since: float
) -> BadOutput:
    """Return the error for missing results; it names images that the script wrote elsewhere."""
    elsewhere = [
        path
        for folder in (work, out)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES | FILES_OF_ARRAYS
        and path.is_file()
        and path.stat().st_mtime >= since
    ]
    own = {path for pair in staged for path in (*pair.inputs, pair.result)}
    others = [
        str(path.relative_to(work if path.is_relative_to(work) else out.parent))
        for path in elsewhere
        if path not in own
    ]
    where = (
        f"; it wrote {len(others)} other image(s), e.g. {', '.join(others[:3])}:"
        " correct `run.collect`"
        if others
        else ""
    )
    what = (
        "no result"
        if len(missing) == len(staged)
        else f"{len(staged) - len(missing)} of {len(staged)} results"
    )
    first = missing[0]
    return BadOutput(
        f"the script left {what}; expected first for pair {first.name!r}:"
        f" {first.result.name}{where}"
    )


def collect_result(
    pair: StagedPair, size: Size | None, run: Run, target: Path
) -> tuple[FusedImage, NDArray[np.uint8]]:
    """Check one result and write it to ``target`` as PNG.

    Returns its entry in the record, and its thumbnail (64, 64).

    Args:
        pair: the staged pair.
        size: width and height of its sources; None where a result may have any size.
        run: the entry's fields for this dataset (``size``, ``output_range``).
        target: the PNG to write.

    Raises:
        BadOutput: the result cannot be read, holds NaN or one single value, plainly has another
            range of values than its file or the entry says, or has a size that the entry does not
            allow.
    """
    pixels, notes = _read_result(pair, run.output_range)
    found = (pixels.shape[1], pixels.shape[0])
    other = size is not None and found != size
    if size is not None and other:
        pixels, note = _with_size(pair.name, pixels, size, run.size)
        notes.append(note)
    if pixels.min() == pixels.max():
        raise BadOutput(
            f"pair {pair.name!r}: a fused image must hold more than one value; found"
            f" {pixels.min()} everywhere (NaN becomes 0 in 8 bits)"
        )
    _write(pixels, pair.result if not notes else None, target)
    image = FusedImage(
        name=pair.name,
        size=found if size is None or (other and run.size == "crop-sources") else size,
        fused=target.name,
        mode=mode_of(pixels),
        sha256=pixel_sha256(pixels),
        result_size=found if other else UNSET,
        notes=[*pair.notes, *notes],
    )
    return image, thumbnail(pixels)


def _write(pixels: NDArray[np.uint8], untouched: Path | None, target: Path) -> None:
    """Write a result as PNG.

    A PNG that was not changed is copied, because encoding takes longer than all the rest.
    """
    if untouched is not None and _is_png(untouched):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(untouched, target)
    else:
        write_png(target, pixels)


def _is_png(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(PNG_HEADER)) == PNG_HEADER


def _read_result(pair: StagedPair, value_range: str) -> tuple[NDArray[np.uint8], list[str]]:
    suffix = pair.result.suffix.lower()
    if suffix in ARRAY_SUFFIXES:
        return _quantised(pair.name, _numbers(pair, suffix), value_range)
    try:
        pixels, notes = read_image(pair.result)
    except UnreadableImageError as error:
        values = _load_tiff(pair.result) if suffix in {".tif", ".tiff"} else None
        if values is not None:
            return _quantised(pair.name, values, value_range)
        raise BadOutput(f"pair {pair.name!r}: {error}") from error
    scaled = SCALED in notes
    refuse_tiny(pair.name, pixels, scaled=scaled)
    lossy = lossy_format(pair.result)
    told = [f"{LOSSY}{lossy}"] if lossy else []
    if scaled and pixels.max() <= SMALL_PEAK:
        told.append(SMALL_16_BITS)
    return pixels, [*notes, *told]


def _numbers(pair: StagedPair, suffix: str) -> NDArray[Any]:
    """Return the array that a script wrote.

    A file that holds no array of numbers is a bad output of the script, not a bug of fusebench.
    """
    try:
        values = _load_array(pair.result, suffix)
        if values.dtype.kind not in "buif":
            raise TypeError(f"values of type {values.dtype}")
    except Exception as error:
        raise BadOutput(
            f"pair {pair.name!r}: {pair.result.name} must be a whole file with an array of numbers;"
            f" found {error}"
        ) from error
    return values


def _load_array(path: Path, suffix: str) -> NDArray[Any]:
    import numpy as np

    if suffix == ".npy":
        return np.asarray(np.load(path, allow_pickle=False))
    from scipy.io import loadmat

    arrays = [value for key, value in loadmat(path).items() if not key.startswith("__")]
    return np.asarray(max(arrays, key=np.size))


def _load_tiff(path: Path) -> NDArray[Any] | None:
    """Return the floating-point values of a TIFF.

    None where it has no such values, or where it is damaged and OpenCV does not read it.
    """
    import cv2
    import numpy as np

    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype.kind != "f":
        return None
    return np.asarray(pixels if pixels.ndim == 2 else pixels[:, :, ::-1])


def _quantised(
    name: str, values: NDArray[Any], value_range: str
) -> tuple[NDArray[np.uint8], list[str]]:
    """Round an array of a stated range to 8 bits; clip and count the values outside."""
    import numpy as np

    values = np.squeeze(values).astype(np.float64)
    if not np.isfinite(values).all():
        raise BadOutput(
            f"pair {name!r}: a fused image must hold finite values; found"
            f" {int((~np.isfinite(values)).sum())} that are NaN or infinite"
        )
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] != 3):
        raise BadOutput(
            f"pair {name!r}: a fused image must have the shape (H, W) or (H, W, 3); found"
            f" {values.shape}"
        )
    refuse_other_range(name, values, value_range)
    scaled = values * (255.0 if value_range == "0-1" else 1.0)
    outside = int(((scaled < 0) | (scaled > 255)).sum())
    note = f"array of range {value_range} rounded to 8 bits" + (
        f", {outside} values clipped" if outside else ""
    )
    told = [MUCH_CLIPPED] if outside > CLIPPED_SHARE * scaled.size else []
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8), [note, *told]


def _with_size(
    name: str, pixels: NDArray[np.uint8], size: Size, policy: str
) -> tuple[NDArray[np.uint8], str]:
    """Apply the entry's size policy to a result of another size than its sources."""
    import cv2

    found = f"{pixels.shape[1]}x{pixels.shape[0]}"
    wanted = f"{size[0]}x{size[1]}"
    if policy == "resize-back":
        resized: Any = cv2.resize(pixels, (size[0], size[1]), interpolation=cv2.INTER_CUBIC)
        return resized, f"resized back from {found} to {wanted} (bicubic)"
    if policy == "crop-sources" and pixels.shape[1] <= size[0] and pixels.shape[0] <= size[1]:
        return pixels, f"measured against the top left {found} of its {wanted} sources"
    raise BadOutput(
        f"pair {name!r}: a result must have the size {wanted} of its sources; found {found}; give"
        " the entry `run.size: resize-back` or `crop-sources` if that is how the method works"
    )

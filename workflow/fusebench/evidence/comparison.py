"""Our fused image beside the one that the authors committed: their differences and the verdict.

The rule, from the best verdict to the worst:

======================  ============================================================================
``exact``               every value is the same, and no part of a file was left out: a file with
                        more than 8 bits, or with an alpha channel that is not opaque, is never
                        exact, because these are not compared
``within-tolerance``    no value differs by more than the entry's tolerance (1 gray level where it
                        gives none); where one of the files is a JPEG, a mean difference of at most
                        0.5 and a PSNR of at least 45 dB, because one rounding before encoding can
                        change a block of 8 x 8 pixels by several levels
``close``               a mean difference of at most 1 gray level and a PSNR of at least 40 dB
``differs``             anything else of the same size
``size-differs``        the images have different sizes
``nothing-to-compare``  one of the two images does not exist
======================  ============================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from fusebench.contracts.base import choices_of
from fusebench.contracts.evidence import ComparedImage, ImageVerdict
from fusebench.contracts.markers import ImageFile, Manifest, OriginalFile, Pair
from fusebench.contracts.records import FusedImage, Record
from fusebench.errors import BadOutput
from fusebench.evidence.committed import NO_OUTPUT
from fusebench.images import LOSSES, LOSSY, in_mode, lossy_format, pixel_sha256, read_image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT: Final = "exact"
WITHIN: Final = "within-tolerance"
CLOSE: Final = "close"
DIFFERS: Final = "differs"
SIZE_DIFFERS: Final = "size-differs"
NOTHING: Final = "nothing-to-compare"
VERDICTS: tuple[ImageVerdict, ...] = choices_of(ImageVerdict)
"""From the best to the worst."""

LOSSY_MEAN, LOSSY_PSNR = 0.5, 45.0
LOSSY_RULE = (
    f"one of the two files is a JPEG: within tolerance means a mean of at most {LOSSY_MEAN:g}"
    f" and a PSNR of at least {LOSSY_PSNR:g} dB"
)
CLOSE_MEAN, CLOSE_PSNR = 1.0, 40.0
PEAK = 255.0


@dataclass(frozen=True)
class Differences:
    """By how much two images of one size differ.

    Attributes:
        max_abs: in gray levels, over all values.
        mean_abs: in gray levels, over all values.
        psnr: in dB; None where nothing differs.
        differing: the share (0 to 1) of pixels with a difference in any channel.
    """

    max_abs: int
    mean_abs: float
    psnr: float | None
    differing: float


def differences(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> Differences:
    """Return by how much two images of one size differ.

    A gray image beside an RGB image is taken as three equal channels.

    Args:
        ours: gray (H, W) or RGB (H, W, 3), values 0 to 255.
        theirs: the same size, either mode.
    """
    import numpy as np

    mode = "rgb" if 3 in (ours.ndim, theirs.ndim) else "gray"
    delta = np.abs(in_mode(ours, mode).astype(np.int16) - in_mode(theirs, mode).astype(np.int16))
    squared = float((delta.astype(np.float64) ** 2).mean())
    changed = delta.any(axis=2) if delta.ndim == 3 else delta > 0
    return Differences(
        max_abs=int(delta.max()),
        mean_abs=float(delta.mean()),
        psnr=float(10 * np.log10(PEAK**2 / squared)) if squared else None,
        differing=float(changed.mean()),
    )


def verdict_of(found: Differences, tolerance: float, lossy: bool) -> ImageVerdict:
    """Return the verdict for the differences of two images, by the rule of this module."""
    if found.max_abs == 0 or found.psnr is None:
        return EXACT
    if found.max_abs <= tolerance:
        return WITHIN
    if lossy and found.mean_abs <= LOSSY_MEAN and found.psnr >= LOSSY_PSNR:
        return WITHIN
    if found.mean_abs <= CLOSE_MEAN and found.psnr >= CLOSE_PSNR:
        return CLOSE
    return DIFFERS


def compare_run(
    manifest: Manifest, record: Record, fused: Path, tolerance: float
) -> list[ComparedImage]:
    """Compare each image of a run with the committed one; none where run or images failed.

    Args:
        manifest: the images of the check.
        record: of the run.
        fused: the folder of its fused images.
        tolerance: in gray levels.

    Raises:
        BadOutput: an image is not the one of its record.
    """
    if not (manifest.is_ok and record.is_ok):
        return []
    ours = {image.name: image for image in record.images}
    return [
        compare_pair(pair, Path(manifest.path), ours[pair.name], fused, tolerance)
        for pair in manifest.pairs
    ]


def compare_pair(
    pair: Pair, images: Path, image: FusedImage, fused: Path, tolerance: float
) -> ComparedImage:
    """Compare one fused image of ours with the committed one.

    Args:
        pair: of the check's manifest.
        images: the folder of the manifest.
        image: what the record says of ours.
        fused: the folder of our fused images.
        tolerance: in gray levels.

    Raises:
        BadOutput: our image is not the one of its record.
    """
    inputs = {
        side: file.original.sha256
        for side, file in (("a", pair.a), ("b", pair.b))
        if isinstance(file.original, OriginalFile)
    }
    compared = ComparedImage(name=pair.name, verdict=NOTHING, inputs=inputs, ours=image.sha256)
    if not isinstance(pair.expect, ImageFile):
        return replace(compared, reason=pair.why or NO_OUTPUT)
    ours = _as_recorded(fused / image.fused, image.sha256)
    theirs, _ = read_image(images / pair.expect.file)
    notes = [
        *(f"theirs: {note}" for note in pair.expect.notes),
        *(f"ours: {note}" for note in image.notes),
        *_mode_note(ours, theirs),
    ]
    compared = replace(
        compared, theirs=pixel_sha256(theirs), theirs_file=pair.expect.original, notes=notes
    )
    if ours.shape[:2] != theirs.shape[:2]:
        reason = f"theirs is {_size(theirs)}, ours {_size(ours)}"
        return replace(compared, verdict=SIZE_DIFFERS, reason=reason)
    lossy = is_lossy(images / pair.expect.file, image)
    found = differences(ours, theirs)
    told = {*pair.expect.notes, *image.notes}
    return replace(
        compared,
        verdict=_of_what_was_compared(verdict_of(found, tolerance, lossy), told),
        lossy=lossy,
        notes=[*notes, LOSSY_RULE] if lossy else notes,
        **vars(found),
    )


def _of_what_was_compared(verdict: ImageVerdict, notes: set[str]) -> ImageVerdict:
    """Return the verdict on two files, with regard to what was left out before the comparison.

    No file is ``exact`` if a part of it was left out.
    """
    return WITHIN if verdict == EXACT and not notes.isdisjoint(LOSSES) else verdict


def _as_recorded(path: Path, sha256: str) -> NDArray[np.uint8]:
    """Read our image and check it against its record.

    A verdict carries the hash of the record, so the pixels must have that hash.
    """
    pixels, _ = read_image(path)
    if pixel_sha256(pixels) != sha256:
        raise BadOutput(
            f"{path}: must be the image of its record; found another: delete record.json beside its"
            " folder and run again"
        )
    return pixels


def is_lossy(theirs: Path, image: FusedImage) -> bool:
    """Tell whether one of the two files is, or was, a JPEG."""
    return lossy_format(theirs) == "JPEG" or f"{LOSSY}JPEG" in image.notes


def _mode_note(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> list[str]:
    if ours.ndim == theirs.ndim:
        return []
    mode = {2: "gray", 3: "rgb"}
    return [f"theirs is {mode[theirs.ndim]}, ours {mode[ours.ndim]}"]


def _size(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"


def worst(verdicts: Sequence[ImageVerdict]) -> ImageVerdict:
    """Return the worst verdict of the images that could be compared.

    It is ``nothing-to-compare`` where there is no such image.
    """
    compared = [verdict for verdict in verdicts if verdict != NOTHING]
    return max(compared, key=VERDICTS.index) if compared else NOTHING


def worst_image(images: Iterable[ComparedImage]) -> ComparedImage | None:
    """Return the image that differs most: the worst verdict, then the greatest mean difference."""
    compared = [image for image in images if image.max_abs is not None]
    return max(
        compared,
        key=lambda image: (VERDICTS.index(image.verdict), image.mean_abs or 0.0),
        default=None,
    )

"""One normal form for every dataset: ``a/<pair>.png``, ``b/<pair>.png``, ``reference/<pair>.png``.

The reference exists only where there is a ground truth. The manifest names each pair with the size,
mode and sha256 (over the pixel values) of its images, and what was done to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from msgspec import UNSET
from msgspec.structs import replace

from fusebench.contracts.datasets import PercentileRange, SideReading
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import ImageFile, Manifest, OriginalFile, Pair
from fusebench.datasets.file_facts import write_facts
from fusebench.datasets.pins import check_pins
from fusebench.datasets.thumbnails import write_thumbnails
from fusebench.errors import DatasetUnavailable, SourceUnavailable
from fusebench.file_facts import facts_of
from fusebench.folders import remove_folder, scratch_folder, staged_folder
from fusebench.hashes import sha256_of_file, sha256_of_json
from fusebench.image_headers import UnreadableImageError
from fusebench.images import (
    AS_STORED,
    Reading,
    in_mode,
    level_counts,
    limits_of,
    mode_of,
    pixel_sha256,
    read_image,
    read_levels,
    thumbnail,
    write_png,
)
from fusebench.project import locate
from fusebench.registry.pairing import FoundPairs, find_pairs, local_folder
from fusebench.registry.path_patterns import expression, fixed_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ReadImage:
    """One image of a pair as it was read.

    Attributes:
        pixels: gray (H, W) or RGB (H, W, 3), values 0 to 255.
        original: the file that it came from; None for a generated one.
        notes: what was done to it while it was read.
    """

    pixels: NDArray[np.uint8]
    original: OriginalFile | None = None
    notes: list[str] = field(default_factory=list)


Sides = dict[str, ReadImage]
"""Side (a, b, reference) -> image."""

NamedPairs = Iterable[tuple[str, Callable[[], Sides]]]
"""The name of each pair, and what loads its images."""

LeftOut = dict[str, list[str]]
"""Reason -> images that belong to no pair."""


def prepare_dataset(
    name: str, job: DatasetJob, final: Path, root: Path, mirror: str = ""
) -> Manifest:
    """Write a dataset in its normal form into ``final`` and return its manifest.

    Args:
        name: the dataset's name, for messages.
        job: which images it holds.
        final: the folder to make; what was there is replaced.
        root: the project's folder; relative folders of local datasets start there.
        mirror: a path template that replaces the network, see ``sources``.

    Raises:
        DatasetUnavailable: images are absent, damaged or of different sizes, or not the ones that
            the entry pins.
    """
    with scratch_folder() as scratch:
        remove_folder(final)
        with staged_folder(final) as stage:
            if job.kind == "local":  # before the first image is read: a later change is noticed
                _keep_facts(job, root, stage)
            pairs, left_out = _sources(job, root, mirror, scratch)
            manifest = replace(_write_pairs(pairs, stage), left_out=left_out or UNSET)
            _check_pin(name, job, manifest)
            if job.hashes:
                check_pins(name, locate(root, job.hashes), manifest, job.names is None)
    return replace(manifest, path=str(final))


def _sources(job: DatasetJob, root: Path, mirror: str, scratch: Path) -> tuple[NamedPairs, LeftOut]:
    """Return the pairs of a dataset by its kind, and the images that are left out."""
    match job.kind:
        case "generated":
            return _generated_pairs(job.generator), {}
        case "git":
            return _file_pairs(_checkout(job, root, mirror, scratch), job)
        case "local":
            return _file_pairs(_users_folder(job, root), job)
    assert_never(job.kind)


def _keep_facts(job: DatasetJob, root: Path, stage: Path) -> None:
    with suppress(DatasetUnavailable):  # reported with all others when the pairs are read
        folder = _users_folder(job, root)
        write_facts(stage, facts_of(find_pairs(folder, job.patterns, job.names).files(folder)))


def _users_folder(job: DatasetJob, root: Path) -> Path:
    folder = local_folder(job.folder, root).absolute()
    try:
        is_there, why = folder.is_dir(), ""
    except OSError as error:  # a folder around it may not be read
        is_there, why = False, f" ({error.strerror})"
    if not is_there:
        raise DatasetUnavailable(
            f"{job.folder}: must be the folder of your images; found nothing at {folder}{why}"
        )
    return folder


def _generated_pairs(generator: str) -> Iterator[tuple[str, Callable[[], Sides]]]:
    from fusebench.generated import generator as generator_of

    for pair in generator_of(generator)():
        images = {"a": pair.a, "b": pair.b, "reference": pair.reference}
        sides = {side: ReadImage(pixels) for side, pixels in images.items() if pixels is not None}
        yield pair.name, partial(dict, sides)


def _checkout(job: DatasetJob, root: Path, mirror: str, scratch: Path) -> Path:
    from fusebench.sources.repositories import checkout_folders

    folders = sorted({fixed_folder(pattern) for pattern in job.patterns.values()})
    try:
        absent = checkout_folders(job.code, job.commit, folders, scratch, root, mirror)
    except SourceUnavailable as error:
        raise DatasetUnavailable(str(error)) from error
    wanted = [
        expression(pattern, name)
        for pattern in (job.patterns.values() if absent else ())
        for name in job.names or ()
    ]
    lacking = [path for path in absent if any(one.fullmatch(path) for one in wanted)]
    if lacking:
        raise DatasetUnavailable(
            f"{job.code}: {len(lacking)} image(s) are part of the commit, but their content is not"
            f" where it was cloned from, or they are links out of the repository; first:"
            f" {lacking[0]}"
        )
    return scratch


def _file_pairs(folder: Path, job: DatasetJob) -> tuple[NamedPairs, LeftOut]:
    found = find_pairs(folder, job.patterns, job.names)
    readings = {side: _reading(side, one, found) for side, one in (job.readings or {}).items()}
    pairs = [(name, partial(_read_sides, folder, readings, found, name)) for name in found.names]
    return pairs, found.left_out


def _read_sides(
    folder: Path, readings: Mapping[str, Reading], found: FoundPairs, name: str
) -> Sides:
    return {
        side: _read(folder, found.image(side, name), name, readings.get(side, AS_STORED))
        for side in found.sides
    }


def _reading(side: str, stated: SideReading, found: FoundPairs) -> Reading:
    channel = None if stated.channel is UNSET else stated.channel  # 0 is a channel
    if not isinstance(stated.range, PercentileRange):
        return Reading(channel, stated.range or None, stated.bits or None)
    reading = Reading(channel, percentiles=stated.range.percentiles)
    if stated.range.of != "dataset":
        return reading
    counts = sum(_counts_of_side(side, channel, found))
    if isinstance(counts, int):  # no image can be read, which is told when the pairs are
        return reading
    try:
        limits = limits_of(counts, stated.range.percentiles, f"all images of side {side}")
    except UnreadableImageError as error:
        raise DatasetUnavailable(str(error)) from error
    return Reading(channel, limits, percentiles=stated.range.percentiles)


def _counts_of_side(
    side: str, channel: int | None, found: FoundPairs
) -> Iterator[NDArray[np.int64]]:
    """Yield how often each value occurs in each image of a side that can be read."""
    for name in found.names:
        with suppress(DatasetUnavailable, UnreadableImageError):
            yield level_counts(read_levels(found.image(side, name), channel)[0])


def _read(folder: Path, path: Path, name: str, reading: Reading) -> ReadImage:
    relative = path.relative_to(folder).as_posix()
    try:
        pixels, notes = read_image(path, reading)
    except UnreadableImageError as error:
        message = str(error).replace(str(path), relative)
        raise DatasetUnavailable(f"pair {name!r}: {message}") from error
    return ReadImage(pixels, OriginalFile(file=relative, sha256=sha256_of_file(path)), notes)


def _write_pairs(pairs: NamedPairs, stage: Path) -> Manifest:
    """Write every pair and return the manifest; one error reports all damaged pairs."""
    written: list[Pair] = []
    problems: list[str] = []
    one_image: list[str] = []
    small: dict[str, list[NDArray[np.uint8]]] = {"a": [], "b": []}
    for name, load_sides in pairs:
        try:
            sides = load_sides()
            written.append(_write_pair(name, sides, stage))
            for side, thumbnails in small.items():
                thumbnails.append(thumbnail(sides[side].pixels))
            if _are_equal(sides["a"].pixels, sides["b"].pixels):
                one_image.append(name)
        except DatasetUnavailable as error:
            problems.append(str(error))
    if problems:
        more = f"; and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise DatasetUnavailable("; ".join(problems[:10]) + more)
    if not written:
        raise DatasetUnavailable("must hold at least one pair; found none")
    write_thumbnails(stage, small, [pair.name for pair in written])
    return Manifest(pairs=written, sha256=sha256_of_pairs(written), one_image=one_image or UNSET)


def _are_equal(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Say whether two images show the same; a gray image may be stored as RGB."""
    import numpy as np

    if a.ndim == b.ndim:
        return np.array_equal(a, b)
    return np.array_equal(in_mode(a, "rgb"), in_mode(b, "rgb"))


def sha256_of_pairs(pairs: Iterable[Pair]) -> str:
    """Return the sha256 over the names of some pairs and the pixels of their sources."""
    return sha256_of_json([[pair.name, pair.a.sha256, pair.b.sha256] for pair in pairs])


def _write_pair(name: str, sides: Sides, stage: Path) -> Pair:
    sizes = {side: (image.pixels.shape[1], image.pixels.shape[0]) for side, image in sides.items()}
    if len(set(sizes.values())) > 1:
        found = ", ".join(
            f"{side.upper() if len(side) == 1 else side} {w}x{h}" for side, (w, h) in sizes.items()
        )
        raise DatasetUnavailable(
            f"pair {name!r}: the images of a pair must have one size; found {found}; register or"
            " crop them, or take the pair off the list"
        )
    files = {side: _write_side(name, side, image, stage) for side, image in sides.items()}
    return Pair(
        name=name,
        size=sizes["a"],
        a=files["a"],
        b=files["b"],
        reference=files.get("reference", UNSET),
    )


def _write_side(name: str, side: str, image: ReadImage, stage: Path) -> ImageFile:
    file = f"{side}/{name}.png"
    write_png(stage / file, image.pixels)
    return ImageFile(
        file=file,
        mode=mode_of(image.pixels),
        sha256=pixel_sha256(image.pixels),
        notes=image.notes,
        original=image.original or UNSET,
        file_sha256=sha256_of_file(stage / file),
    )


def _check_pin(name: str, job: DatasetJob, manifest: Manifest) -> None:
    if job.sha256 and job.sha256 != manifest.sha256:
        raise DatasetUnavailable(
            f"{name}: its images must have the sha256 {job.sha256} together; found"
            f" {manifest.sha256}: these are other images, or another selection"
        )

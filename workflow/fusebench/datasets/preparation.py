"""One normal form for every dataset: ``a/<pair>.png``, ``b/<pair>.png``, ``reference/<pair>.png``.

The reference exists only where there is a ground truth; further parts have folders of their own. An
array is ``a/<pair>.npy`` instead, (H, W, C), and ``a/<pair>.png`` is a picture of it. The manifest
names each pair with the size, mode and sha256 (over the pixel values) of its images, and what was
done to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from msgspec import UNSET, to_builtins
from msgspec.structs import replace

from fusebench.arrays.values import ArrayReading, array_sha256, read_cube, write_cube
from fusebench.contracts.base import Maybe
from fusebench.contracts.datasets import Cube, Degradation, PercentileRange, SideReading
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import ARRAY, ArrayFacts, ImageFile, Manifest, OriginalFile, Pair
from fusebench.datasets.file_facts import write_facts
from fusebench.datasets.pins import check_pins
from fusebench.datasets.scenes import (
    ReadImage,
    Scene,
    Sides,
    array_facts,
    cropped,
    cube_scene,
    derived,
    refuse_bands,
)
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
from fusebench.registry.pairing import LABELS, FoundPairs, find_pairs, local_folder
from fusebench.registry.path_patterns import expression, fixed_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
            manifest = replace(_write_pairs(pairs, stage, job), left_out=left_out or UNSET)
            _check_pin(name, job, manifest)
            if job.hashes:
                check_pins(name, locate(root, job.hashes), manifest, job.names is None)
    return replace(manifest, path=str(final))


def _sources(job: DatasetJob, root: Path, mirror: str, scratch: Path) -> tuple[NamedPairs, LeftOut]:
    """Return the pairs of a dataset by its kind, and the images that are left out."""
    match job.kind:
        case "generated":
            return _generated_pairs(job), {}
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


def _generated_pairs(job: DatasetJob) -> Iterator[tuple[str, Callable[[], Sides]]]:
    from fusebench.generated import generator as generator_of

    for pair in generator_of(job.generator)():
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
    readings = {
        side: _array_reading(one, job.cube) if one.axes and job.cube else _reading(side, one, found)
        for side, one in (job.readings or {}).items()
    }
    pairs = [(name, partial(_read_sides, folder, readings, found, name)) for name in found.names]
    return pairs, found.left_out


def _read_sides(
    folder: Path, readings: Mapping[str, Reading | ArrayReading], found: FoundPairs, name: str
) -> Sides:
    return {
        side: _read(folder, found.image(side, name), name, readings.get(side, AS_STORED))
        for side in found.sides
    }


def _array_reading(stated: SideReading, cube: Cube) -> ArrayReading:
    limits = stated.range if isinstance(stated.range, tuple) else (0, cube.peak)
    return ArrayReading(
        axes=stated.axes or "",
        key=stated.key or "",
        limits=limits,
        size=stated.pixels or None,
        bands=stated.bands or None,
    )


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


def _read(folder: Path, path: Path, name: str, reading: Reading | ArrayReading) -> ReadImage:
    relative = path.relative_to(folder).as_posix()
    try:
        if isinstance(reading, ArrayReading):
            pixels, notes = read_cube(path, reading)
        else:
            pixels, notes = read_image(path, reading)
    except UnreadableImageError as error:
        message = str(error).replace(str(path), relative)
        raise DatasetUnavailable(f"pair {name!r}: {message}") from error
    return ReadImage(pixels, OriginalFile(file=relative, sha256=sha256_of_file(path)), notes)


def _write_pairs(pairs: NamedPairs, stage: Path, job: DatasetJob) -> Manifest:
    """Write every pair and return the manifest; one error reports all damaged pairs."""
    written: list[Pair] = []
    problems: list[str] = []
    one_image: list[str] = []
    small: dict[str, list[NDArray[np.uint8]]] = {"a": [], "b": []}
    for name, load_sides in pairs:
        try:
            scene = _scene_of(name, load_sides(), job)
            written.append(_write_pair(name, scene, stage))
            for side, thumbnails in small.items():
                thumbnails.append(thumbnail(scene.pictures[side]))
            if _are_equal(scene.sides["a"].pixels, scene.sides["b"].pixels):
                one_image.append(name)
        except DatasetUnavailable as error:
            problems.append(str(error))
    if problems:
        more = f"; and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise DatasetUnavailable("; ".join(problems[:10]) + more)
    if not written:
        raise DatasetUnavailable("must hold at least one pair; found none")
    write_thumbnails(stage, small, [pair.name for pair in written])
    return Manifest(
        pairs=written,
        sha256=sha256_of_pairs(written, job.cube or None),
        cube=job.cube,
        one_image=one_image or UNSET,
    )


def _scene_of(name: str, sides: Sides, job: DatasetJob) -> Scene:
    """Return a scene ready to be written: its sizes fit, and what is derived is derived.

    Two 8-bit images of one size are the simplest scene.
    """
    if not job.cube:
        _refuse_sizes(name, sides, 1)
        return Scene(sides, {side: image.pixels for side, image in sides.items()})
    refuse_bands(name, sides, job.cube)
    sides = cropped(name, sides, job.cube)
    if not isinstance(job.cube.derive, Degradation):  # it makes A
        _refuse_sizes(name, sides, job.cube.ratio)
    return cube_scene(derived(name, sides, job.cube), job.cube)


def _are_equal(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Say whether two images show the same; a gray image may be stored as RGB."""
    import numpy as np

    if a.ndim == b.ndim:
        return np.array_equal(a, b)
    return np.array_equal(in_mode(a, "rgb"), in_mode(b, "rgb"))


def sha256_of_pairs(pairs: Iterable[Pair], cube: Cube | None = None) -> str:
    """Return the sha256 over the names of some pairs and the pixels of their sources.

    Further parts of a scene, and what is stated of arrays, belong to it.
    """
    hashed: list[object] = [_hashed(pair) for pair in pairs]
    return sha256_of_json(hashed if cube is None else [hashed, to_builtins(cube)])


def _hashed(pair: Pair) -> list[object]:
    others = {name: part.sha256 for name, part in (pair.others or {}).items()}
    return [pair.name, pair.a.sha256, pair.b.sha256, *([others] if others else [])]


def _refuse_sizes(name: str, sides: Sides, ratio: int) -> None:
    """Raise DatasetUnavailable unless side B has the size of A over the ratio, as others that of A.

    The ground truth of arrays whose files are used as they are has the size of A too.
    """
    sizes = {side: _size(sides[side]) for side in LABELS if side in sides}
    enlarged = {**sizes, "b": (sizes["b"][0] * ratio, sizes["b"][1] * ratio)}
    if len(set(enlarged.values())) == 1:
        return
    found = ", ".join(
        f"{side.upper() if len(side) == 1 else side} {w}x{h}" for side, (w, h) in sizes.items()
    )
    if ratio > 1:
        raise DatasetUnavailable(
            f"pair {name!r}: A must be {ratio} times as wide and high as B, as `cube.ratio` says,"
            f" and the ground truth as large as A; found {found}"
        )
    raise DatasetUnavailable(
        f"pair {name!r}: the images of a pair must have one size; found {found}; register or"
        " crop them, or take the pair off the list"
    )


def _size(image: ReadImage) -> tuple[int, int]:
    return (image.pixels.shape[1], image.pixels.shape[0])


def _write_pair(name: str, scene: Scene, stage: Path) -> Pair:
    files = {side: _write_side(name, side, scene, stage) for side in scene.sides}
    others = {side: file for side, file in files.items() if side not in LABELS}
    return Pair(
        name=name,
        size=_size(scene.sides["a"]),
        a=files["a"],
        b=files["b"],
        reference=files.get("reference", UNSET),
        others=others or UNSET,
    )


def _write_side(name: str, side: str, scene: Scene, stage: Path) -> ImageFile:
    image, file = scene.sides[side], f"{side}/{name}.png"
    array: Maybe[ArrayFacts] = UNSET
    write_png(stage / file, scene.pictures[side])
    if side in scene.limits:
        array = array_facts(image, file, scene.limits[side])
        file = f"{side}/{name}.npy"
        write_cube(stage / file, image.pixels)
    return ImageFile(
        file=file,
        mode=ARRAY if array else mode_of(image.pixels),
        sha256=_identity(image) if array else pixel_sha256(image.pixels),
        notes=image.notes,
        original=image.original or UNSET,
        file_sha256=sha256_of_file(stage / file),
        array=array,
    )


def _identity(image: ReadImage) -> str:
    """Return what an array is known by: its own values, or what it was derived from."""
    return image.identity or array_sha256(image.pixels)


def _check_pin(name: str, job: DatasetJob, manifest: Manifest) -> None:
    if job.sha256 and job.sha256 != manifest.sha256:
        raise DatasetUnavailable(
            f"{name}: its images must have the sha256 {job.sha256} together; found"
            f" {manifest.sha256}: these are other images, or another selection"
        )

"""One normal form for every dataset: ``a/<pair>.png``, ``b/<pair>.png`` and, where there is one, ``reference/<pair>.png``.

The manifest names each pair with the size, mode and sha256 (over the pixel values) of its images, and what was done to them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.datasets.pairing import (
    find_names,
    fixed_folder,
    image_path,
    local_folder,
    pair_names,
    patterns,
)
from fusebench.datasets.pins import check_pins
from fusebench.datasets.thumbnails import write_thumbnails
from fusebench.errors import DatasetUnavailable, SourceUnavailable
from fusebench.files import sha256_of_file, sha256_of_json
from fusebench.images import (
    UnreadableImageError,
    mode_of,
    pixel_sha256,
    read_image,
    thumbnail,
    write_png,
)
from fusebench.staging import remove_folder, staged_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sides = dict[str, tuple[NDArray[np.uint8], dict[str, Any]]]
    """Side -> pixels, and what is known of the file they came from."""
    LoadSides = Callable[[], Sides]


def prepare_dataset(
    name: str, definition: dict[str, Any], final: Path, root: Path, mirror: str = ""
) -> dict[str, Any]:
    """Write a dataset in its normal form into ``final`` and return its manifest.

    Args:
        name: the dataset's name, for messages.
        definition: the fields of its entry that decide which images it holds.
        final: the folder to make; what was there is replaced.
        root: the project's folder; relative folders of local datasets start there.
        mirror: a path template that replaces the network, see ``sources``.

    Raises:
        DatasetUnavailable: images are absent, damaged or of different sizes, or not the ones that the entry pins.
    """
    with tempfile.TemporaryDirectory() as scratch:
        remove_folder(final)
        with staged_folder(final) as stage:
            manifest = _write_pairs(_sources(definition, root, mirror, Path(scratch)), stage)
            _check_pin(name, definition, manifest)
            if "hashes" in definition:
                check_pins(name, root / definition["hashes"], manifest, "pairs" not in definition)
    return {"path": str(final), **manifest}


def _sources(
    definition: dict[str, Any], root: Path, mirror: str, scratch: Path
) -> Iterable[tuple[str, LoadSides]]:
    """Yield the pairs of a dataset by its kind: the name, and what loads its images."""
    if definition["kind"] == "generated":
        return _generated_pairs(definition["generator"])
    if definition["kind"] == "git":
        return _file_pairs(_checkout(definition, root, mirror, scratch), definition, root)
    folder = local_folder(definition, root).resolve()
    if not folder.is_dir():
        raise DatasetUnavailable(
            f"{definition['folder']}: must be the folder of your images; found nothing at {folder}"
        )
    return _file_pairs(folder, definition, root)


def _generated_pairs(generator: str) -> Iterator[tuple[str, LoadSides]]:
    from fusebench.datasets.generated import generator as generator_of

    for pair in generator_of(generator)():
        images = {"a": pair.a, "b": pair.b, "reference": pair.reference}
        sides: Sides = {
            side: (pixels, {"notes": []}) for side, pixels in images.items() if pixels is not None
        }
        yield pair.name, partial(dict, sides)


def _checkout(definition: dict[str, Any], root: Path, mirror: str, scratch: Path) -> Path:
    from fusebench.sources.repositories import checkout_folders

    folders = sorted({fixed_folder(pattern) for pattern in patterns(definition).values()})
    try:
        absent = checkout_folders(
            definition["code"], definition["commit"], folders, scratch, root, mirror
        )
    except SourceUnavailable as error:
        raise DatasetUnavailable(str(error)) from error
    names = pair_names(definition["pairs"], root) or []
    wanted = {
        pattern.replace("{name}", name)
        for pattern in patterns(definition).values()
        for name in names
    }
    lacking = sorted(wanted.intersection(absent))
    if lacking:
        raise DatasetUnavailable(
            f"{definition['code']}: {len(lacking)} image(s) are part of the commit, but their content is not where it was cloned from; first: {lacking[0]}"
        )
    return scratch


def _file_pairs(
    folder: Path, definition: dict[str, Any], root: Path
) -> Iterator[tuple[str, LoadSides]]:
    for name in pair_names(definition.get("pairs"), root) or find_names(folder, definition):
        yield name, partial(_read_sides, folder, definition, name)


def _read_sides(folder: Path, definition: dict[str, Any], name: str) -> Sides:
    return {side: _read(folder, pattern, name) for side, pattern in patterns(definition).items()}


def _read(folder: Path, pattern: str, name: str) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    path = image_path(folder, pattern, name)
    try:
        pixels, notes = read_image(path)
    except UnreadableImageError as error:
        message = str(error).replace(str(path), path.relative_to(folder).as_posix())
        raise DatasetUnavailable(f"pair {name!r}: {message}") from error
    original = {"file": path.relative_to(folder).as_posix(), "sha256": sha256_of_file(path)}
    return pixels, {"original": original, "notes": notes}


def _write_pairs(pairs: Iterable[tuple[str, LoadSides]], stage: Path) -> dict[str, Any]:
    """Write every pair and return the manifest; all damaged pairs are told at once."""
    entries, problems = [], []
    small: dict[str, list[NDArray[np.uint8]]] = {"a": [], "b": []}
    for name, load_sides in pairs:
        try:
            sides = load_sides()
            entries.append(_write_pair(name, sides, stage))
            for side, thumbnails in small.items():
                thumbnails.append(thumbnail(sides[side][0]))
        except DatasetUnavailable as error:
            problems.append(str(error))
    if problems:
        more = f"; and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise DatasetUnavailable("; ".join(problems[:10]) + more)
    if not entries:
        raise DatasetUnavailable("must hold at least one pair; found none")
    write_thumbnails(stage, small, [entry["name"] for entry in entries])
    hashes = [[entry["name"], entry["a"]["sha256"], entry["b"]["sha256"]] for entry in entries]
    return {"pairs": entries, "sha256": sha256_of_json(hashes)}


def _write_pair(name: str, sides: Sides, stage: Path) -> dict[str, Any]:
    sizes = {side: (pixels.shape[1], pixels.shape[0]) for side, (pixels, _) in sides.items()}
    if len(set(sizes.values())) > 1:
        found = ", ".join(
            f"{side.upper() if len(side) == 1 else side} {w}x{h}" for side, (w, h) in sizes.items()
        )
        raise DatasetUnavailable(
            f"pair {name!r}: the images of a pair must have one size; found {found}; register or crop them, or take the pair off the list"
        )
    entry: dict[str, Any] = {"name": name, "size": list(sizes["a"])}
    for side, (pixels, facts) in sides.items():
        write_png(stage / side / f"{name}.png", pixels)
        entry[side] = {
            "file": f"{side}/{name}.png",
            "mode": mode_of(pixels),
            "sha256": pixel_sha256(pixels),
            **facts,
        }
    return entry


def _check_pin(name: str, definition: dict[str, Any], manifest: dict[str, Any]) -> None:
    pinned = definition.get("sha256")
    if pinned and pinned != manifest["sha256"]:
        raise DatasetUnavailable(
            f"{name}: its images must have the sha256 {pinned} together; found {manifest['sha256']}: these are other images, or another selection"
        )

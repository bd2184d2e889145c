"""The images of a self-check, taken from the method's own clone: inputs and outputs byte for byte as committed.

They keep their files, where a dataset has PNG copies of the pixels: a script that reads a JPEG as gray gets other values
from it than from its decoded colours.
"""

from __future__ import annotations

import fnmatch
import shutil
import tempfile
from pathlib import Path
from typing import Any

from fusebench.datasets.pairing import names_of
from fusebench.errors import DatasetUnavailable, StepError
from fusebench.evidence.checks import SIDES
from fusebench.files import sha256_of_file, sha256_of_json
from fusebench.fuse.staging import copy_repository
from fusebench.images import SUFFIXES, UnreadableImageError, mode_of, pixel_sha256, read_image
from fusebench.markers import OK
from fusebench.staging import remove_folder, staged_folder

NO_OUTPUT = "no committed output"
ABSENT = "is part of the commit, but its content is not where it was cloned from"


def prepare_committed(
    source: dict[str, Any], definition: dict[str, Any], final: Path
) -> dict[str, Any]:
    """Copy the images of a self-check into ``final`` and return their manifest.

    Args:
        source: the marker of the method's source.
        definition: ``Check.definition``.
        final: the folder to make; what was there is replaced.

    Returns:
        A manifest as datasets have it; each pair also has ``expect``, None where there is no committed output for it that
        can be compared, and ``why`` then. ``unpaired`` names committed outputs that belong to no pair.

    Raises:
        StepError: the clone cannot be had, in the clone's own state.
        DatasetUnavailable: an input is absent or damaged, or no input, or none of the outputs asked for, can be found.
    """
    if source["state"] != OK:
        error = StepError(source["reason"])
        error.state = source["state"]
        raise error
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(source["path"])
        if definition["unpack"]:
            folder = Path(scratch, "work")
            _refuse_absent(definition["unpack"], source)
            copy_repository(Path(source["path"]), folder, definition["unpack"], {})
        remove_folder(final)
        with staged_folder(final) as stage:
            manifest = _write(folder, definition, stage, source)
    return {"path": str(final), **manifest}


def _refuse_absent(files: list[str], source: dict[str, Any]) -> None:
    lacking = sorted(set(files).intersection(source.get("absent") or []))
    if lacking:
        raise DatasetUnavailable(f"{source['code']}: {lacking[0]} {ABSENT}")


def _write(
    folder: Path, definition: dict[str, Any], stage: Path, source: dict[str, Any]
) -> dict[str, Any]:
    paths = _paths(folder, definition)
    if not paths:
        raise DatasetUnavailable(
            f"{source['code']}: no pair of committed inputs was found; correct `selfcheck.inputs`: {definition['a']}, {definition['b']}"
        )
    pairs = [
        _copy_pair(name, sides, folder, stage, source, _promises(definition, name))
        for name, sides in paths.items()
    ]
    unpaired = _unpaired(folder, definition, paths)
    if "expect" in definition and all(pair.get("why") == NO_OUTPUT for pair in pairs):
        found = f"; it finds {', '.join(unpaired[:3])}, which no pair is named" if unpaired else ""
        raise DatasetUnavailable(
            f"{source['code']}: no committed output was found for any pair; correct `selfcheck.expect`: {definition['expect']}{found}"
        )
    hashes = [[pair["name"], pair["a"]["sha256"], pair["b"]["sha256"]] for pair in pairs]
    return {
        "pairs": pairs,
        "sha256": sha256_of_json(hashes),
        "unpaired": unpaired,
    }


def _paths(folder: Path, definition: dict[str, Any]) -> dict[str, dict[str, Path]]:
    """Return name -> side -> file; a side whose file does not exist is kept for the inputs only."""
    pairs = definition["pairs"]
    if isinstance(pairs, dict):
        return {
            name: {
                side: folder / _filled(definition, pair, side, name)
                for side in SIDES
                if _has(definition, pair, side)
            }
            for name, pair in pairs.items()
        }
    patterns = {side: definition[side] for side in SIDES if side in definition}
    names = pairs or sorted(names_of(folder, patterns["a"]) & names_of(folder, patterns["b"]))
    return {
        name: {side: _existing(folder, pattern, name) for side, pattern in patterns.items()}
        for name in names
    }


def _promises(definition: dict[str, Any], name: str) -> bool:
    """Say whether the entry names the output of one pair itself, not by a pattern for all."""
    pairs = definition["pairs"]
    return isinstance(pairs, dict) and "expect" in pairs[name]


def _has(definition: dict[str, Any], pair: dict[str, str], side: str) -> bool:
    return side in pair or side in definition


def _filled(definition: dict[str, Any], pair: dict[str, str], side: str, name: str) -> str:
    return pair[side] if side in pair else str(definition[side]).replace("{name}", name)


def _existing(folder: Path, pattern: str, name: str) -> Path:
    """Return the file of one pair; a pattern that does not match one image gives the pattern itself, which does not exist."""
    matches = _matching(folder, pattern.replace("{name}", name))
    return matches[0] if len(matches) == 1 else folder / pattern.replace("{name}", name)


def _matching(folder: Path, relative: str) -> list[Path]:
    """Return the images that a path with ``*`` stands for; what lies beside them under the same name is none."""
    if "*" not in relative:
        return [folder / relative]
    found = sorted(folder.glob(relative.replace("[", "[[]")))
    return [path for path in found if path.suffix.lower() in SUFFIXES]


def _copy_pair(
    name: str,
    sides: dict[str, Path],
    folder: Path,
    stage: Path,
    source: dict[str, Any],
    promised: bool,
) -> dict[str, Any]:
    """Copy the images of one pair; an output that the entry promises by its name must be there."""
    try:
        copied = {
            side: _copy(name, side, sides[side], folder, stage, source) for side in ("a", "b")
        }
    except UnreadableImageError as error:
        raise DatasetUnavailable(f"pair {name!r}: {error}") from error
    pair = {"name": name, "size": copied["a"]["size"], "expect": None, **copied}
    if "expect" not in sides:
        return pair
    try:
        return {**pair, "expect": _copy(name, "expect", sides["expect"], folder, stage, source)}
    except UnreadableImageError as error:  # the other images can still be compared
        if promised and str(error) == NO_OUTPUT:
            relative = sides["expect"].relative_to(folder).as_posix()
            raise DatasetUnavailable(
                f"{source['code']}: {relative}: no such file was committed; correct `expect` of pair {name!r} in `selfcheck.pairs`"
            ) from error
        return {**pair, "why": str(error)}


def _copy(
    name: str, side: str, path: Path, folder: Path, stage: Path, source: dict[str, Any]
) -> dict[str, Any]:
    relative = path.relative_to(folder).as_posix()
    try:
        pixels, notes = read_image(path)
    except UnreadableImageError as error:
        raise UnreadableImageError(_problem(side, path, folder, source, error)) from error
    target = stage / side / f"{name}{path.suffix}"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return {
        "file": f"{side}/{target.name}",
        "size": [pixels.shape[1], pixels.shape[0]],
        "mode": mode_of(pixels),
        "sha256": pixel_sha256(pixels),
        "original": {"file": relative, "sha256": sha256_of_file(path)},
        "notes": notes,
    }


def _problem(
    side: str, path: Path, folder: Path, source: dict[str, Any], error: UnreadableImageError
) -> str:
    """Say why the file of one side cannot be had."""
    relative = path.relative_to(folder).as_posix()
    absent = fnmatch.filter(source.get("absent") or [], relative)
    if absent:
        return f"{absent[0]} {ABSENT}"
    if path.is_file():
        return str(error).replace(str(path), relative)
    several = [
        found.relative_to(folder).as_posix()
        for found in _matching(folder, relative)
        if found.is_file()
    ]
    if several:
        return f"{relative}: must match one image; found {', '.join(several)}: name one of them in `selfcheck.pairs`"
    return NO_OUTPUT if side == "expect" else f"{relative}: no such file was committed"


def _unpaired(folder: Path, definition: dict[str, Any], paths: dict[str, Any]) -> list[str]:
    """Return committed outputs that the check's pattern names and that have no inputs; a check may ask for some pairs only."""
    if "{name}" not in definition.get("expect", ""):
        return []
    sides = [definition.get(side, "") for side in ("a", "b")]
    known = [names_of(folder, pattern) for pattern in sides if "{name}" in pattern]
    with_inputs = set.intersection(*known) if len(known) == len(sides) else set()
    return sorted(names_of(folder, definition["expect"]) - set(paths) - with_inputs)

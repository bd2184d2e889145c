"""The images of a self-check, copied byte for byte from the method's own clone.

The files themselves are copied, while a dataset has PNG copies of the pixels: a script that reads a
JPEG as gray gets other values from it than from its decoded colours.
"""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import UNSET
from msgspec.structs import replace

from fusebench.contracts.base import given
from fusebench.contracts.jobs.evidence import CommittedJob
from fusebench.contracts.markers import ImageFile, Manifest, OriginalFile, Pair, SourceMarker
from fusebench.datasets.preparation import sha256_of_pairs
from fusebench.errors import DatasetUnavailable, StepError
from fusebench.folders import remove_folder, scratch_folder, staged_folder
from fusebench.fuse.staging import copy_repository, refuse_absent_archives
from fusebench.hashes import sha256_of_file
from fusebench.image_headers import UnreadableImageError
from fusebench.images import mode_of, pixel_sha256, read_image
from fusebench.links import leads_out
from fusebench.registry.pairing import FoundPairs, find_pairs
from fusebench.registry.path_patterns import SideFiles

NO_OUTPUT = "no committed output"
ABSENT = "is part of the commit, but its content is not where it was cloned from"

Sides = Mapping[str, Path]
"""Side (a, b, expect) -> file."""


def prepare_committed(source: SourceMarker, job: CommittedJob, final: Path) -> Manifest:
    """Copy the images of a self-check into ``final`` and return their manifest.

    Args:
        source: the marker of the method's source.
        job: which images they are.
        final: the folder to make; what was there is replaced.

    Returns:
        A manifest as datasets have it; each pair also has ``expect``. Where no committed output of
        the pair can be compared, it is None and ``why`` has the reason. ``unpaired`` names
        committed outputs that belong to no pair.

    Raises:
        StepError: the clone failed; the error has the state of the clone.
        DatasetUnavailable: an input is absent or damaged, or no input, or none of the outputs asked
            for, can be found.
    """
    if not source.is_ok:
        raise StepError.taken_over(source.state, source.reason)
    with scratch_folder() as scratch:
        folder = Path(source.path)
        if job.unpack:
            folder = scratch / "work"
            _refuse_absent(job.unpack, source)
            refuse_absent_archives(job.unpack, source)
            copy_repository(Path(source.path), folder, job.unpack, {})
        remove_folder(final)
        with staged_folder(final) as stage:
            manifest = _write(folder, job, stage, source)
    return replace(manifest, path=str(final))


def _refuse_absent(files: Sequence[str], source: SourceMarker) -> None:
    lacking = sorted(set(files).intersection(source.absent))
    if lacking:
        raise DatasetUnavailable(f"{source.code}: {lacking[0]} {ABSENT}")


def _write(folder: Path, job: CommittedJob, stage: Path, source: SourceMarker) -> Manifest:
    found = _found(folder, job, source)
    paths = _paths(folder, job, found.names)
    pairs = [
        _copy_pair(name, sides, folder, stage, source, _promises(job, name))
        for name, sides in paths.items()
    ]
    unpaired = _unpaired(folder, job, paths)
    if job.expect is not None and all(pair.why == NO_OUTPUT for pair in pairs):
        strays = f"; it finds {', '.join(unpaired[:3])}, which no pair is named" if unpaired else ""
        raise DatasetUnavailable(
            f"{source.code}: no committed output was found for any pair; correct"
            f" `selfcheck.expect`: {job.expect}{strays}"
        )
    return Manifest(
        pairs=pairs,
        sha256=sha256_of_pairs(pairs),
        unpaired=unpaired,
        left_out=found.left_out or UNSET,
    )


def _found(folder: Path, job: CommittedJob, source: SourceMarker) -> FoundPairs:
    """Return the names of the pairs, and which inputs belong to none of those that were found."""
    patterns = {side: pattern for side, pattern in _patterns(job).items() if side != "expect"}
    try:
        return find_pairs(folder, patterns, list(job.pairs) if job.pairs else None)
    except DatasetUnavailable as error:
        raise DatasetUnavailable(
            f"{source.code}: no pair of committed inputs was found; correct `selfcheck.inputs`:"
            f" {job.a}, {job.b}"
        ) from error


def _patterns(job: CommittedJob) -> dict[str, str]:
    """Return side -> pattern, for the sides that have one for all pairs."""
    stated = {"a": job.a, "b": job.b, "expect": job.expect}
    return {side: pattern for side, pattern in stated.items() if pattern is not None}


def _paths(folder: Path, job: CommittedJob, names: Sequence[str]) -> dict[str, Sides]:
    """Return name -> side -> file; a side whose file does not exist is kept for the inputs only."""
    patterns = _patterns(job)
    if isinstance(job.pairs, dict):
        return {
            name: {
                side: folder / path.replace("{name}", name)
                for side, path in {**patterns, **given(pair)}.items()
            }
            for name, pair in job.pairs.items()
        }
    sides = {side: SideFiles(folder, pattern) for side, pattern in patterns.items()}
    return {name: {side: _existing(files, name) for side, files in sides.items()} for name in names}


def _promises(job: CommittedJob, name: str) -> bool:
    """Say whether the entry names the output of one pair itself, not by a pattern for all."""
    return isinstance(job.pairs, dict) and job.pairs[name].expect is not UNSET


def _existing(files: SideFiles, name: str) -> Path:
    """Return the image that a pattern names for one pair.

    Unless the pattern matches exactly one image, return the pattern itself, which does not exist.
    """
    try:
        return files.path_of(name)
    except DatasetUnavailable:
        return files.folder / files.pattern.replace("{name}", name)


def _copy_pair(
    name: str, sides: Sides, folder: Path, stage: Path, source: SourceMarker, promised: bool
) -> Pair:
    """Copy the images of one pair; an output that the entry promises by its name must be there."""
    try:
        a, b = (_copy(name, side, sides[side], folder, stage, source) for side in ("a", "b"))
    except UnreadableImageError as error:
        raise DatasetUnavailable(f"pair {name!r}: {error}") from error
    pair = Pair(name=name, size=a.size or (0, 0), a=a, b=b, expect=None)
    if "expect" not in sides:
        return pair
    try:
        expect = _copy(name, "expect", sides["expect"], folder, stage, source)
    except UnreadableImageError as error:  # the other images can still be compared
        if promised and str(error) == NO_OUTPUT:
            relative = sides["expect"].relative_to(folder).as_posix()
            raise DatasetUnavailable(
                f"{source.code}: {relative}: no such file was committed; correct `expect` of pair"
                f" {name!r} in `selfcheck.pairs`"
            ) from error
        return replace(pair, why=str(error))
    return replace(pair, expect=expect)


def _copy(
    name: str, side: str, path: Path, folder: Path, stage: Path, source: SourceMarker
) -> ImageFile:
    relative = path.relative_to(folder).as_posix()
    try:
        if leads_out(path, folder):
            raise UnreadableImageError(
                f"{path}: must be a file of the repository; found a link that leads out of it"
            )
        pixels, notes = read_image(path)
    except UnreadableImageError as error:
        raise UnreadableImageError(_problem(side, path, folder, source, error)) from error
    target = stage / side / f"{name}{path.suffix}"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    sha256 = sha256_of_file(path)
    return ImageFile(
        file=f"{side}/{target.name}",
        size=(pixels.shape[1], pixels.shape[0]),
        mode=mode_of(pixels),
        sha256=pixel_sha256(pixels),
        original=OriginalFile(file=relative, sha256=sha256),
        file_sha256=sha256,
        notes=notes,
    )


def _problem(
    side: str, path: Path, folder: Path, source: SourceMarker, error: UnreadableImageError
) -> str:
    """Say why the file of one side cannot be used."""
    relative = path.relative_to(folder).as_posix()
    absent = fnmatch.filter(source.absent, relative)
    if absent:
        return f"{absent[0]} {ABSENT}"
    if path.is_file():
        return str(error).replace(str(path), relative)
    several = [
        found.relative_to(folder).as_posix() for found in SideFiles(folder, relative).matching("")
    ]
    if several:
        return (
            f"{relative}: must match one image; found {', '.join(several)}: name one of them in"
            " `selfcheck.pairs`"
        )
    return NO_OUTPUT if side == "expect" else f"{relative}: no such file was committed"


def _unpaired(folder: Path, job: CommittedJob, paths: Mapping[str, Sides]) -> list[str]:
    """Return the committed outputs that match the check's pattern and have no inputs.

    Outputs of pairs that the check does not ask for are not among them.
    """
    if job.expect is None or "{name}" not in job.expect:
        return []
    sides = [pattern or "" for pattern in (job.a, job.b)]
    known = [_names(folder, pattern) for pattern in sides if "{name}" in pattern]
    with_inputs = set.intersection(*known) if len(known) == len(sides) else set()
    return sorted(_names(folder, job.expect) - set(paths) - with_inputs)


def _names(folder: Path, pattern: str) -> set[str]:
    return set(SideFiles(folder, pattern).by_name)

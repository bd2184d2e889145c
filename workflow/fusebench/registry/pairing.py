"""The pairing rule: which images of a folder are a pair, by patterns and by a list of names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from msgspec import UNSET, UnsetType

from fusebench.contracts.base import given
from fusebench.contracts.datasets import DatasetEntry, SideEntry, SideReading
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.pair_names import why_no_name
from fusebench.errors import DatasetUnavailable
from fusebench.project import locate
from fusebench.registry.path_patterns import MOST_NAMED, SideFiles, fixed_folder
from fusebench.texts import beginning_of

LABELS = {"a": "image A", "b": "image B", "reference": "ground truth"}
"""The sides that a dataset may have, and what messages call them."""

HIDDEN = "hidden: the name of the file, or of a folder, begins with '.'"
NOT_UTF_8 = "no name of a pair: it is not written in UTF-8"
OTHER_CASE = "the same name as another image, whose suffix is written as in the pattern"


def pair_names(pairs: list[str] | str | UnsetType | None, root: Path) -> list[str] | None:
    """Return the frozen list of pair names; None where there is none.

    It is the list itself, or the lines of a text file, which may begin with the mark that Windows
    programs write (BOM).
    """
    if isinstance(pairs, str):
        lines = locate(root, pairs).read_text(encoding="utf-8-sig").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return pairs or None


def patterns(entry: DatasetEntry) -> dict[str, str]:
    """Return side -> pattern for the sides that a dataset has, without ``./`` and ``//``."""
    return {
        side: PurePosixPath(stated.files).as_posix() for side, stated in stated_sides(entry).items()
    }


def readings(entry: DatasetEntry) -> dict[str, SideReading]:
    """Return side -> how its files are read, for the sides that state it."""
    found = {
        side: SideReading(**{name: getattr(stated, name) for name in SideReading.__struct_fields__})
        for side, stated in stated_sides(entry).items()
    }
    return {side: reading for side, reading in found.items() if given(reading)}


def stated_sides(entry: DatasetEntry) -> dict[str, SideEntry]:
    """Return the sides, and further parts, that a dataset states, by name."""
    sides = {**{side: getattr(entry, side) for side in LABELS}, **(entry.parts or {})}
    return {side: stated for side, stated in sides.items() if isinstance(stated, SideEntry)}


def dataset_job(entry: DatasetEntry, root: Path) -> DatasetJob:
    """Return the parameters of the job that prepares a dataset.

    They are the fields that decide which images the dataset holds.
    """
    return DatasetJob(
        kind=entry.kind,
        patterns=patterns(entry),
        readings=readings(entry) or UNSET,
        cube=entry.cube,
        names=pair_names(entry.pairs, root),
        generator=entry.generator or "",
        code=entry.code or "",
        commit=entry.commit or "",
        folder=entry.folder or "",
        sha256=entry.sha256 or "",
        hashes=entry.hashes or "",
    )


@dataclass(frozen=True)
class FoundPairs:
    """What the images of a folder are paired to.

    Attributes:
        sides: side -> its files.
        names: of the pairs: those of the list in its order, or all that are found, sorted.
        left_out: reason -> files that belong to no pair. Empty where a list chooses the pairs.
    """

    sides: Mapping[str, SideFiles]
    names: list[str]
    left_out: dict[str, list[str]]

    def image(self, side: str, name: str) -> Path:
        """Return an image of a pair; raise DatasetUnavailable as ``SideFiles.path_of`` does."""
        return self.sides[side].path_of(name)

    def files(self, folder: Path) -> dict[str, Path]:
        """Return all images of all pairs by their path from the folder on.

        Raises:
            DatasetUnavailable: as ``SideFiles.path_of``.
        """
        paths = [self.image(side, name) for side in self.sides for name in self.names]
        return {path.relative_to(folder).as_posix(): path for path in paths}


def find_pairs(
    folder: Path, sides: Mapping[str, str], names: list[str] | None = None
) -> FoundPairs:
    """Pair the images of a folder.

    Args:
        folder: of the images.
        sides: side -> pattern.
        names: the frozen list of the pairs; None for all that have a file on every side.

    Raises:
        DatasetUnavailable: there is no list, and no name has a file on every side.
    """
    files = {side: SideFiles(folder, pattern) for side, pattern in sides.items()}
    if names is not None:
        return FoundPairs(files, names, {})
    usable = _usable(files)
    common = set.intersection(*usable.values())
    if not common:
        counts = "; ".join(_count(files[side], usable[side]) for side in files)
        raise DatasetUnavailable(
            f"no pair has a file on every side: {counts}; correct the patterns or the folder"
            + _bracket_hint(sides.values())
        )
    return FoundPairs(files, sorted(common), _left_out(files, usable))


def _usable(files: Mapping[str, SideFiles]) -> dict[str, set[str]]:
    """Return side -> the names of its files that a pair can have."""
    return {
        side: {name for name in found.by_name if not why_no_name(name)}
        for side, found in files.items()
    }


def _left_out(
    files: Mapping[str, SideFiles], usable: Mapping[str, set[str]]
) -> dict[str, list[str]]:
    """Return reason -> files that match a pattern and belong to no pair."""
    reasons: dict[str, set[str]] = {}
    for found in files.values():
        for path in found.hidden:
            reasons.setdefault(HIDDEN, set()).add(_told(path, found.folder))
        for path in found.foreign:
            reasons.setdefault(NOT_UTF_8, set()).add(_told(path, found.folder))
        for name, paths in found.by_name.items():
            lacking = [LABELS.get(side, side) for side in files if name not in usable[side]]
            if why := why_no_name(name):
                reason, left = f"no name of a pair: {why}", paths
            elif lacking:
                reason, left = f"no {' and no '.join(lacking)} of the same name", paths
            else:
                left = sorted({*paths} - {*found.matching(name)}) if len(paths) > 1 else []
                reason = OTHER_CASE
            if left:
                reasons.setdefault(reason, set()).update(_told(path, found.folder) for path in left)
    return {reason: sorted(told) for reason, told in sorted(reasons.items())}


def _count(found: SideFiles, usable: set[str]) -> str:
    """Say how many files of one side match, and which files lie there if none does."""
    pattern = found.folder / found.pattern
    if usable:
        return f"{len(usable)} match {pattern} ({beginning_of(sorted(usable), MOST_NAMED)})"
    folder = found.folder / fixed_folder(found.pattern)
    try:
        there = sorted(ascii(path.name)[1:-1] for path in folder.iterdir())
    except OSError as error:
        return f"0 match {pattern} ({folder}: {error.strerror})"
    return f"0 match {pattern} (there: {beginning_of(there, MOST_NAMED) or 'nothing'})"


def _bracket_hint(patterns_of_sides: Iterable[str]) -> str:
    """Say how a pattern names a folder with brackets, if that may be what was meant."""
    if not any("[" in pattern for pattern in patterns_of_sides):
        return ""
    return "; in a pattern, [ab] is one of two characters: write [[] for the bracket itself"


def _told(path: Path, folder: Path) -> str:
    """Return a path for messages and files: one that is not UTF-8 is written with escapes."""
    return path.relative_to(folder).as_posix().encode("utf-8", "backslashreplace").decode()


def local_folder(folder: str, root: Path) -> Path:
    """Return the folder of a local dataset; a relative one starts at the project's.

    Raises:
        DatasetUnavailable: it begins with ``~somebody``, and there is no such user.
    """
    try:
        return root / Path(folder).expanduser()
    except RuntimeError as error:
        user = Path(folder).parts[0]
        raise DatasetUnavailable(
            f"{folder}: must be the folder of your images; found no user {user[1:]!r} on this"
            " machine: write the whole path"
        ) from error


def expected_names(job: DatasetJob, root: Path) -> list[str]:
    """Return the names of the pairs of a dataset that is not prepared yet.

    The list is empty where the names are not known.
    """
    if job.kind == "generated":
        from fusebench.generated import generator

        return [pair.name for pair in generator(job.generator)()]
    if job.names or job.kind != "local":
        return job.names or []
    try:
        return find_pairs(local_folder(job.folder, root), job.patterns).names
    except DatasetUnavailable:
        return []

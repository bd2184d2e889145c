"""The pairing rule: path patterns with ``{name}``, and the frozen list of the names."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import UNSET, UnsetType

from fusebench.contracts.base import given
from fusebench.contracts.datasets import DatasetEntry, SideEntry, SideReading
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.errors import DatasetUnavailable
from fusebench.images import SUFFIXES
from fusebench.project import locate

SIDES = ("a", "b", "reference")


def pair_names(pairs: list[str] | str | UnsetType | None, root: Path) -> list[str] | None:
    """Return the frozen list of pair names; None where there is none.

    It is the list itself, or the lines of a text file.
    """
    if isinstance(pairs, str):
        lines = locate(root, pairs).read_text(encoding="utf-8").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return pairs or None


def patterns(entry: DatasetEntry) -> dict[str, str]:
    """Return side -> pattern for the sides that a dataset has."""
    sides = {side: getattr(entry, side) for side in SIDES}
    return {side: one.files for side, one in sides.items() if isinstance(one, SideEntry)}


def readings(entry: DatasetEntry) -> dict[str, SideReading]:
    """Return side -> how its files are read, for the sides that state it."""
    found: dict[str, SideReading] = {}
    for side in SIDES:
        stated = getattr(entry, side)
        if isinstance(stated, SideEntry):
            reading = SideReading(channel=stated.channel, range=stated.range, bits=stated.bits)
            if given(reading):
                found[side] = reading
    return found


def dataset_job(entry: DatasetEntry, root: Path) -> DatasetJob:
    """Return the parameters of the job that prepares a dataset.

    They are the fields that decide which images the dataset holds.
    """
    return DatasetJob(
        kind=entry.kind,
        patterns=patterns(entry),
        readings=readings(entry) or UNSET,
        names=pair_names(entry.pairs, root),
        generator=entry.generator or "",
        code=entry.code or "",
        commit=entry.commit or "",
        folder=entry.folder or "",
        sha256=entry.sha256 or "",
        hashes=entry.hashes or "",
    )


def fixed_folder(pattern: str) -> str:
    """Return the part of a pattern before the folder in which ``{name}`` first stands.

    >>> fixed_folder("test_img/TNO/ir/{name}.png")
    'test_img/TNO/ir'
    """
    parts = pattern.split("{name}", maxsplit=1)[0].split("/")
    return "/".join(parts[:-1])


def find_names(folder: Path, sides: Mapping[str, str]) -> list[str]:
    """Return the names, in sorted order, for which every side of a local dataset has a file.

    Args:
        folder: of the images.
        sides: side -> pattern.

    Raises:
        DatasetUnavailable: no name has a file on every side.
    """
    found = {side: names_of(folder, pattern) for side, pattern in sides.items()}
    names = set.intersection(*found.values())
    if not names:
        counts = "; ".join(
            f"{len(matches)} match {folder / sides[side]}" for side, matches in found.items()
        )
        raise DatasetUnavailable(
            f"no pair has a file on every side: {counts}; correct the patterns or the folder"
        )
    return sorted(names)


def names_of(folder: Path, pattern: str) -> set[str]:
    """Return the names for which a pattern has an image below ``folder``."""
    before, after = re.escape(pattern).replace(r"\*", "[^/]*").split(r"\{name\}", 1)
    again = after.replace(r"\{name\}", "(?P=name)")
    expression = re.compile(f"{before}(?P<name>[^/]+){again}")
    paths = (
        path
        for path in folder.glob(_wildcards(pattern).replace("{name}", "*"))
        if path.suffix.lower() in SUFFIXES
    )
    matches = (expression.fullmatch(path.relative_to(folder).as_posix()) for path in paths)
    return {match["name"] for match in matches if match}


def local_folder(folder: str, root: Path) -> Path:
    """Return the folder of a local dataset; a relative one starts at the project's."""
    return root / Path(folder).expanduser()


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
        return find_names(local_folder(job.folder, root), job.patterns)
    except DatasetUnavailable:
        return []


def image_path(folder: Path, pattern: str, name: str) -> Path:
    """Return the file of one pair; a ``*`` in the pattern must match exactly one file.

    Raises:
        DatasetUnavailable: there is no such file, or several.
    """
    relative = pattern.replace("{name}", name)
    if "*" not in pattern:
        return folder / relative
    matches = sorted(folder.glob(_wildcards(pattern).replace("{name}", glob.escape(name))))
    if len(matches) != 1:
        raise DatasetUnavailable(
            f"{folder / relative}: must match exactly one file; found {len(matches)}"
        )
    return matches[0]


def _wildcards(pattern: str) -> str:
    """Return a pattern for ``glob``, in which only ``*`` has a special meaning."""
    return "*".join(glob.escape(part) for part in pattern.split("*"))

"""Weights that a person downloaded: which file is which, by hash and by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fusebench.contracts.weights import WeightEntry
from fusebench.hashes import sha256_of_file
from fusebench.sources.missing import names_of


@dataclass(frozen=True)
class Match:
    """A file of a person, and the file of weights that it is, or that it holds.

    Attributes:
        method: the name of the method.
        item: the file of weights.
        file: what the person downloaded.
        archive: whether it is the archive of the file.
    """

    method: str
    item: WeightEntry
    file: Path
    archive: bool


Wanted = Mapping[str, Iterable[WeightEntry]]
"""Name of a method -> its files of weights that are looked for."""


def match_files(wanted: Wanted, files: Iterable[Path]) -> tuple[list[Match], list[str]]:
    """Find out which files of weights some files are.

    A file whose sha256 an entry names is that file, whatever its name. Otherwise its name decides,
    or the folder that has the name of the method where several methods have a file of that name.

    Returns:
        What was matched, and a line for each file that may belong to several methods.
    """
    matches: list[Match] = []
    doubtful = []
    hashes = {
        item.sha256: (method, item)
        for method, items in wanted.items()
        for item in items
        if item.sha256
    }
    for file in files:
        found = hashes.get(sha256_of_file(file)) if hashes else None
        if found:
            matches.append(Match(*found, file, archive=False))
            continue
        named = _named(wanted, file)
        methods = list(dict.fromkeys(match.method for match in named))
        if len(methods) > 1:
            doubtful.append(
                f"{file}: may be of {', '.join(methods)}; run `fusebench weights METHOD {file}`, or"
                " put it into a folder with the name of its method"
            )
        else:
            matches += named
    return matches, doubtful


def match_one(method: str, item: WeightEntry, file: Path) -> Match:
    """Return what a file is where only one file of weights is looked for, whatever its name."""
    own = {path.rpartition("/")[2] for path in (item.path, item.member or "")}
    return Match(method, item, file, archive=bool(item.archive) and file.name not in own)


def _named(wanted: Wanted, file: Path) -> list[Match]:
    """Return the files of weights that have the name of a file."""
    chosen = {file.parent.name: wanted[file.parent.name]} if file.parent.name in wanted else wanted
    return [
        match_one(method, item, file)
        for method, items in chosen.items()
        for item in items
        if file.name in names_of(item)
    ]

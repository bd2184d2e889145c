"""Weights: the files of trained parameters that an entry names, fetched once, sha256 checked."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from fusebench.contracts.jobs.fusing import WeightRef
from fusebench.contracts.markers import WeightsMarker
from fusebench.contracts.weights import WeightEntry
from fusebench.errors import WeightsMissing
from fusebench.hashes import sha256_of_file
from fusebench.links import leads_out, place_for

LFS_HEADER = b"version https://git-lfs.github.com/spec/"


def fetch_weights(weights: Iterable[WeightEntry], folder: Path) -> WeightsMarker:
    """Fetch the weights that have an address into ``folder`` and return their marker.

    A file that somebody put into ``folder`` by hand is taken as it is, once its hash is right.

    Raises:
        WeightsMissing: the address does not answer, or the file has another hash.
    """
    hashes: dict[str, str] = {}
    for item in weights:
        target = folder / item.path
        if not target.exists() and item.url:
            _download(item, target)
        if target.exists():
            hashes[item.path] = check_weight(target, item)
        elif item.page:
            raise WeightsMissing(_ask_for(item, target))
    return WeightsMarker(path=str(folder), sha256=hashes)


def place_weights(
    weights: Iterable[WeightRef], fetched: Path | None, tree: Path, absent: list[str]
) -> dict[str, str]:
    """Put fetched weights where the script expects them.

    Returns path -> sha256 of all weights of an entry.

    Args:
        weights: the entry's list.
        fetched: the folder of fetched weights, None where the entry has none.
        tree: the scratch copy of the repository.
        absent: files of the commit that the clone lacks.

    Raises:
        WeightsMissing: a file is absent, a folder, a git-lfs pointer, or has another hash.
        Crashed: a path leads out of the scratch copy.
    """
    hashes: dict[str, str] = {}
    for item in weights:
        target = tree / item.path
        source = fetched / item.path if fetched else None
        if source is not None and source.is_file():
            shutil.copyfile(source, place_for(target, tree))
        if leads_out(target, tree) or not target.exists():
            raise WeightsMissing(_why_absent(item.path, absent))
        hashes[item.path] = check_weight(target, item)
    return hashes


def refuse_other_weights(placed: Mapping[str, str], fetched: WeightsMarker) -> None:
    """Raise WeightsMissing if fetched weights were changed since: an entry need not have a sha256.

    Args:
        placed: path -> sha256 of the weights that a script gets.
        fetched: the marker of those that were fetched.
    """
    for path, found in placed.items():
        wanted = fetched.sha256.get(path, found)
        if found != wanted:
            raise WeightsMissing(
                f"{path}: must be the file that was fetched, with the sha256 {wanted}; found"
                f" {found} in {fetched.path}: put the right file there, or delete {fetched.path}"
                f" and {fetched.path}.json, and run again"
            )


def check_weight(path: Path, item: WeightEntry | WeightRef) -> str:
    """Return the sha256 of a file of weights.

    Raises:
        WeightsMissing: it is not the file that the entry names.
    """
    if path.is_dir():
        raise WeightsMissing(
            f"{item.path}: must be the file of the weights; found a folder; list each of its files"
            " on its own"
        )
    with path.open("rb") as stream:
        if stream.read(len(LFS_HEADER)) == LFS_HEADER:
            raise WeightsMissing(
                f"{item.path}: must be the weights; found a git-lfs pointer; the file itself is not"
                " in the repository"
            )
    found = sha256_of_file(path)
    if item.sha256 and item.sha256 != found:
        raise WeightsMissing(
            f"{item.path}: must have the sha256 {item.sha256}; found {found}; put the right file in"
            " its place, or correct `weights` of the entry"
        )
    return found


def _why_absent(path: str, absent: list[str]) -> str:
    if path in absent:
        return f"{path}: is part of the commit, but the place it was cloned from lacks its content"
    return f"{path}: must be in the repository or have an address in the entry; found neither"


def _ask_for(item: WeightEntry, target: Path) -> str:
    password = f" (code {item.password})" if item.password else ""
    return (
        f"{item.path}: must be fetched by hand from {item.page}{password}; put the file at {target}"
        " and run again"
    )


def _download(item: WeightEntry, target: Path) -> None:
    import pooch

    known = f"sha256:{item.sha256}" if item.sha256 else None
    try:
        pooch.retrieve(item.url, known, fname=target.name, path=target.parent)
    except Exception as error:
        raise WeightsMissing(
            f"{item.path}: cannot be fetched from {item.url}: {error}; fetch it by hand, put it at"
            f" {target}, and run again"
        ) from error

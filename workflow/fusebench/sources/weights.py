"""Weights: the files of trained parameters that an entry names, fetched once and checked."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.jobs.fusing import WeightRef
from fusebench.contracts.markers import KeptWeight, KeptWeights, WeightsMarker
from fusebench.contracts.weights import AUTHORS, BY_HAND, Origin, WeightEntry, WeightFacts
from fusebench.errors import UnreadableFile, WeightsMissing
from fusebench.file_facts import facts_of
from fusebench.hashes import sha256_of_file
from fusebench.layout import WEIGHTS
from fusebench.links import leads_out, place_for
from fusebench.sources.archives import room_for, take_member
from fusebench.sources.downloads import download
from fusebench.sources.file_kinds import is_page, is_pointer, refuse_other_kinds
from fusebench.sources.missing import Missing, ask_for

KEPT = ".files.json"
DOWNLOADS = ".downloads"


def fetch_weights(
    weights: Iterable[WeightEntry], folder: Path, beside: Path | None = None
) -> WeightsMarker:
    """Fetch the weights that have an address into ``folder`` and return their marker.

    A file that somebody put into ``folder`` by hand is taken as it is, once it is found to be the
    right one.

    Args:
        weights: the entry's list.
        folder: has the name of the method.
        beside: a folder that may hold the same files, which are then copied and not fetched.

    Raises:
        WeightsMissing: no address gives a file, or it is not the one that the entry names. The
            message names all files, so that nobody learns of the second one after the first.
    """
    weights, store = list(weights), WeightsFolder(folder)
    if beside:
        store.borrow(weights, beside)
    missing = store.obtain_all(weights)
    if missing:
        raise WeightsMissing(ask_for(missing, folder.name))
    shutil.rmtree(folder / DOWNLOADS, ignore_errors=True)
    return WeightsMarker(path=str(folder), sha256=store.sha256, facts=store.facts)


def weights_changed(root: Path, method: str) -> bool:
    """Say whether a file of fetched weights is another one, or gone, since it was checked.

    Content decides; size, times and inode spare reading a file that has not changed. Weights that
    are missing have not changed: they are looked for in every run.
    """
    folder = root / WEIGHTS / method
    try:
        marker = read_stored(folder.with_suffix(".json"), WeightsMarker)
    except (FileNotFoundError, UnreadableFile):
        return False
    kept = read_kept(folder)
    return marker.is_ok and any(
        _is_other(folder / path, kept.get(path), sha256) for path, sha256 in marker.sha256.items()
    )


def read_kept(folder: Path) -> dict[str, KeptWeight]:
    """Return what is known of the files in a folder of weights; nothing if that is damaged."""
    try:
        return dict(read_stored(folder / KEPT, KeptWeights).files)
    except (FileNotFoundError, UnreadableFile):
        return {}


def _is_other(path: Path, kept: KeptWeight | None, sha256: str) -> bool:
    stat = _stat(path)
    if kept and kept.stat == stat:
        return kept.sha256 != sha256
    return not stat or sha256_of_file(path) != sha256


def _stat(path: Path) -> list[int]:
    """Return what is known of a file without reading it; nothing where there is none."""
    return facts_of({"": path}).get("", [])


@dataclass
class WeightsFolder:
    """The folder of a method's weights that are not in its repository.

    Attributes:
        folder: it holds each file at the path that its entry names.
        sha256: path -> sha256 of the files that were found right.
        facts: path -> where they came from.
    """

    folder: Path
    sha256: dict[str, str] = field(default_factory=dict)
    facts: dict[str, WeightFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what is known of the files since the last time."""
        self._kept = read_kept(self.folder)

    def has(self, item: WeightEntry) -> bool:
        """Say whether the file is there, right or not."""
        return (self.folder / item.path).exists()

    def obtain_all(self, weights: Iterable[WeightEntry], *, fetch: bool = True) -> list[Missing]:
        """Look for each file, fetch what is absent, and return what is missing or wrong.

        Files of the repository are left out.

        Args:
            weights: the entry's list.
            fetch: false where nothing is fetched, only looked for.
        """
        missing = []
        for item in weights:
            there = self.has(item)
            try:
                if there:
                    self._note(item, self._look(item))
                elif fetch and item.has_address:
                    self._note(item, self._fetch(item))
                elif item.is_external:
                    missing.append(Missing(item))
            except WeightsMissing as error:
                missing.append(Missing(item, str(error), found=there))
        return missing

    def borrow(self, weights: Iterable[WeightEntry], other: Path) -> None:
        """Copy the files that another folder of weights has and this one lacks."""
        known = read_kept(other)
        for item in weights:
            source, target = other / item.path, self.folder / item.path
            if self.has(item) or not source.is_file():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            if item.path in known and known[item.path].stat == _stat(source):
                self._kept[item.path] = replace(known[item.path], stat=_stat(target))

    def place(self, item: WeightEntry, offered: Path, *, archive: bool, keep: bool) -> str:
        """Put an offered file where it belongs, and return its sha256.

        Args:
            item: the file that the entry names.
            offered: the file, or the archive that holds it.
            archive: whether it is the archive.
            keep: whether the offered file stays where it is.

        Raises:
            WeightsMissing: it is not the file that the entry names.
        """
        target = self.folder / item.path
        part = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if archive:
                take_member(offered, item.member or "", part, item.size or room_for(part.parent))
            found = check_offered(part if archive else offered, item)
            if keep and not archive:
                shutil.copyfile(offered, part)
            (part if archive or keep else offered).replace(target)
        except OSError as error:  # a full disk, a folder without permission
            raise WeightsMissing(f"cannot be written to {target}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        return found

    def take(self, item: WeightEntry, offered: Path, *, archive: bool) -> str:
        """Place a file that a person downloaded, and return its sha256."""
        found = self.place(item, offered, archive=archive, keep=True)
        target = self.folder / item.path
        self._note(item, KeptWeight(sha256=found, source=BY_HAND, stat=_stat(target)))
        return found

    def _note(self, item: WeightEntry, known: KeptWeight) -> None:
        self._kept[item.path] = known
        write_stored(self.folder / KEPT, KeptWeights(files=self._kept))
        self.sha256[item.path] = known.sha256
        self.facts[item.path] = WeightFacts(
            origin=_origin(item, known.source), source=known.source, pinned=bool(item.sha256)
        )

    def _fetch(self, item: WeightEntry) -> KeptWeight:
        """Try the sources of a file in their order."""
        failures = []
        for name in item.sources:
            address = item.addresses[name]
            try:
                offered = download(item, name, self.folder / DOWNLOADS)
                found = self._accept(item, offered)
            except WeightsMissing as error:
                failures.append(f"{address} {error}")
                print(f"{item.path}: {failures[-1]}", file=sys.stderr)
            else:
                return KeptWeight(sha256=found, source=address, stat=_stat(self.folder / item.path))
        raise WeightsMissing("; ".join(failures))

    def _accept(self, item: WeightEntry, offered: Path) -> str:
        """Place a download; a web page is thrown away, so that the next run asks again."""
        try:
            return self.place(item, offered, archive=bool(item.archive), keep=False)
        except WeightsMissing:
            with offered.open("rb") as stream:
                page = is_page(stream.read(4096))
            if page:
                offered.unlink()
            raise

    def _look(self, item: WeightEntry) -> KeptWeight:
        """Check a file that is there; read it only if it may have changed."""
        path = self.folder / item.path
        kept, stat = self._kept.get(item.path), _stat(path)
        if kept and kept.stat == stat and item.sha256 in {msgspec.UNSET, kept.sha256}:
            return kept
        found = check_offered(path, item)
        same = kept is not None and kept.sha256 == found
        return KeptWeight(sha256=found, source=kept.source if kept and same else BY_HAND, stat=stat)


def _origin(item: WeightEntry, source: str) -> Origin:
    """Return where a file came from; a hash that the entry had before confirms a person's file."""
    if item.origin:
        return item.origin
    return BY_HAND if source == BY_HAND and not item.sha256 else AUTHORS


def check_offered(path: Path, item: WeightEntry) -> str:
    """Check a file from outside the repository and return its sha256.

    The hash of the entry decides alone; without one the size and the first bytes are looked at.

    Raises:
        WeightsMissing: it is not the file that the entry names.
    """
    if not path.is_file():
        raise WeightsMissing("must be a file; found a folder; list each of its files on its own")
    found = sha256_of_file(path)
    if found == item.sha256:
        return found
    refuse_other_kinds(path, item.path)
    size = path.stat().st_size
    if item.size and item.size != size:
        raise WeightsMissing(
            f"must have {item.size} bytes; found {size}: it is cut off, or another file"
        )
    if item.sha256:
        raise WeightsMissing(
            f"must have the sha256 {item.sha256}; found {found} in {path}; put the right file in"
            " its place, or correct `weights` of the entry"
        )
    return found


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
        WeightsMissing: files are absent, folders, git-lfs pointers, or have another hash; the
            message names all of them.
        Crashed: a path leads out of the scratch copy.
    """
    hashes: dict[str, str] = {}
    problems: list[str] = []
    for item in weights:
        target = tree / item.path
        source = fetched / item.path if fetched else None
        if source is not None and source.is_file():
            shutil.copyfile(source, place_for(target, tree))
        try:
            if leads_out(target, tree):
                raise WeightsMissing(_why_absent(item.path, absent))
            hashes[item.path] = check_weight(target, item, absent)
        except WeightsMissing as error:
            problems.append(str(error))
    if problems:
        raise WeightsMissing("; ".join(problems))
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


def check_weight(path: Path, item: WeightRef, absent: list[str]) -> str:
    """Return the sha256 of a file of weights in a copy of the repository.

    Raises:
        WeightsMissing: it is not the file that the entry names.
    """
    if not path.exists():
        raise WeightsMissing(_why_absent(item.path, absent))
    if path.is_dir():
        raise WeightsMissing(
            f"{item.path}: must be the file of the weights; found a folder; list each of its files"
            " on its own"
        )
    if is_pointer(path):
        raise WeightsMissing(
            f"{item.path}: must be the weights; found a git-lfs pointer; the file itself is not in"
            " the repository"
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

"""What lies in a project, and in this machine's temporary folder, and is referred to by nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest, WeightsMarker
from fusebench.contracts.records import Record
from fusebench.contracts.weights import BY_HAND
from fusebench.environments.definition import VARIANTS
from fusebench.environments.key import environment_key
from fusebench.errors import EnvironmentFailed, UnreadableFile
from fusebench.files import HALF_WRITTEN
from fusebench.folders import leftovers, scratch_parent
from fusebench.layout import (
    COMMITTED,
    DATASETS,
    ENVIRONMENTS,
    RECORD,
    RUNS,
    SOURCES,
    TRIALS,
    WEIGHTS,
)
from fusebench.project import locate, names_in
from fusebench.registry.loading import Registry
from fusebench.registry.methods import Method
from fusebench.registry.selfchecks import checks_of
from fusebench.report.page import PREVIEW_CACHE
from fusebench.sources import source_key
from fusebench.sources.downloads import place_of
from fusebench.sources.weights import DOWNLOADS, read_kept

UNFINISHED = ("resources", "results", ".snakemake/fusebench")
"""Folders in which a killed process leaves half of a file, and staging folders."""


@dataclass(frozen=True)
class Unused:
    """One thing that nothing refers to.

    Attributes:
        what: its kind, as a person reads it.
        paths: its files and folders, in the order in which they are removed.
    """

    what: str
    paths: tuple[Path, ...]

    @cached_property
    def size(self) -> int:
        """How many bytes of the disk become free when it is removed."""
        return freed_bytes(self.paths)


def unused(registry: Registry) -> Iterator[Unused]:
    """Yield what nothing in the registry refers to, and what killed runs left.

    Results are never among it, but for those of trials; neither is what lies behind a link, which
    another project may use.

    Args:
        registry: the whole registry of a project, not only its selected suites.
    """
    root = registry.root
    for what, folder, names in (
        ("clone of no method", SOURCES, _source_names(registry)),
        ("environment of no lock", ENVIRONMENTS, _environment_names(root)),
        ("images of no dataset", DATASETS, set(registry.datasets)),
    ):
        yield from _with_other_names(what, root / folder, names)
    yield from _committed(registry)
    yield from _weights(registry)
    yield from _previews(registry)
    yield from _trials(root)
    yield from _unfinished(root)


def _with_other_names(what: str, folder: Path, used: set[str]) -> Iterator[Unused]:
    """Yield markers and folders of other names; the marker is removed first."""
    if folder.is_symlink() or not folder.is_dir():
        return
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir(), key=lambda path: not path.name.endswith(".json")):
        if not path.name.startswith("."):
            found.setdefault(path.name.removesuffix(".json"), []).append(path)
    yield from (Unused(what, tuple(found[name])) for name in sorted(found) if name not in used)


def _source_names(registry: Registry) -> set[str]:
    names = set()
    for method in registry.methods.values():
        with suppress(OSError):  # a local folder that is gone
            names.add(source_key(method.code, method.commit, registry.root))
    return names


def _environment_names(root: Path) -> set[str]:
    """Return the keys of all locks, those of graphics cards included."""
    names = set()
    for env in names_in(root, "envs"):
        names.add(f"unlocked-{env}")
        for variant in VARIANTS:
            with suppress(EnvironmentFailed):
                names.add(environment_key(locate(root, f"envs/{env}"), variant))
    return names


def _committed(registry: Registry) -> Iterator[Unused]:
    """Yield images of self-checks that no entry has."""
    folder = registry.root / COMMITTED
    for method in sorted(folder.iterdir()) if folder.is_dir() else ():
        known = registry.methods.get(method.name)
        names = {check.name for check in checks_of(known)} if known else set()
        if method.is_dir():
            yield from _with_other_names("images of no self-check", method, names)


def _weights(registry: Registry) -> Iterator[Unused]:
    """Yield fetched weights of no method, and downloads that no entry names or that are done.

    Files that a person put there are never among it.
    """
    folder = registry.root / WEIGHTS
    for one in _with_other_names("weights of no method", folder, set(registry.methods)):
        files = [read_kept(path) for path in one.paths if path.is_dir()]
        if all(kept.source != BY_HAND for known in files for kept in known.values()):
            yield one
    for downloads in sorted(folder.glob(f"*/{DOWNLOADS}/*")):
        method = registry.methods.get(downloads.parents[1].name)
        if method and downloads.name not in _awaited(folder, method):
            yield Unused("download that is done with", (downloads,))


def _awaited(folder: Path, method: Method) -> set[str]:
    """Return the names of the downloads that the next run goes on with."""
    with suppress(FileNotFoundError, UnreadableFile):
        if read_stored(folder / f"{method.name}.json", WeightsMarker).is_ok:
            return set()
    return {place_of(item, field) for item in method.weights for field in item.sources}


def _trials(root: Path) -> Iterator[Unused]:
    """Yield what ``fusebench try`` left of each method: no table shows it, and it is made again."""
    for folder in sorted((root / TRIALS).glob("*/")):
        yield Unused("trial of `fusebench try`", (folder,))


def _previews(registry: Registry) -> Iterator[Unused]:
    """Yield previews of images that no dataset and no record has, or of another size."""
    root, pixels = registry.root, registry.config.report.preview_pixels
    found = sorted((root / PREVIEW_CACHE).glob("*/*"))
    try:
        shown = {f"{sha256[:32]}-{pixels}.webp" for sha256 in _shown_images(root)}
    except UnreadableFile:  # what it shows is not known
        return
    old = tuple(path for path in found if path.name not in shown)
    if old:
        yield Unused("previews of images that are gone", old)


def _shown_images(root: Path) -> Iterator[str]:
    for path in (root / DATASETS).glob("*.json"):
        for pair in read_stored(path, Manifest).pairs:
            yield from (pair.a.sha256, pair.b.sha256)
    for path in (root / RUNS).glob(f"*/*/{RECORD}"):
        yield from (image.sha256 for image in read_stored(path, Record).images)


def _unfinished(root: Path) -> Iterator[Unused]:
    """Yield staging and scratch folders of the dead, and files that were written by half."""
    for path in leftovers(scratch_parent()):
        yield Unused("scratch folder of a killed job", (path, path.with_name(f"{path.name}.alive")))
    half: list[Path] = []
    for name in UNFINISHED:
        for parent, folders, files in os.walk(root / name):
            if Path(parent).name == ".staging":
                folders.clear()
                for path in leftovers(Path(parent)):
                    alive = path.with_name(f"{path.name}.alive")
                    yield Unused("left-over staging folder", (path, alive))
            folders[:] = [one for one in folders if not _is_content(Path(parent), root)]
            half += [Path(parent, file) for file in files if HALF_WRITTEN.fullmatch(file)]
    if half:
        yield Unused("files that a killed job wrote by half", tuple(half))


def _is_content(folder: Path, root: Path) -> bool:
    """Say whether a folder is a clone or an environment, whose files are not ours."""
    return folder.parent in (root / SOURCES, root / ENVIRONMENTS)


def freed_bytes(paths: Iterable[Path]) -> int:
    """Return how many bytes of the disk become free when paths are removed.

    A file that has a further name elsewhere, as those of environments in uv's cache, frees none.
    """
    seen: dict[tuple[int, int], tuple[int, int, int]] = {}
    for path in _files_below(paths):
        with suppress(FileNotFoundError):
            status = path.lstat()
            key = (status.st_dev, status.st_ino)
            names = seen.get(key, (0, 0, 0))[2] + 1
            seen[key] = (status.st_blocks * 512, status.st_nlink, names)
    return sum(blocks for blocks, links, names in seen.values() if names >= links)


def _files_below(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_symlink() or not path.is_dir():
            yield path
            continue
        for parent, _, files in os.walk(path):
            yield from (Path(parent, file) for file in files)

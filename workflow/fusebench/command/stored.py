"""Everything that a project has at hand, compared with what was written down of it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from fusebench.contracts.files import StoredFile, read_stored
from fusebench.contracts.markers import EnvironmentMarker, Manifest, SourceMarker, WeightsMarker
from fusebench.contracts.records import CachedMeasures, Record
from fusebench.datasets.prepared import refuse_changed
from fusebench.environments.key import environment_key
from fusebench.environments.verifying import verify
from fusebench.errors import FusebenchError
from fusebench.hashes import sha256_of_file
from fusebench.layout import CACHE, FUSED, MEASURES, RECORD, record_path
from fusebench.measure.runs import read_fused
from fusebench.metrics.definitions import CANONICAL
from fusebench.project import locate
from fusebench.sources.changes import refuse_changed_source

Kind = TypeVar("Kind", bound=StoredFile)

RESULT_FOLDERS = ("runs", "selfcheck", "repeats")


def damages(root: Path) -> Iterator[str]:
    """Yield what is damaged, and what to do, for every stored file of a project.

    They are markers, clones and copies, weights, prepared images, environments, records, fused
    images, and the values of measures.
    """
    resources = root / "resources"
    yield from _each(resources / "sources", "*.json", SourceMarker, _source)
    yield from _each(resources / "weights", "*.json", WeightsMarker, _weights)
    yield from _each(resources / "datasets", "*.json", Manifest, _images)
    yield from _each(resources / "committed", "*/*.json", Manifest, _images)
    yield from _each(resources / "envs", "*.json", EnvironmentMarker, partial(_environment, root))
    for folder in RESULT_FOLDERS:
        yield from _each(root / "results" / folder, f"**/{RECORD}", Record, _fused)
    for file in sorted((root / MEASURES).glob("*.csv")):
        yield from _values(root, file)


def _each(
    folder: Path, pattern: str, kind: type[Kind], check: Callable[[Path, Kind], Iterator[str]]
) -> Iterator[str]:
    """Check every stored file of a kind, and what it tells of."""
    for path in sorted(folder.glob(pattern)):
        try:
            yield from check(path, read_stored(path, kind))
        except FusebenchError as error:
            yield str(error)


def _source(_: Path, marker: SourceMarker) -> Iterator[str]:
    if marker.is_ok:
        refuse_changed_source(marker)
    yield from ()


def _weights(path: Path, marker: WeightsMarker) -> Iterator[str]:
    for name, wanted in marker.sha256.items():
        file = Path(marker.path, name)
        found = sha256_of_file(file) if file.is_file() else "nothing"
        if found != wanted:
            yield (
                f"{file}: must have the sha256 {wanted} with which it was fetched; found {found}:"
                f" put the right file there, or delete it and {path}, and run again"
            )


def _images(_: Path, manifest: Manifest) -> Iterator[str]:
    for pair in manifest.pairs:
        sides = [*pair.parts.values(), *([pair.expect] if pair.expect else [])]
        for image in sides:
            try:
                refuse_changed(Path(manifest.path), image)
            except FusebenchError as error:
                yield str(error)


def _environment(root: Path, path: Path, marker: EnvironmentMarker) -> Iterator[str]:
    folder = locate(root, f"envs/{marker.env}")
    if not marker.is_ok or environment_key(folder, marker.variant or "cpu") != marker.key:
        return  # of another lock: nothing uses it
    for difference in verify(folder, marker.variant or "cpu", root / "resources"):
        yield f"{difference}: remove {marker.path} and {path}, and run again"


def _fused(path: Path, record: Record) -> Iterator[str]:
    for image in record.images if record.has_results else ():
        try:
            read_fused(path.parent / FUSED / image.fused, image)
        except FusebenchError as error:
            yield str(error)


def _values(root: Path, file: Path) -> Iterator[str]:
    """Compare a table of values with the caches that it was written from."""
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            wanted = _cached(root, row["method"], row["dataset"])
            own = row["definition"] == CANONICAL
            name = row["metric"] if own else f"{row['metric']}@{row['definition']}"
            known = wanted.get(row["image"], {}).get(name)
            if known is not None and row["value"] != repr(known):
                yield (
                    f"{file}: {row['method']}, {row['image']}, {name}: must be {known!r}; found"
                    f" {row['value']}: delete the file and run again"
                )


@cache
def _cached(root: Path, method: str, dataset: str) -> dict[str, dict[str, float]]:
    """Return image -> id of a metric -> value, as the cache of a run has it."""
    path = (root / record_path(method, dataset)).with_name(CACHE)
    try:
        return read_stored(path, CachedMeasures).values
    except (FileNotFoundError, FusebenchError):
        return {}

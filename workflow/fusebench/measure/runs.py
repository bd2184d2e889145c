"""Measure all runs of a dataset.

The sources are read once per pair, and only what has changed is measured again.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_start_method
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fusebench.arrays.values import array_sha256, read_own_cube
from fusebench.contracts.datasets import Cube
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.jobs.comparing import Measured
from fusebench.contracts.markers import Manifest, Pair, Size
from fusebench.contracts.records import CachedMeasures, FusedImage, Record
from fusebench.datasets.prepared import read_prepared
from fusebench.errors import BadOutput, UnreadableFile
from fusebench.hashes import folder_digest, sha256_of_json
from fusebench.image_headers import UnreadableImageError
from fusebench.images import pixel_sha256, read_own
from fusebench.layout import CACHE, FUSED, RECORD, record_path
from fusebench.markers import read_manifest
from fusebench.metrics import resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fusebench.metrics import BandPair, ImagePair

KEEP_SECONDS = 30.0
"""How long measured values are only in memory."""

METRICS_FOLDER = Path(__file__).resolve().parents[1] / "metrics"

Job = TypeVar("Job")
Result = TypeVar("Result")

Values = tuple[dict[str, float], dict[str, str]]
"""Id of a metric -> value, and id of a metric -> why there is none."""


@dataclass(frozen=True)
class Row:
    """One value of the long table.

    ``reason`` says why ``value`` is None, or why it is not compared with those of other methods.
    """

    method: str
    dataset: str
    image: str
    metric: str
    definition: str
    value: float | None
    reason: str = ""


COLUMNS = tuple(Row.__dataclass_fields__)


@dataclass
class Run:
    """A finished run of a method on the dataset, with the values that are already measured.

    Attributes:
        folder: ``results/runs/<method>/<dataset>``.
        record: its record.
        key: hash of the images and the formulas; values cached under another key are not used.
        values: image -> metric id -> value.
        refusals: image -> metric id -> why there is no value.
    """

    folder: Path
    record: Record
    key: str
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    refusals: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        """The file beside the record that caches the run's values."""
        return self.folder / CACHE

    def missing(self, image: str, ids: Sequence[str]) -> list[str]:
        """Return the metrics that are not known of an image."""
        known = self.values.get(image, {}).keys() | self.refusals.get(image, {}).keys()
        return [name for name in ids if name not in known]


@dataclass(frozen=True)
class Wanted:
    """The fused image of a run that is to be measured on a pair.

    Attributes:
        run: the place of the run among those of the dataset.
        file: the fused image.
        image: what the record says of it.
        ids: the metrics that are not known of it.
    """

    run: int
    file: Path
    image: FusedImage
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """What one process measures: one pair, with the fused images of every run that needs it."""

    dataset: Path
    pair: Pair
    fused: tuple[Wanted, ...]
    cube: Cube | None = None


def measure_datasets(path: Path, datasets: Sequence[Measured], root: Path, workers: int) -> None:
    """Measure the runs on some datasets and write their values as one long table in CSV.

    Args:
        path: the file.
        datasets: what is measured on each.
        root: the project's folder.
        workers: number of processes.

    Raises:
        UnreadableFile: a manifest or a record is damaged, or of another version.
    """
    write_rows(path, (row for one in datasets for row in _measured(one, root, workers)))


def _measured(measured: Measured, root: Path, workers: int) -> list[Row]:
    records = [root / record_path(method, measured.dataset) for method in measured.methods]
    manifest = read_manifest(root, measured.dataset)
    return measure_dataset(manifest, records, measured.metrics, workers)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write values as one long table in CSV; each row is written as soon as it is known."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(vars(row) for row in rows)


def measure_dataset(
    manifest: Manifest, records: Sequence[Path], ids: Sequence[str], workers: int
) -> list[Row]:
    """Measure the runs on a dataset and return one row for each run, image and metric.

    Args:
        manifest: the marker of the dataset.
        records: the record files of its runs; runs without results have no rows.
        ids: the metrics, as ``fusebench.metrics.resolve`` takes them.
        workers: number of processes.

    Raises:
        UnreadableFile: a record is damaged, or of another version.
    """
    if not manifest.is_ok:
        return []
    read = [(path.parent, read_stored(path, Record)) for path in records]
    runs = [_open(folder, record, manifest) for folder, record in read if record.has_results]
    tasks = list(_tasks(manifest, runs, ids))
    found, caches = in_processes(measure_pair, tasks, workers, ids), _Caches()
    try:
        for task, results in zip(tasks, found, strict=True):
            for wanted, (values, refusals) in zip(task.fused, results, strict=True):
                run = runs[wanted.run]
                run.values.setdefault(wanted.image.name, {}).update(values)
                run.refusals.setdefault(wanted.image.name, {}).update(refusals)
                caches.changed[wanted.run] = run
            caches.write_now_and_then()
    finally:
        caches.write()
    return [row for run in runs for row in _rows(run, ids)]


class _Caches:
    """The caches of the runs that are being measured.

    They are written every half minute, and at the end: a job that is killed loses little.

    Attributes:
        changed: the runs with values that no file has yet, by their place.
    """

    def __init__(self) -> None:
        """Begin with no values."""
        self.changed: dict[int, Run] = {}
        self._written = time.monotonic()

    def write_now_and_then(self) -> None:
        """Write the caches if half a minute is over since the last time."""
        if time.monotonic() - self._written >= KEEP_SECONDS:
            self.write()

    def write(self) -> None:
        """Write the caches that have changed."""
        for run in self.changed.values():
            _write_cache(run)
        self.changed.clear()
        self._written = time.monotonic()


def _open(folder: Path, record: Record, manifest: Manifest) -> Run:
    """Return a run with its cached values, if they are of the same images and formulas."""
    hashes = [image.sha256 for image in record.images]
    key = sha256_of_json([manifest.sha256, hashes, formulas_digest()])
    run = Run(folder, record, key)
    try:
        cached = read_stored(run.cache, CachedMeasures)
    except (FileNotFoundError, UnreadableFile):
        return run
    if cached.key == key:
        run.values, run.refusals = dict(cached.values), dict(cached.refusals)
    return run


@cache
def formulas_digest() -> str:
    """Return the digest of the code of the metrics: a changed formula is measured again."""
    return folder_digest(METRICS_FOLDER)


def _tasks(manifest: Manifest, runs: Sequence[Run], ids: Sequence[str]) -> Iterator[Task]:
    images = [{image.name: image for image in run.record.images} for run in runs]
    for pair in manifest.pairs:
        wanted = [
            Wanted(
                index,
                run.folder / FUSED / images[index][pair.name].fused,
                images[index][pair.name],
                tuple(missing),
            )
            for index, run in enumerate(runs)
            if pair.name in images[index] and (missing := run.missing(pair.name, ids))
        ]
        if wanted:
            yield Task(Path(manifest.path), pair, tuple(wanted), manifest.cube or None)


def in_processes(
    work: Callable[[Job], Result], tasks: Sequence[Job], workers: int, ids: Sequence[str]
) -> Iterator[Result]:
    """Yield the result of each task in their order, computed in several processes.

    Args:
        work: a function of a module, which other processes can import.
        tasks: its arguments.
        workers: number of processes; 1 for this one.
        ids: the metrics that it computes.
    """
    if workers <= 1 or len(tasks) <= 1:
        yield from map(work, tasks)
        return
    if get_start_method() == "fork":
        _load_formulas(ids)
    with ProcessPoolExecutor(min(workers, len(tasks))) as pool:
        yield from pool.map(work, tasks)


def _load_formulas(ids: Sequence[str]) -> None:
    """Measure small images, so that processes forked from this one have loaded the formulas.

    numba and scipy take a second of CPU time to load. Loops that are not in numba's cache yet are
    compiled once, and not by each process.
    """
    import numpy as np

    from fusebench.metrics import ImagePair

    # Every formula takes images of this size. They are gray, so no other library is loaded.
    noise = np.random.default_rng(0).integers(0, 256, (4, 192, 192), dtype=np.uint8)
    ImagePair(*noise[:3]).attempt(noise[3], resolve(ids))


def measure_pair(task: Task) -> list[Values]:
    """Return values and refusals for each fused image of one pair."""
    sources = {side: read_prepared(task.dataset, image) for side, image in task.pair.sides.items()}
    pairs: dict[tuple[int, int], ImagePair | BandPair] = {}
    results = []
    for wanted in task.fused:
        width, height = wanted.image.size
        if (width, height) not in pairs:
            pairs[width, height] = _joined(sources, (width, height), task.cube)
        fused = read_fused(wanted.file, wanted.image)
        results.append(pairs[width, height].attempt(fused, resolve(wanted.ids)))
    return results


def _joined(
    sources: Mapping[str, NDArray[Any]], size: Size, cube: Cube | None
) -> ImagePair | BandPair:
    """Return the sources of a scene as metrics take them, images cut to a size."""
    from fusebench.metrics import BandPair, ImagePair

    if cube is None:
        cut = {side: pixels[: size[1], : size[0]] for side, pixels in sources.items()}
        return ImagePair(cut["a"], cut["b"], cut.get("reference"))
    sharp = sources["a"]
    pan = sharp[:, :, 0] if sharp.shape[2] == 1 else None
    return BandPair(
        sources["b"], pan, sources.get("reference"), ratio=cube.ratio, sensor=cube.sensor
    )


def read_fused(path: Path, image: FusedImage) -> NDArray[Any]:
    """Read a fused image or array; it must still be that of its record.

    Raises:
        BadOutput: it is not. Its record is removed, so that the next run makes the cell again.
    """
    try:
        pixels = read_own_cube(path) if image.array else read_own(path)
    except UnreadableImageError as error:
        raise _no_image_of_its_record(path, str(error)) from error
    if (array_sha256 if image.array else pixel_sha256)(pixels) != image.sha256:
        raise _no_image_of_its_record(path, "another")
    return pixels


def _no_image_of_its_record(path: Path, found: str) -> BadOutput:
    """Remove the record and return the error."""
    path.parents[1].joinpath(RECORD).unlink(missing_ok=True)
    return BadOutput(
        f"{path}: must be the image of its record; found {found}: run again, and the method is run"
        " again on this dataset"
    )


def _write_cache(run: Run) -> None:
    values = CachedMeasures(key=run.key, values=run.values, refusals=run.refusals)
    write_stored(run.cache, values)


def _rows(run: Run, ids: Sequence[str]) -> Iterator[Row]:
    record = run.record
    suspicion = "" if record.is_ok else f"{record.state}: {record.reason}"
    for image in record.images:
        for definition in resolve(ids):
            yield Row(
                record.method,
                record.dataset,
                image.name,
                definition.metric,
                definition.definition,
                run.values[image.name].get(definition.id),
                run.refusals[image.name].get(definition.id, suspicion),
            )

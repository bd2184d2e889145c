"""Measuring all runs of a dataset: sources read once per pair, and nothing measured again that has not changed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.errors import BadOutput
from fusebench.files import folder_digest, read_json, sha256_of_json, write_json
from fusebench.images import pixel_sha256, read_own
from fusebench.markers import OK
from fusebench.metrics import resolve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLUMNS = ("method", "dataset", "image", "metric", "definition", "value")

METRICS_FOLDER = Path(__file__).resolve().parents[1] / "metrics"

Row = dict[str, Any]


@dataclass
class Run:
    """A finished run of a method on the dataset, and what is already measured of it.

    Attributes:
        folder: ``results/runs/<method>/<dataset>``.
        record: its record.
        key: stands for the images and the formulas; values kept under another key are not used.
        values: image -> metric id -> value.
        refusals: image -> metric id -> why there is no value.
    """

    folder: Path
    record: dict[str, Any]
    key: str
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    refusals: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def kept(self) -> Path:
        """The file beside the record that keeps the run's values."""
        return self.folder / "measures.json"

    def missing(self, image: str, ids: list[str]) -> list[str]:
        """Return the metrics that are not known of an image."""
        known = self.values.get(image, {}).keys() | self.refusals.get(image, {}).keys()
        return [name for name in ids if name not in known]


@dataclass(frozen=True)
class Task:
    """What one process measures: one pair of the dataset with the fused images of every run that needs it."""

    dataset: Path
    pair: dict[str, Any]
    fused: tuple[tuple[int, Path, dict[str, Any], tuple[str, ...]], ...]


def measure_dataset(
    manifest: dict[str, Any], records: list[Path], ids: list[str], workers: int
) -> list[Row]:
    """Measure the runs of a dataset and return one row for each run, image and metric.

    Args:
        manifest: the marker of the dataset.
        records: the record files of its runs; runs that did not end ``ok`` have no rows.
        ids: the metrics, as ``fusebench.metrics.resolve`` takes them.
        workers: number of processes.

    Returns:
        Rows of ``COLUMNS``; a metric without a value on an image has None, and its ``reason`` says why.
    """
    if manifest["state"] != OK:
        return []
    runs = [_open(path, manifest) for path in records if read_json(path)["state"] == OK]
    tasks = list(_tasks(manifest, runs, ids))
    for task, results in zip(tasks, _measured(tasks, workers), strict=True):
        for (index, _, image, _), (values, refusals) in zip(task.fused, results, strict=True):
            runs[index].values.setdefault(image["name"], {}).update(values)
            runs[index].refusals.setdefault(image["name"], {}).update(refusals)
    for run in {index for task in tasks for index, *_ in task.fused}:
        _keep(runs[run])
    return [row for run in runs for row in _rows(run, ids)]


def _open(path: Path, manifest: dict[str, Any]) -> Run:
    """Return a run with what was measured of these very images by these very formulas."""
    record = read_json(path)
    key = sha256_of_json(
        [manifest["sha256"], [image["sha256"] for image in record["images"]], formulas_digest()]
    )
    run = Run(path.parent, record, key)
    if run.kept.exists():
        kept = read_json(run.kept)
        if kept["key"] == key:
            run.values, run.refusals = kept["values"], kept["refusals"]
    return run


@cache
def formulas_digest() -> str:
    """Return the digest of the code of the metrics: a changed formula is measured again."""
    return folder_digest(METRICS_FOLDER)


def _tasks(manifest: dict[str, Any], runs: list[Run], ids: list[str]) -> Iterator[Task]:
    images = [{image["name"]: image for image in run.record["images"]} for run in runs]
    for pair in manifest["pairs"]:
        name = pair["name"]
        wanted = [
            (
                index,
                run.folder / "fused" / images[index][name]["fused"],
                images[index][name],
                tuple(missing),
            )
            for index, run in enumerate(runs)
            if name in images[index] and (missing := run.missing(name, ids))
        ]
        if wanted:
            yield Task(Path(manifest["path"]), pair, tuple(wanted))


def _measured(
    tasks: list[Task], workers: int
) -> Iterator[list[tuple[dict[str, float], dict[str, str]]]]:
    if workers <= 1 or len(tasks) <= 1:
        yield from map(measure_pair, tasks)
        return
    with ProcessPoolExecutor(min(workers, len(tasks))) as pool:
        yield from pool.map(measure_pair, tasks)


def measure_pair(task: Task) -> list[tuple[dict[str, float], dict[str, str]]]:
    """Return values and refusals for each fused image of one pair."""
    from fusebench.metrics import ImagePair

    sources = {
        side: read_own(task.dataset / task.pair[side]["file"])
        for side in ("a", "b", "reference")
        if side in task.pair
    }
    pairs: dict[tuple[int, int], Any] = {}
    results = []
    for _, path, image, ids in task.fused:
        size = (image["size"][0], image["size"][1])
        if size not in pairs:
            cropped = {side: pixels[: size[1], : size[0]] for side, pixels in sources.items()}
            pairs[size] = ImagePair(cropped["a"], cropped["b"], cropped.get("reference"))
        results.append(pairs[size].attempt(_fused(path, image), resolve(ids)))
    return results


def _fused(path: Path, image: dict[str, Any]) -> NDArray[np.uint8]:
    """Read a fused image; it must still be the one that the record speaks of."""
    pixels = read_own(path)
    if pixel_sha256(pixels) != image["sha256"]:
        raise BadOutput(
            f"{path}: must be the image of its record; found another: delete record.json beside it and run again"
        )
    return pixels


def _keep(run: Run) -> None:
    write_json(run.kept, {"key": run.key, "values": run.values, "refusals": run.refusals})


def _rows(run: Run, ids: list[str]) -> Iterator[Row]:
    definitions = resolve(ids)
    for image in run.record["images"]:
        for definition in definitions:
            yield {
                "method": run.record["method"],
                "dataset": run.record["dataset"],
                "image": image["name"],
                "metric": definition.metric,
                "definition": definition.definition,
                "value": run.values[image["name"]].get(definition.id),
                "reason": run.refusals[image["name"]].get(definition.id, ""),
            }

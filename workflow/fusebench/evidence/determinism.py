"""Further runs of a cell with another seed and hash seed: equal images, or how far apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from fusebench.contracts.evidence import (
    Determinism,
    MetricSpread,
    RepeatedImage,
    RunFacts,
    SpreadResult,
)
from fusebench.contracts.files import read_stored
from fusebench.contracts.jobs.evidence import SpreadJob
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import FusedImage, Record
from fusebench.evidence.comparison import differences
from fusebench.images import read_image
from fusebench.layout import FUSED, RECORD
from fusebench.measure.runs import measure_dataset
from fusebench.metrics import resolve

DETERMINISTIC: Final = "deterministic"
NOT_DETERMINISTIC: Final = "not-deterministic"
UNKNOWN: Final = "unknown"

Values = dict[str, dict[str, float | None]]
"""Id of a metric -> image -> value; None where the metric has none."""


def judge_runs(
    manifest: Manifest, records: Sequence[Record], folders: Sequence[Path], ids: Sequence[str]
) -> Determinism:
    """Compare the runs of one cell with the first of them.

    Args:
        manifest: the marker of the images.
        records: of the runs, the first one first.
        folders: of the runs, in the same order.
        ids: the metrics whose spread is reported where images differ.
    """
    found = Determinism(
        verdict=UNKNOWN,
        reason="run once",
        runs=[
            RunFacts(
                seed=record.seed,
                hash_seed=record.hash_seed,
                threads=record.threads,
                state=record.state,
            )
            for record in records
        ],
    )
    failed = [(number, record) for number, record in enumerate(records, 1) if not record.is_ok]
    if failed:
        number, record = failed[0]
        return replace(found, reason=f"run {number}: {record.state}: {record.reason}")
    if len(records) < 2:
        return found
    images = [_image(image, records, folders) for image in records[0].images]
    differing = [image for image in images if image.max_abs != 0]
    if not differing:
        return replace(found, verdict=DETERMINISTIC, reason="", images=images)
    return replace(
        found,
        verdict=NOT_DETERMINISTIC,
        reason=_by_how_much(differing, len(images)),
        images=images,
        metrics=spread(manifest, folders, ids),
    )


def _by_how_much(differing: Sequence[RepeatedImage], count: int) -> str:
    """Say how many images differ between runs, and by how much.

    Images of different sizes are only counted.
    """
    levels = [image.max_abs for image in differing if image.max_abs is not None]
    sizes = len(differing) - len(levels)
    parts = [
        f"{len(differing)} of {count} images differ from run to run",
        *([f"by {max(levels)} gray levels at most"] if levels else []),
        *([f"{sizes} of them in size"] if sizes else []),
    ]
    return ", ".join(parts)


def _image(image: FusedImage, records: Sequence[Record], folders: Sequence[Path]) -> RepeatedImage:
    """Return the greatest difference of one image between the first run and any other.

    The differences are None where the sizes differ.
    """
    others = [
        next(other for other in record.images if other.name == image.name) for record in records[1:]
    ]
    repeated = RepeatedImage(
        name=image.name,
        sha256=[image.sha256, *(other.sha256 for other in others)],
        max_abs=0,
        mean_abs=0.0,
        differing=0.0,
    )
    if all(other.sha256 == image.sha256 for other in others):
        return repeated
    first, *further = [
        read_image(folder / FUSED / one.fused)[0]
        for one, folder in zip([image, *others], folders, strict=True)
    ]
    if any(pixels.shape[:2] != first.shape[:2] for pixels in further):
        return replace(repeated, max_abs=None, mean_abs=None, differing=None)
    found = [differences(pixels, first) for pixels in further]
    return replace(
        repeated,
        max_abs=max(one.max_abs for one in found),
        mean_abs=max(one.mean_abs for one in found),
        differing=max(one.differing for one in found),
    )


def judge_cell(job: SpreadJob, marker: Path, records: Sequence[Path]) -> SpreadResult:
    """Return the spread of a method on a dataset.

    This is the result of ``judge_runs``, with the metrics also where nothing differs.

    Args:
        job: which method, dataset and metrics.
        marker: of the dataset.
        records: of the runs, the first one first.

    Raises:
        UnreadableFile: the marker or a record is damaged, or of another version.
    """
    manifest = read_stored(marker, Manifest)
    contents = [read_stored(path, Record) for path in records]
    folders = [path.parent for path in records]
    found = judge_runs(manifest, contents, folders, job.metrics)
    if found.verdict == DETERMINISTIC:
        found = replace(found, metrics=spread(manifest, folders, job.metrics))
    return SpreadResult(method=job.method, dataset=job.dataset, determinism=found)


def spread(
    manifest: Manifest, folders: Sequence[Path], ids: Sequence[str]
) -> dict[str, MetricSpread]:
    """Return for each metric its mean over the runs and its range.

    A metric without a value on some image is left out.
    """
    tables = [values_of(manifest, folder, ids) for folder in folders]
    known = [name for name in ids if all(None not in table[name].values() for table in tables)]
    return {name: _spread([table[name] for table in tables]) for name in known}


def _spread(runs: Sequence[Mapping[str, float | None]]) -> MetricSpread:
    """Return the spread of a metric from its values in each run: image -> value, none missing."""
    values = [[value for value in run.values() if value is not None] for run in runs]
    means = [sum(of_run) / len(of_run) for of_run in values]
    by_image = [max(of_image) - min(of_image) for of_image in zip(*values, strict=True)]
    return MetricSpread(
        mean=sum(means) / len(means),
        range=max(means) - min(means),
        range_of_one_image=max(by_image),
    )


def values_of(manifest: Manifest, folder: Path, ids: Sequence[str]) -> Values:
    """Return the values of one run.

    A formula that has two names is measured once and returned under both.
    """
    definitions = resolve(ids)
    images = read_stored(folder / RECORD, Record).images
    if _larger_than_sources(manifest, images):
        return {definition.id: {image.name: None for image in images} for definition in definitions}
    measured: dict[tuple[str, str], dict[str, float | None]] = {}
    for row in measure_dataset(manifest, [folder / RECORD], ids, workers=1):
        measured.setdefault((row.metric, row.definition), {})[row.image] = row.value
    return {one.id: measured.get((one.metric, one.definition), {}) for one in definitions}


def _larger_than_sources(manifest: Manifest, images: Sequence[FusedImage]) -> bool:
    """Tell whether any fused image has pixels that its sources lack: no metric compares them."""
    sizes = {pair.name: pair.size for pair in manifest.pairs}
    return any(
        side > known
        for image in images
        for side, known in zip(image.size, sizes[image.name], strict=True)
    )

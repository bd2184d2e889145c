"""Further runs of a cell with another seed and hash seed: the same images, or how far they lie apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fusebench.evidence.comparison import differences
from fusebench.files import read_json
from fusebench.images import read_image
from fusebench.markers import OK

DETERMINISTIC, NOT_DETERMINISTIC, UNKNOWN = "deterministic", "not-deterministic", "unknown"


def judge_runs(
    manifest: dict[str, Any], records: list[dict[str, Any]], folders: list[Path], ids: list[str]
) -> dict[str, Any]:
    """Compare the runs of one cell with the first of them.

    Args:
        manifest: the marker of the images.
        records: of the runs, the first one first.
        folders: of the runs, in the same order.
        ids: the metrics whose spread is told where images differ.

    Returns:
        ``verdict``, ``reason``, ``runs`` (seed, hash seed, threads and state of each), ``images`` (the greatest difference of each
        image from the first run), and ``metrics`` (id -> mean, and the range over the runs, of the mean over all images,
        and the greatest range of one image).
    """
    runs = [
        {key: record.get(key) for key in ("seed", "hash_seed", "threads", "state")}
        for record in records
    ]
    failed = [record for record in records if record["state"] != OK]
    if len(records) < 2 or failed:
        reason = (
            f"run {records.index(failed[0]) + 1}: {failed[0]['state']}: {failed[0]['reason']}"
            if failed
            else "run once"
        )
        return {"verdict": UNKNOWN, "reason": reason, "runs": runs, "images": [], "metrics": {}}
    images = [_image(image, records, folders) for image in records[0]["images"]]
    differing = [image for image in images if image["max_abs"] != 0]
    if not differing:
        return {
            "verdict": DETERMINISTIC,
            "reason": "",
            "runs": runs,
            "images": images,
            "metrics": {},
        }
    metrics = spread(manifest, folders, ids)
    return {
        "verdict": NOT_DETERMINISTIC,
        "reason": _by_how_much(differing, len(images)),
        "runs": runs,
        "images": images,
        "metrics": metrics,
    }


def _by_how_much(differing: list[dict[str, Any]], count: int) -> str:
    """Say how many images differ from run to run, how many of them in size, and by how much the others do."""
    levels = [image["max_abs"] for image in differing if image["max_abs"] is not None]
    sizes = len(differing) - len(levels)
    parts = [
        f"{len(differing)} of {count} images differ from run to run",
        *([f"by {max(levels)} gray levels at most"] if levels else []),
        *([f"{sizes} of them in size"] if sizes else []),
    ]
    return ", ".join(parts)


def _image(
    image: dict[str, Any], records: list[dict[str, Any]], folders: list[Path]
) -> dict[str, Any]:
    """Return the greatest difference of one image from the first run to any other; None where the size is another."""
    name = image["name"]
    others = [
        next(other for other in record["images"] if other["name"] == name) for record in records[1:]
    ]
    hashes = {"name": name, "sha256": [image["sha256"], *(other["sha256"] for other in others)]}
    if all(other["sha256"] == image["sha256"] for other in others):
        return {**hashes, "max_abs": 0, "mean_abs": 0.0, "differing": 0.0}
    first, *further = [
        read_image(folder / "fused" / one["fused"])[0]
        for one, folder in zip([image, *others], folders, strict=True)
    ]
    if any(pixels.shape[:2] != first.shape[:2] for pixels in further):
        return {**hashes, "max_abs": None, "mean_abs": None, "differing": None}
    found = [differences(pixels, first) for pixels in further]
    return {
        **hashes,
        **{key: max(one[key] for one in found) for key in ("max_abs", "mean_abs", "differing")},
    }


def judge_cell(spec: dict[str, Any], marker: Path, records: list[Path]) -> dict[str, Any]:
    """Return the spread of a method on a dataset: as ``judge_runs``, and every metric also where nothing differs.

    Args:
        spec: ``method``, ``dataset`` and ``metrics``.
        marker: of the dataset.
        records: of the runs, the first one first.
    """
    manifest, contents = read_json(marker), [read_json(path) for path in records]
    folders = [path.parent for path in records]
    found = judge_runs(manifest, contents, folders, spec["metrics"])
    if found["verdict"] == DETERMINISTIC:
        found["metrics"] = spread(manifest, folders, spec["metrics"])
    return {"method": spec["method"], "dataset": spec["dataset"], **found}


def spread(
    manifest: dict[str, Any], folders: list[Path], ids: list[str]
) -> dict[str, dict[str, float]]:
    """Return for each metric its mean over the runs and its range; a metric without a value on some image is left out."""
    tables = [values_of(manifest, folder, ids) for folder in folders]
    known = [name for name in ids if all(None not in table[name].values() for table in tables)]
    return {name: _spread([list(table[name].values()) for table in tables]) for name in known}


def _spread(runs: list[list[Any]]) -> dict[str, float]:
    """Return mean, range of the means and greatest range of one image; ``runs`` holds the values of each run, image by image."""
    means = [sum(values) / len(values) for values in runs]
    by_image = [max(values) - min(values) for values in zip(*runs, strict=True)]
    return {
        "mean": sum(means) / len(means),
        "range": max(means) - min(means),
        "range_of_one_image": max(by_image),
    }


def values_of(
    manifest: dict[str, Any], folder: Path, ids: list[str]
) -> dict[str, dict[str, float | None]]:
    """Return metric id -> image -> value of one run; None where a metric has no value."""
    from fusebench.measure.runs import measure_dataset
    from fusebench.metrics import resolve

    names = {
        (definition.metric, definition.definition): definition.id for definition in resolve(ids)
    }
    images = read_json(folder / "record.json")["images"]
    if _larger_than_sources(manifest, images):
        return {name: {image["name"]: None for image in images} for name in names.values()}
    rows = measure_dataset(manifest, [folder / "record.json"], ids, workers=1)
    table: dict[str, dict[str, float | None]] = {name: {} for name in names.values()}
    for row in rows:
        table[names[row["metric"], row["definition"]]][row["image"]] = row["value"]
    return table


def _larger_than_sources(manifest: dict[str, Any], images: list[dict[str, Any]]) -> bool:
    """Tell whether any fused image has pixels that its sources lack: no metric compares them."""
    sizes = {pair["name"]: pair["size"] for pair in manifest["pairs"]}
    return any(
        side > known
        for image in images
        for side, known in zip(image["size"], sizes[image["name"]], strict=True)
    )

"""What a run really produced, as the entry of its method says it: taken from the records, checked against the images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fusebench.errors import RegistryError
from fusebench.files import read_json, sha256_of_json
from fusebench.markers import OK
from fusebench.registry import Registry, load_registry

RUNS = Path("results/runs")


def verification(project: Path, method: str, datasets: list[str]) -> dict[str, Any]:
    """Return the field ``verified`` of a method: date, device, dataset, outputs_sha256, and others where there are several.

    Args:
        project: the project's folder, with its ``results/runs``.
        method: the name of the method.
        datasets: the datasets to take, in this order; none: every one whose record is good, the largest first.

    Raises:
        RegistryError: no record is good, or one that was asked for is not; says why.
    """
    names = datasets or sorted(
        path.parent.name for path in (project / RUNS / method).glob("*/record.json")
    )
    problems, good = [], {}
    for name in names:
        try:
            good[name] = _good_record(project, method, name)
        except RegistryError as error:
            problems.append(str(error))
    if not good or (datasets and problems):
        raise RegistryError(
            "; ".join(problems)
            or f"{method}: must have a record below {project / RUNS}; found none"
        )
    order = names if datasets else sorted(good, key=lambda name: -len(good[name]["images"]))
    return _facts([good[name] for name in order])


def _facts(records: list[dict[str, Any]]) -> dict[str, Any]:
    first = records[0]
    others = {record["dataset"]: outputs_sha256(record) for record in records[1:]}
    return {
        "date": first["started"][:10],
        "device": _device(first),
        "dataset": first["dataset"],
        "outputs_sha256": outputs_sha256(first),
        **({"others": others} if others else {}),
    }


def _device(record: dict[str, Any]) -> str:
    return "cpu" if record["device"] == "cpu" else str(record["hardware"]["gpu"])


def trial(project: Path, method: str) -> dict[str, str] | None:
    """Return the field ``tried`` of a method without weights whose script got as far as asking for them; None for others."""
    for file in sorted((project / RUNS / method).glob("*/record.json")):
        record = read_json(file)
        if record.get("reached_weights") and record["spec"] == _spec_today(project, record):
            facts = {
                "date": record["started"][:10],
                "device": _device(record),
                "dataset": record["dataset"],
            }
            return {**facts, "reached": "weights"}
    return None


def outputs_sha256(record: dict[str, Any]) -> str:
    """Return the sha256 over names and pixels of all fused images of a record, in the order of the names."""
    return sha256_of_json(sorted([image["name"], image["sha256"]] for image in record["images"]))


def _good_record(project: Path, method: str, dataset: str) -> dict[str, Any]:
    """Return a record whose run ended well, was told what the registry says today, and whose images are those on disk."""
    file = project / RUNS / method / dataset / "record.json"
    what = f"{method} on {dataset}"
    if not file.is_file():
        raise RegistryError(f"{what}: must have been run; found no {file}: run it with snakemake")
    record: dict[str, Any] = read_json(file)
    if record["state"] != OK:
        raise RegistryError(
            f"{what}: must have ended well; found {record['state']}: {record['reason']}"
        )
    if record["spec"] != _spec_today(project, record):
        raise RegistryError(f"{what}: was run from another entry than today's; run it again")
    if record["source"]["commit"] != load_registry(project).methods[method].commit:
        raise RegistryError(f"{what}: was run at another commit than today's; run it again")
    for image in record["images"]:
        _check_image(file.parent / "fused" / image["fused"], image["sha256"], what)
    return record


def _spec_today(project: Path, record: dict[str, Any]) -> str:
    """Return the hash of what a job of this cell would be told today, on the device of the record."""
    from fusebench.fuse.specs import cell_spec

    registry: Registry = load_registry(project, {"device": record["device"]})
    method, dataset = (
        registry.methods.get(record["method"]),
        registry.datasets.get(record["dataset"]),
    )
    if method is None or dataset is None or not method.is_active:
        return ""
    return sha256_of_json(cell_spec(method, dataset, registry))


def _check_image(path: Path, known: str, what: str) -> None:
    from fusebench.images import UnreadableImageError, pixel_sha256, read_image

    try:
        found = pixel_sha256(read_image(path)[0])
    except (OSError, UnreadableImageError) as error:
        raise RegistryError(
            f"{what}: {path} must be the fused image of the record: {error}; run it again"
        ) from error
    if found != known:
        raise RegistryError(
            f"{what}: {path} must be the fused image of the record; its pixels are others: run it again"
        )

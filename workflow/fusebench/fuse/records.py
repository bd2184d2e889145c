"""What is known of a cell before, during and after its run: the job's inputs, its outcome, and the record made of both."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fusebench.files import read_json, sha256_of_json
from fusebench.fuse.devices import Device
from fusebench.fuse.launching import Launch
from fusebench.fuse.timing import hardware, load_per_cpu, timing
from fusebench.markers import SKIPPED

RUNS = Path("results/runs")


@dataclass(frozen=True)
class Cell:
    """What a job is given: the entry's fields that change a result, and the markers of the steps before.

    Attributes:
        spec: method, dataset, run, weights, modalities, threads, minutes, device, gpus; see ``fuse.specs``.
        source: the marker of the source.
        environment: the marker of the environment.
        dataset: the marker of the dataset, its manifest included.
        weights: the marker of the fetched weights; None for an entry without any.
        folder: ``results/runs/<method>/<dataset>``.
        log: the file that receives everything that the script prints.
    """

    spec: dict[str, Any]
    source: dict[str, Any]
    environment: dict[str, Any]
    dataset: dict[str, Any]
    weights: dict[str, Any] | None
    folder: Path
    log: Path


@dataclass
class Outcome:
    """What is known of a run so far; it ends up in the record also when the run fails half way."""

    images: list[dict[str, Any]] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    weights: dict[str, str] = field(default_factory=dict)
    device: Device | None = None
    load: float | None = None
    notes: list[str] = field(default_factory=list)
    reached_weights: bool = False


def read_cell(
    spec: dict[str, Any], markers: dict[str, Path | None], folder: Path, log: Path
) -> Cell:
    """Return a cell from the marker files that the steps before it left."""
    contents: dict[str, Any] = {
        step: read_json(path) if path else None for step, path in markers.items()
    }
    return Cell(
        spec,
        contents["source"],
        contents["environment"],
        contents["dataset"],
        contents["weights"],
        folder,
        log,
    )


def all_records(cells: dict[str, Any], root: Path = Path()) -> list[dict[str, Any]]:
    """Return the records of some cells, and for those that cannot be run a record that says why.

    Args:
        cells: ``runs``, dataset -> methods, and ``skipped``, a list of [method, dataset, reason].
        root: the project's folder.
    """
    runs = [(dataset, method) for dataset, methods in cells["runs"].items() for method in methods]
    records = [
        read_json(root / RUNS / method / dataset / "record.json") for dataset, method in runs
    ]
    skipped = [
        {"method": method, "dataset": dataset, "state": SKIPPED, "reason": reason, "images": []}
        for method, dataset, reason in cells["skipped"]
    ]
    return records + skipped


def identity(cell: Cell) -> dict[str, Any]:
    """Return which cell a record is of, the hash of what its job was told, and the hash of all that decides its result."""
    steps = [
        [cell.source.get(key) for key in ("path", "commit", "tree")],
        [cell.environment.get(key) for key in ("path", "key")],
        [cell.dataset.get(key) for key in ("path", "sha256")],
        cell.weights,
    ]
    return {
        "method": cell.spec["method"],
        "dataset": cell.spec["dataset"],
        "spec": sha256_of_json(cell.spec),
        "cell": sha256_of_json([cell.spec, *steps]),
    }


def hash_seed(run: dict[str, Any]) -> int:
    """Return the PYTHONHASHSEED of a run: its seed, unless further runs are given one of their own."""
    return int(run.get("hash_seed", run["seed"]))


def description(cell: Cell, outcome: Outcome) -> dict[str, Any]:
    """Return everything about the run that a reader, or a second run, needs to know."""
    reports = [launched.report for launched in outcome.launches]
    first = reports[0] if reports else {}
    run = cell.spec["run"]
    times = timing(outcome.images, reports, cell.spec)
    return {
        "images": outcome.images,
        "model_seconds": (times["model_seconds"] or {}).get("median"),
        "seconds_per_image": (times["seconds"] or {}).get("median"),
        "timing": times,
        "hardware": hardware(
            outcome.device.visible if outcome.device else "", reports, cell.spec["threads"]
        ),
        "parameters": first.get("parameters"),
        "flops": first.get("flops"),
        "device": outcome.device.kind if outcome.device else None,
        "threads": cell.spec["threads"],
        "clock": {key: first.get(key) for key in CLOCK_FIELDS},
        "versions": first.get("versions", {}),
        "shims": _summed([report.get("shims", {}) for report in reports]),
        "compat": run["compat"],
        "edits": run["edit"],
        "seed": run["seed"],
        "hash_seed": hash_seed(run),
        "notes": [
            *outcome.notes,
            *(note for report in reports for note in report.get("notes", [])),
        ],
        "source": {
            key: cell.source.get(key)
            for key in ("code", "origin", "commit", "tree", "absent", "submodules")
        },
        "environment": {
            key: cell.environment.get(key) for key in ("env", "key", "variant", "python", "path")
        },
        "weights": outcome.weights,
        "weights_read": sorted(
            {path for report in reports for path in report.get("weights_read", [])}
        ),
        "reached_weights": outcome.reached_weights,
        "inputs": {
            "dataset": cell.dataset.get("sha256"),
            "pairs": len(cell.dataset.get("pairs", [])),
        },
        "host": {**_host(), "load_per_cpu": [outcome.load, load_per_cpu()]},
    }


CLOCK_FIELDS = (
    "startup_seconds",
    "modules_called",
    "peak_rss_bytes",
    "peak_device_bytes",
    "device_name",
)


def deviations(declared: dict[str, str], versions: dict[str, str]) -> list[str]:
    """Return how a run's versions differ from those that the authors declare.

    >>> deviations({"torch": "1.7.0+cu110", "python": "3.8"}, {"torch": "2.13.0+cpu", "python": "3.8.18"})
    ['torch: declared 1.7.0+cu110, ran with 2.13.0+cpu']
    """
    return [
        f"{name}: declared {wanted}, ran with {versions[name]}"
        for name, wanted in declared.items()
        if name in versions
        and not f"{versions[name]}.".startswith(f"{wanted.partition('+')[0].strip('=')}.")
    ]


def _summed(counts: list[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return total


def _host() -> dict[str, Any]:
    return {
        "node": platform.node(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "slurm_job": os.environ.get("SLURM_JOB_ID"),
    }

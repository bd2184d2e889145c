"""One cell of the comparison: a method run on a dataset, ending in a record whatever happened."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from fusebench.errors import BadOutput, EnvironmentFailed, SourceUnavailable, StepError
from fusebench.files import read_json, remove_folder, sha256_of_json
from fusebench.fuse.collecting import collect_result, missing_results, too_few
from fusebench.fuse.devices import Device, reserved_device
from fusebench.fuse.launching import ADAPTERS, Launch, launch
from fusebench.fuse.placeholders import fill_arguments
from fusebench.fuse.staging import StagedPair, clear_folders, copy_repository, stage_pairs
from fusebench.markers import OK
from fusebench.sources.repositories import refuse_changes
from fusebench.sources.weights import place_weights

DEFAULT_MINUTES = 60.0


@dataclass(frozen=True)
class Cell:
    """What a job is given: the entry's fields that change a result, and the markers of the steps before.

    Attributes:
        spec: method, dataset, run, weights, modalities, threads, minutes, device; see ``fuse.specs``.
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
    notes: list[str] = field(default_factory=list)


def run_cell(cell: Cell) -> dict[str, Any]:
    """Run a method on a dataset and return its record; no failure of the method raises."""
    started, clock = datetime.now(UTC), time.perf_counter()
    outcome = Outcome()
    state: dict[str, Any] = {"state": OK, "reason": ""}
    cell.log.parent.mkdir(parents=True, exist_ok=True)
    with cell.log.open("w", encoding="utf-8", buffering=1) as log:
        try:
            _refuse_failed_steps(cell)
            with reserved_device(cell.spec["device"]) as outcome.device:
                _fuse(cell, outcome, log)
        except StepError as error:
            state = {"state": error.state, "reason": str(error)}
            log.write(f"\nfusebench: {error.state}: {error}\n")
    facts = {
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
    }
    return {**_identity(cell), **state, **facts, **_description(cell, outcome), "log": str(cell.log)}


def _refuse_failed_steps(cell: Cell) -> None:
    """Take over the state of a step that failed before; check that what it left is still there."""
    for marker in (cell.dataset, cell.source, cell.environment, cell.weights):
        if marker is not None and marker["state"] != OK:
            error = StepError(marker["reason"])
            error.state = marker["state"]
            raise error
    refuse_changes(Path(cell.source["path"]), cell.source["code"])
    python = Path(cell.environment["path"], "bin", "python")
    if not python.exists():
        raise EnvironmentFailed(
            f"the environment must have an interpreter at {python}; found none: delete {cell.environment['path']}.json and run again"
        )
    if not Path(cell.source["path"]).is_dir():
        raise SourceUnavailable(
            f"{cell.source['path']} is gone: delete {cell.source['path']}.json and run again"
        )


def _fuse(cell: Cell, outcome: Outcome, log: IO[str]) -> None:
    """Stage, launch and collect, batch by batch, in a scratch folder; publish the fused images at the end."""
    with tempfile.TemporaryDirectory(prefix="fusebench-") as name:
        scratch = Path(name).resolve()
        work, out, fused = scratch / "work", scratch / "out", scratch / "fused"
        run = cell.spec["run"]
        copy_repository(Path(cell.source["path"]), work, run["unpack"], run["edit"])
        fetched = Path(cell.weights["path"]) if cell.weights else None
        outcome.weights = place_weights(cell.spec["weights"], fetched, work, cell.source["absent"])
        deadline = time.monotonic() + 60 * cell.spec["minutes"]
        for batch in _batches(cell.dataset["pairs"], run.get("pairs_per_process")):
            remove_folder(out)
            out.mkdir()
            _fuse_batch(cell, batch, (scratch, work, out, fused), deadline, outcome, log)
        _publish(fused, cell.folder / "fused")
        _unlock(scratch)


def _batches(pairs: list[dict[str, Any]], size: int | None) -> Iterator[list[dict[str, Any]]]:
    """Yield the pairs of each process; the last batch of a fixed size is filled up with copies of its last pair."""
    if size is None:
        yield pairs
        return
    for start in range(0, len(pairs), size):
        batch = pairs[start : start + size]
        fillers = [{**batch[-1], "name": f"{batch[-1]['name']}-filler{i}"} for i in range(size - len(batch))]
        yield batch + fillers


def _fuse_batch(
    cell: Cell,
    batch: list[dict[str, Any]],
    folders: tuple[Path, Path, Path, Path],
    deadline: float,
    outcome: Outcome,
    log: IO[str],
) -> None:
    scratch, work, out, fused = folders
    run = cell.spec["run"]
    values = _values(cell, work, out, len(batch), outcome.device)
    clear_folders(run, work, values)
    staged = stage_pairs(batch, Path(cell.dataset["path"]), run, work, values)
    if len(batch) == 1:
        values = {**values, "name": batch[0]["name"], "index": run["first_index"]}
    since = time.time() - 1
    job = _job(cell, staged, scratch, values, outcome.device)
    python = Path(cell.environment["path"], "bin", "python").absolute()
    launched = launch(job, python, scratch, log, max(1.0, deadline - time.monotonic()), run["environ"])
    outcome.launches.append(launched)
    _check_complete(staged, launched, work, out, since, outcome)
    sizes = {pair["name"]: pair["size"] for pair in batch}
    known = {pair["name"] for pair in cell.dataset["pairs"]}
    for pair in staged:
        if pair.name in known:
            image = collect_result(pair, sizes[pair.name], run, fused / f"{pair.name}.png")
            outcome.images.append({**image, **_times(launched, pair.name)})


def _values(cell: Cell, work: Path, out: Path, count: int, device: Device | None) -> dict[str, Any]:
    """Return the placeholders that are the same for every pair of a batch."""
    a, b = cell.spec["modalities"]
    kind = device.kind if device else "cpu"
    return {"work": work, "out": out, "count": count, "modality_a": a, "modality_b": b, "device": kind}


def _job(
    cell: Cell, staged: list[StagedPair], scratch: Path, values: dict[str, Any], device: Device | None
) -> dict[str, Any]:
    """Return what the harness is told; see ``docs/architecture.md``."""
    run, work = cell.spec["run"], values["work"]
    script = str(ADAPTERS / run["adapter"]) if "adapter" in run else run["script"]
    return {
        "script": script,
        "args": fill_arguments(run["args"], values),
        "root": str(work),
        "cwd": str(work / run["cwd"]),
        "device": device.kind if device else "cpu",
        "visible": device.visible if device else "",
        "threads": cell.spec["threads"],
        "seed": run["seed"],
        "edits": {file: edits for file, edits in run["edit"].items() if file.endswith(".py")},
        "compat": run["compat"],
        "inputs": {str(path): pair.name for pair in staged for path in (pair.a, pair.b)},
        "outputs": {str(pair.result): pair.name for pair in staged},
        "warmup": 1,
        "report": str(scratch / "launch.json"),
    }


def _check_complete(
    staged: list[StagedPair], launched: Launch, work: Path, out: Path, since: float, outcome: Outcome
) -> None:
    """Raise unless every result is there; an unhappy ending after the last result is only noted."""
    missing = missing_results(staged)
    if missing and (launched.status != 0 or launched.printed_traceback):
        done = len(staged) - len(missing)
        error = launched.failure()
        raise type(error)(f"{error} ({done} of {len(staged)} results written)")
    if missing:
        raise too_few(staged, missing, work, out, since)
    if launched.status != 0:
        outcome.notes.append(
            f"exit status {launched.status} after every result was written: {launched.complaint}"
        )
    elif launched.printed_traceback:
        outcome.notes.append(
            f"a traceback was printed although every result was written: {launched.complaint}"
        )


def _times(launched: Launch, name: str) -> dict[str, Any]:
    times = launched.report.get("images", {}).get(name, {})
    return {"model_seconds": times.get("model_seconds"), "seconds": times.get("seconds")}


def _publish(fused: Path, final: Path) -> None:
    """Replace the fused images of an earlier run; the record, written after this, tells that they are whole."""
    if not fused.is_dir():
        raise BadOutput("no pair of the dataset was fused")
    final.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=".staging-fused-", dir=final.parent))
    shutil.copytree(fused, stage, dirs_exist_ok=True)
    stage.chmod(0o755)
    remove_folder(final)
    stage.rename(final)


def _unlock(scratch: Path) -> None:
    """Make everything writable, so that the scratch folder can be removed whatever the script did to it."""
    for path in scratch.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def _identity(cell: Cell) -> dict[str, Any]:
    return {"method": cell.spec["method"], "dataset": cell.spec["dataset"], "spec": sha256_of_json(cell.spec)}


def _description(cell: Cell, outcome: Outcome) -> dict[str, Any]:
    """Return everything about the run that a reader, or a second run, needs to know."""
    reports = [launched.report for launched in outcome.launches]
    first = reports[0] if reports else {}
    run = cell.spec["run"]
    return {
        "images": outcome.images,
        "model_seconds": _typical([image["model_seconds"] for image in outcome.images]),
        "seconds_per_image": _typical([image["seconds"] for image in outcome.images]),
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
        "notes": [*outcome.notes, *(note for report in reports for note in report.get("notes", []))],
        "source": {
            key: cell.source.get(key) for key in ("code", "origin", "commit", "tree", "absent", "submodules")
        },
        "environment": {
            key: cell.environment.get(key) for key in ("env", "key", "variant", "python", "path")
        },
        "weights": outcome.weights,
        "inputs": {"dataset": cell.dataset.get("sha256"), "pairs": len(cell.dataset.get("pairs", []))},
        "host": _host(),
    }


CLOCK_FIELDS = ("startup_seconds", "modules_called", "peak_rss_bytes", "peak_device_bytes", "device_name")


def _typical(seconds: list[float | None]) -> float | None:
    """Return the median without the first image, which pays for warming up; with one image only, that one."""
    known = [value for value in seconds if value is not None]
    if len(known) != len(seconds) or not known:
        return None
    return statistics.median(known[1:] or known)


def _summed(counts: list[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return total


def _host() -> dict[str, Any]:
    import os
    import platform

    return {
        "node": platform.node(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def read_cell(spec: dict[str, Any], markers: dict[str, Path | None], folder: Path, log: Path) -> Cell:
    """Return a cell from the marker files that the steps before it left."""
    contents = {step: read_json(path) if path else None for step, path in markers.items()}
    return Cell(
        spec,
        contents["source"],
        contents["environment"],
        contents["dataset"],
        contents["weights"],
        folder,
        log,
    )

"""One cell of the comparison: a method run on a dataset, ending in a record whatever happened."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from fusebench.environments.hardware import kernels_for
from fusebench.errors import (
    BadOutput,
    Crashed,
    EnvironmentFailed,
    SourceUnavailable,
    StepError,
    TimedOut,
    WeightsMissing,
)
from fusebench.fuse.collecting import collect_result, missing_results, too_few
from fusebench.fuse.devices import Device, compute_capability, reserved_device
from fusebench.fuse.launching import ADAPTERS, Launch, launch
from fusebench.fuse.order import refuse_other_order
from fusebench.fuse.placeholders import fill_arguments, filled_edits
from fusebench.fuse.records import Cell, Outcome, description, hash_seed, identity
from fusebench.fuse.staging import StagedPair, clear_folders, copy_repository, stage_pairs
from fusebench.fuse.timing import load_per_cpu
from fusebench.markers import OK
from fusebench.sources.repositories import refuse_changes
from fusebench.sources.weights import place_weights
from fusebench.staging import remove_folder, scratch_folder, staged_folder

TRY_VARIABLE = "FUSEBENCH_TRY"
"""Set where methods without weights are to be tried as far as they go."""

TRY_SECONDS = 300.0

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Workshop:
    """Where a cell is run: a scratch folder with the copy of the repository in it, and the log.

    Attributes:
        scratch: holds all the others; removed at the end.
        log: receives everything that the script prints.
        thumbnails: of the fused images of all batches so far, by the name of their pair.
    """

    scratch: Path
    log: IO[str]
    thumbnails: dict[str, Any] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """The scratch copy of the repository."""
        return self.scratch / "work"

    @property
    def out(self) -> Path:
        """The empty folder that ``{out}`` stands for."""
        return self.scratch / "out"

    @property
    def fused(self) -> Path:
        """The fused images of all batches so far."""
        return self.scratch / "fused"


def run_cell(cell: Cell) -> dict[str, Any]:
    """Run a method on a dataset and return its record; no failure of the method raises."""
    started, clock = datetime.now(UTC), time.perf_counter()
    outcome = Outcome(load=load_per_cpu())
    ended: StepError | None = None
    cell.log.parent.mkdir(parents=True, exist_ok=True)
    with cell.log.open("w+", encoding="utf-8", buffering=1) as log:
        try:
            _refuse_failed_steps(cell)
            with reserved_device(cell.spec["device"], cell.spec.get("gpus", 1)) as outcome.device:
                _refuse_without_kernels(cell, outcome.device)
                _fuse(cell, outcome, log)
        except StepError as error:
            ended = error
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            ended = Crashed(
                f"{error.filename2 or error.filename or 'the disk'} is full ({error.strerror}): free space and run again"
            )
        if ended:
            log.write(f"\nfusebench: {ended.state}: {ended}\n")
    seconds = round(time.perf_counter() - clock, 3)
    return _record(
        cell, outcome, ended, started=started.isoformat(timespec="seconds"), seconds=seconds
    )


def ended_record(cell: Cell, error: StepError) -> dict[str, Any]:
    """Return the record of a cell whose job ended without one."""
    return _record(cell, Outcome(), error, started=None, seconds=None)


def _record(
    cell: Cell, outcome: Outcome, error: StepError | None, **times: str | float | None
) -> dict[str, Any]:
    state = {"state": error.state, "reason": str(error)} if error else {"state": OK, "reason": ""}
    return {**identity(cell), **state, **times, **description(cell, outcome), "log": str(cell.log)}


def _refuse_failed_steps(cell: Cell) -> None:
    """Take over the state of a step that failed before; check that what it left is still there."""
    trying = bool(os.environ.get(TRY_VARIABLE))
    for marker in (cell.dataset, cell.source, cell.environment, None if trying else cell.weights):
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


def _refuse_without_kernels(cell: Cell, device: Device) -> None:
    """End as ``env-failed`` before the script starts where the environment's torch cannot run on one of these GPUs."""
    for gpu in device.visible.split(",") if device.kind == "cuda" else ():
        capability = compute_capability(gpu)
        if capability is not None:
            kernels_for(cell.environment, capability)


def _fuse(cell: Cell, outcome: Outcome, log: IO[str]) -> None:
    """Stage, launch and collect, batch by batch, in a scratch folder; publish the fused images at the end."""
    with scratch_folder() as scratch:
        shop, run = Workshop(scratch, log), cell.spec["run"]
        batches = list(_batches(cell.dataset["pairs"], run.get("pairs_per_process")))
        edits = filled_edits(run["edit"], _values(cell, shop, len(batches[0]), outcome.device))
        copy_repository(Path(cell.source["path"]), shop.work, run["unpack"], edits)
        fetched = (
            Path(cell.weights["path"]) if cell.weights and cell.weights["state"] == OK else None
        )
        try:
            outcome.weights = place_weights(
                cell.spec["weights"], fetched, shop.work, cell.source["absent"]
            )
        except WeightsMissing as error:
            reason = (
                cell.weights["reason"] if cell.weights and cell.weights["state"] != OK else error
            )
            raise WeightsMissing(f"{reason}{_tried(cell, batches[0], shop, outcome)}") from error
        deadline = time.monotonic() + 60 * cell.spec["minutes"]
        for batch in batches:
            remove_folder(shop.out)
            shop.out.mkdir()
            _fuse_batch(cell, batch, shop, deadline, outcome)
        refuse_other_order(cell.dataset["pairs"], Path(cell.dataset["path"]), shop.thumbnails, run)
        _publish(shop.fused, cell.folder / "fused")


def _batches(pairs: list[dict[str, Any]], size: int | None) -> Iterator[list[dict[str, Any]]]:
    """Yield the pairs of each process; the last batch of a fixed size is filled up with copies of its last pair."""
    if size is None:
        yield pairs
        return
    for start in range(0, len(pairs), size):
        batch = pairs[start : start + size]
        fillers = [
            {**batch[-1], "name": f"{batch[-1]['name']}-filler{i}"}
            for i in range(size - len(batch))
        ]
        yield batch + fillers


def _fuse_batch(
    cell: Cell, batch: list[dict[str, Any]], shop: Workshop, deadline: float, outcome: Outcome
) -> None:
    run, since = cell.spec["run"], time.time() - 1
    staged, launched = _launch_batch(cell, batch, shop, deadline, outcome)
    _check_complete(cell, staged, launched, (shop.work, shop.out), since, outcome)
    # Beside what authors committed a result is compared as the script left it, be it smaller or larger than its sources.
    as_left = run["size"] == "crop-sources"
    sizes = {pair["name"]: None if as_left and "expect" in pair else pair["size"] for pair in batch}
    known = {pair["name"] for pair in cell.dataset["pairs"]}
    own = [pair for pair in staged if pair.name in known]
    with ThreadPoolExecutor(
        cell.spec["threads"]
    ) as pool:  # decoding images leaves Python's lock alone
        results = pool.map(
            lambda pair: collect_result(
                pair, sizes[pair.name], run, shop.fused / f"{pair.name}.png"
            ),
            own,
        )
        for image, small in results:
            outcome.images.append({**image, **_times(launched, image["name"])})
            shop.thumbnails[image["name"]] = small


def _launch_batch(
    cell: Cell, batch: list[dict[str, Any]], shop: Workshop, deadline: float, outcome: Outcome
) -> tuple[list[StagedPair], Launch]:
    """Stage the pairs of one process and let the script fuse them."""
    run = cell.spec["run"]
    values = _values(cell, shop, len(batch), outcome.device)
    clear_folders(run, shop.work, values)
    staged = stage_pairs(batch, Path(cell.dataset["path"]), run, shop.work, values)
    if len(batch) == 1:
        values = {**values, "name": batch[0]["name"], "index": run["first_index"]}
    job = _job(cell, staged, shop.scratch, values, outcome.device)
    python = Path(cell.environment["path"], "bin", "python").absolute()
    environ = {
        "CUDA_VISIBLE_DEVICES": outcome.device.visible if outcome.device else "",
        "PYTHONHASHSEED": str(hash_seed(run)),
        **run["environ"],
    }
    try:
        launched = launch(
            job, python, shop.scratch, shop.log, max(1.0, deadline - time.monotonic()), environ
        )
    except TimedOut as error:
        raise TimedOut(
            f"{error} of {cell.spec['minutes']:g} minutes {_progress(cell, staged, outcome)}; raise `resources.runtime` of the entry"
        ) from error
    outcome.launches.append(launched)
    return staged, launched


def _tried(cell: Cell, batch: list[dict[str, Any]], shop: Workshop, outcome: Outcome) -> str:
    """Return how far the script gets without its weights, as the end of a sentence; nothing where nobody asked for that."""
    names = [item["path"] for item in cell.spec["weights"]]
    if not os.environ.get(TRY_VARIABLE) or all((shop.work / name).exists() for name in names):
        return ""
    shop.out.mkdir()
    try:
        _, launched = _launch_batch(cell, batch, shop, time.monotonic() + TRY_SECONDS, outcome)
    except TimedOut:
        return f"; tried without it, the script did not end within {TRY_SECONDS / 60:g} minutes"
    if launched.report.get("weights_read") or any(
        Path(name).name in launched.printed for name in names
    ):
        outcome.reached_weights = True
        return (
            "; tried without it, the script starts, imports what it needs and asks for its weights"
        )
    return (
        f"; tried without it, the script ends before it asks for its weights: {launched.complaint}"
    )


def _values(cell: Cell, shop: Workshop, count: int, device: Device | None) -> dict[str, Any]:
    """Return the placeholders that are the same for every pair of a batch."""
    a, b = cell.spec["modalities"]
    kind = device.kind if device else "cpu"
    shown = {"modality_a": a, "modality_b": b}
    return {"work": shop.work, "out": shop.out, "count": count, **shown, "device": kind}


def _job(
    cell: Cell,
    staged: list[StagedPair],
    scratch: Path,
    values: dict[str, Any],
    device: Device | None,
) -> dict[str, Any]:
    """Return what the harness is told; see ``docs/architecture.md``."""
    run, work = cell.spec["run"], values["work"]
    script = ADAPTERS / run["adapter"] if "adapter" in run else work / run["script"]
    return {
        "script": os.path.relpath(script, work / run["cwd"]) if "script" in run else str(script),
        "args": fill_arguments(run["args"], values),
        "root": str(work),
        "cwd": str(work / run["cwd"]),
        "device": device.kind if device else "cpu",
        "threads": cell.spec["threads"],
        "seed": run["seed"],
        "edits": {
            file: edits
            for file, edits in filled_edits(run["edit"], values).items()
            if file.endswith(".py")
        },
        "compat": run["compat"],
        "model_functions": run["model_functions"],
        "weights": [str(work / item["path"]) for item in cell.spec["weights"]],
        "inputs": {str(path): pair.name for pair in staged for path in (pair.a, pair.b)},
        "outputs": {str(pair.result): pair.name for pair in staged},
        "warmup": 1,
        "report": str(scratch / "launch.json"),
    }


def _check_complete(
    cell: Cell,
    staged: list[StagedPair],
    launched: Launch,
    folders: tuple[Path, Path],
    since: float,
    outcome: Outcome,
) -> None:
    """Raise unless every result is there; an unhappy ending after the last result is only noted."""
    missing = missing_results(staged)
    if missing and (launched.status != 0 or launched.printed_traceback):
        error = launched.failure()
        raise type(error)(f"{error} {_progress(cell, staged, outcome)}")
    if missing:
        raise too_few(staged, missing, *folders, since)
    if launched.status != 0:
        outcome.notes.append(
            f"exit status {launched.status} after every result was written: {launched.complaint}"
        )
    elif launched.printed_traceback:
        outcome.notes.append(
            f"a traceback was printed although every result was written: {launched.complaint}"
        )


def _progress(cell: Cell, staged: list[StagedPair], outcome: Outcome) -> str:
    """Say how many pairs of the dataset have results, those of earlier processes included."""
    pairs = len(cell.dataset["pairs"])
    done = len(outcome.images) + len(staged) - len(missing_results(staged))
    return f"({min(done, pairs)} of {pairs} results written)"


def _times(launched: Launch, name: str) -> dict[str, Any]:
    times = launched.report.get("images", {}).get(name, {})
    return {key: times.get(key) for key in ("model_seconds", "seconds", "warmup")}


def _publish(fused: Path, final: Path) -> None:
    """Replace the fused images of an earlier run; the record, written after this, tells that they are whole."""
    if not fused.is_dir():
        raise BadOutput("no pair of the dataset was fused")
    with staged_folder(final) as stage:
        for image in fused.iterdir():  # copytree would hide why a copy failed
            shutil.copyfile(image, stage / image.name)
        remove_folder(final)

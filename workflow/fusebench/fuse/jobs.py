"""The job around a cell: it alone writes the run, does nothing twice, and leaves a record even of jobs that died."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from fusebench.errors import Crashed, StepError
from fusebench.files import read_json, write_json
from fusebench.fuse.cells import ended_record, run_cell
from fusebench.fuse.kept import KEPT
from fusebench.fuse.leases import RUN_VARIABLE, holder, holder_words, lease
from fusebench.fuse.records import Cell, deviations, identity
from fusebench.markers import OK, count_failure, forget_failure
from fusebench.slurm import ending, refusal_of

SNAKEMAKE_LOGS = Path(".snakemake", "log")

REFUSED = (
    "the scheduler refused the job (`resources` of the entry and the profile say what it asks for)"
)

NEVER_STARTED = (
    "no job of this run got as far as the method: refused by the scheduler, cancelled while it waited, or ended while it"
    " started; the messages above, the log in .snakemake/log and those in .snakemake/slurm_logs say which"
)


def fuse_cell(
    cell: Cell, failures: Path, declared: dict[str, str], last_words: bool = False
) -> dict[str, Any]:
    """Bring a cell's record about and return it; the next cell may rely on it being there.

    Args:
        cell: what to run on what.
        failures: counts how often the cell failed.
        declared: the versions that the authors name; they change no result, hence are no part of the cell.
        last_words: every job of the cell has died: say how, and run nothing.
    """
    signal.signal(signal.SIGTERM, _leave)
    before = holder(cell.folder)
    with lease(cell.folder) as notes:
        record = finished_record(cell)
        if record is None:
            record = ended_record(cell, _death(cell, before)) if last_words else run_cell(cell)
            record["notes"] = [*notes, *record["notes"]]
            record["deviations"] = deviations(declared, record["versions"])
            if record["state"] != OK:
                count_failure(failures)
                words = f"{record['method']} on {record['dataset']}: {record['state']}: {record['reason']}"
                print(words, file=sys.stderr)
            else:
                forget_failure(failures)
            write_json(cell.folder / KEPT, record)
            write_json(cell.folder / "record.json", record)
    return record


def keep_finished(cell: Cell) -> None:
    """Put back the record of a finished run that Snakemake removed although nothing that decides its result has changed.

    It does so where other cells of the job have to be run, and where a cell's job was another one: alone, or with others.
    """
    kept = _finished(cell, cell.folder / KEPT)
    if kept:
        write_json(cell.folder / "record.json", kept)


def finished_record(cell: Cell) -> dict[str, Any] | None:
    """Return the record of a run that already is what this job is to make; None where there is none, or it failed."""
    return _finished(cell, cell.folder / "record.json")


def wanted(cell: Cell) -> dict[str, Any]:
    """Return what the record of a cell's finished run says."""
    return {"state": OK, **identity(cell)}


def _finished(cell: Cell, path: Path) -> dict[str, Any] | None:
    """Return a record that says what is wanted, if all of its images are there; a damaged one is none."""
    try:
        record = dict(read_json(path))
        images = [cell.folder / "fused" / image["fused"] for image in record["images"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return (
        record if wanted(cell).items() <= record.items() and all(map(Path.exists, images)) else None
    )


def _death(cell: Cell, before: dict[str, Any]) -> StepError:
    """Return how the last job of this run of Snakemake ended, in the scheduler's words where there is one."""
    if not before or before.get("run") != os.environ.get(RUN_VARIABLE):
        refused = refusal_of(cell.folder / "record.json", SNAKEMAKE_LOGS)
        return Crashed(f"{REFUSED}: {refused}" if refused else NEVER_STARTED)
    if before["slurm_job"]:
        return ending(before["slurm_job"])
    return Crashed(f"{holder_words(before)} ended without a record")


def _leave(number: int, _: FrameType | None) -> None:
    """End as Python does on its own accord, so that the script is ended and its scratch folder removed."""
    sys.exit(128 + number)

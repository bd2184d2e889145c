"""The job that runs cells: it alone writes them, skips finished ones and records lost ones."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from msgspec.structs import replace

from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import FusedCell, FusedCells, Holder
from fusebench.contracts.methods import MethodEntry, Verified
from fusebench.contracts.records import Record
from fusebench.errors import Crashed, StepError, UnreadableFile
from fusebench.fuse.cells import run_cell
from fusebench.fuse.leases import holder, holder_words, lease
from fusebench.fuse.orphans import end_with, starter_of
from fusebench.fuse.records import (
    Cell,
    Outcome,
    deviations,
    identity,
    pinned_since,
    record_of,
)
from fusebench.fuse.verified import note_of_other_images
from fusebench.hashes import sha256_of_file
from fusebench.layout import FUSED, cell_attempts
from fusebench.markers import count_failure, count_success, counted_attempts
from fusebench.slurm import ending, refusal_of

SNAKEMAKE_LOGS = Path(".snakemake", "log")

REFUSED = (
    "the scheduler refused the job (`resources` of the entry and the profile say what it asks for)"
)

NEVER_STARTED = (
    "no job of this run got as far as the method: refused by the scheduler, cancelled while it"
    " waited, or ended while it started; the messages above, the log in .snakemake/log and those in"
    " .snakemake/slurm_logs say which"
)


@dataclass(frozen=True)
class Attempt:
    """The facts that a fusing job needs beside its cells.

    Attributes:
        session: the run of Snakemake that it belongs to.
        output: the file that says that the job has ended.
        is_final: every earlier attempt died; this final attempt records how, and runs nothing.
        entry: returns the entry of the method; it is called only where something is run, for what
            changes no result: versions that the authors name, and what was verified.
    """

    session: Session
    output: Path
    is_final: bool
    entry: Callable[[], MethodEntry | None]


def fuse_cells(cells: Iterable[tuple[Cell, int]], attempt: Attempt) -> None:
    """Make the records of some cells, one after the other, and write the job's output file.

    Args:
        cells: each with the number of its attempt, see ``markers.py``.
        attempt: what the job needs beside them.
    """
    signal.signal(signal.SIGTERM, _leave)
    if not attempt.session.on_cluster:
        end_with(starter_of(attempt.session.id))
    ended = {cell.name: fuse_cell(cell, number, attempt) for cell, number in cells}
    write_stored(attempt.output, FusedCells(cells=ended))


def fuse_cell(cell: Cell, number: int, attempt: Attempt) -> FusedCell:
    """Make the record of a cell, unless a finished record of exactly the same cell is there.

    A number of the attempt above that of the last attempt that ended means that the cell was lost
    or its rerun was forced: then it is run whatever its record says.
    """
    before = holder(cell.folder)
    counter = cell.root / cell_attempts(cell.spec.method, cell.name)
    with lease(cell.folder, attempt.session.id) as notes:
        forced = number > counted_attempts(counter).attempts
        record = None if forced else finished_record(cell)
        if record is None:
            cell.record.unlink(missing_ok=True)  # a job killed from here on leaves it lost
            record = _brought_about(cell, attempt, before, notes)
            if record.has_results:  # fusing once more gives the same suspicious results
                count_success(counter, number)
            else:
                count_failure(counter, number)
            write_stored(cell.record, record)
        return FusedCell(state=record.state, record=sha256_of_file(cell.record))


def _brought_about(cell: Cell, attempt: Attempt, before: Holder | None, notes: list[str]) -> Record:
    if attempt.is_final:
        record = record_of(cell, Outcome(), _death(cell, attempt, before))
    else:
        record = run_cell(cell)
    if not record.is_ok:
        words = f"{record.method} on {record.dataset}: {record.state}: {record.reason}"
        print(words, file=sys.stderr)
    entry = attempt.entry()
    verified = entry.verified if entry and isinstance(entry.verified, Verified) else None
    other = note_of_other_images(verified if cell.name == record.dataset else None, record)
    return replace(
        record,
        notes=[*notes, *record.notes, *([other] if other else [])],
        deviations=deviations((entry and entry.declares) or {}, record.versions),
    )


def finished_record(cell: Cell) -> Record | None:
    """Return the finished record of exactly this cell, if all of its images are there.

    Where only the weights were pinned since then, the record is written again, as pinned.

    A damaged record, or one of another version that cannot be used, is reported and counts as none.
    """
    try:
        record = read_stored(cell.record, Record)
    except FileNotFoundError:
        return None
    except UnreadableFile as error:
        print(error, file=sys.stderr)
        return None
    images = (cell.folder / FUSED / image.fused for image in record.images)
    if not (record.has_results and cell.is_of_its_commit and all(map(Path.exists, images))):
        return None
    if identity(cell).is_of(record):
        return record
    if pinned := pinned_since(cell, record):
        write_stored(cell.record, pinned)
    return pinned


def _death(cell: Cell, attempt: Attempt, before: Holder | None) -> StepError:
    """Return how the last job of this run of Snakemake ended.

    Where there is a scheduler, these are the words of the scheduler.
    """
    if before is None or before.session != attempt.session.id:
        refused = refusal_of(attempt.output, SNAKEMAKE_LOGS)
        return Crashed(f"{REFUSED}: {refused}" if refused else NEVER_STARTED)
    if before.slurm_job:
        return ending(before.slurm_job)
    return Crashed(f"{holder_words(before)} ended without a record")


def _leave(number: int, _: FrameType | None) -> None:
    """Exit through Python, so that the script is ended and the scratch folder removed."""
    sys.exit(128 + number)

"""The step that fuses: a method on one or several datasets, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.contracts.jobs.fusing import FuseJob
from fusebench.contracts.jobs.session import Session
from fusebench.layout import exchanged_cell

if TYPE_CHECKING:
    from fusebench.contracts.methods import MethodEntry

ROOT = Path()


def fuse(
    job: FuseJob,
    session: Session,
    numbers: list[int],
    attempt: int,
    output: Path,
    memory: int | None = None,
) -> None:
    """Make the records of some cells; a cell that is finished already is taken over.

    Args:
        job: the cells.
        session: of the run of Snakemake.
        numbers: the attempt number of each cell, see ``fusebench.markers``.
        attempt: as Snakemake counts: a job that died is retried.
        output: the file that says that all cells have their records.
        memory: the memory that was asked for, in MB. A scheduler sees to it; where there is none,
            the job itself limits the script to it.
    """
    from fusebench.fuse.jobs import Attempt, fuse_cells
    from fusebench.fuse.records import cells_of
    from fusebench.sandbox.policy import policy_of

    policy = policy_of(session, memory)
    cells = cells_of(job, ROOT, trial=session.trial, on_cluster=session.on_cluster, policy=policy)

    def entry() -> MethodEntry | None:
        from fusebench.registry.methods_file import read_methods

        known = read_methods(ROOT, session.registry).get(job.method.name)
        return known.entry if known else None

    told = Attempt(session, output, attempt == session.final_attempt, entry)
    fuse_cells(zip(cells, numbers, strict=True), told)
    checks = [cell for cell in cells if exchanged_cell(cell.name)]
    if checks and not told.is_final:
        from fusebench.evidence.exchange import try_exchanged

        for cell in checks:
            try_exchanged(cell, told)


def record(record: Path) -> None:
    """Say whether a cell that was asked for by its record has a result that counts.

    Raises:
        StepError: it has none, or a suspicious one; the message is the one that ends the run.
        UnreadableFile: the record is damaged, or of another version.
    """
    from fusebench.compare import failures, suspicions
    from fusebench.contracts.files import read_stored
    from fusebench.contracts.records import Record
    from fusebench.errors import StepError

    found = read_stored(record, Record)
    if not found.is_ok:
        reason = failures([found]) or suspicions([found])
        raise StepError.taken_over(found.state, reason)

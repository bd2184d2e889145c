"""The attempt number, a parameter of a job.

It grows after a failure, after a forced rerun, and where an output is lost. ``markers.py`` explains
what follows from it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fusebench.contracts.files import read_stored
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import Marker
from fusebench.contracts.records import Record
from fusebench.errors import UnreadableFile
from fusebench.layout import cell_attempts, fusing_job, marker_attempts, record_path
from fusebench.markers import attempt_number
from fusebench.planning.matching import is_forced


def marker_attempt(root: Path, marker: str, kind: type[Marker], session: Session) -> int:
    """Return the attempt number of a step by its marker.

    A damaged or outdated marker is made again.
    """
    number = attempt_number(root / marker_attempts(marker), session.tables_only)
    return number + (0 if _is_readable(root / marker, kind) else 1)


def _is_readable(marker: Path, kind: type[Marker]) -> bool:
    try:
        read_stored(marker, kind)
    except FileNotFoundError:
        return True
    except UnreadableFile as error:
        print(error, file=sys.stderr)
        return False
    return True


def cell_attempt(root: Path, method: str, cell: str, job: str, session: Session) -> int:
    """Return the attempt number of a cell.

    Args:
        root: the project's folder.
        method: the method of the cell.
        cell: its name among the cells of the method.
        job: the name of its job.
        session: of the run.
    """
    number = attempt_number(root / cell_attempts(method, cell), session.tables_only)
    again = is_forced(session.forced, method, cell, job) or is_lost(root, method, cell, job)
    return number + (1 if again else 0)


def is_lost(root: Path, method: str, cell: str, job: str) -> bool:
    """Say whether a job has ended, but the record of a cell is gone or was damaged since then."""
    record = root / record_path(method, cell)
    try:
        ended = (root / fusing_job(method, job)).stat().st_mtime_ns
    except FileNotFoundError:
        return False
    try:
        if record.stat().st_mtime_ns > ended:
            read_stored(record, Record)
    except FileNotFoundError:
        return True
    except UnreadableFile as error:
        print(error, file=sys.stderr)
        return True
    return False

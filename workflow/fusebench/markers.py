"""How a step ends: it writes a marker in every case, and counts its attempts.

No job fails because a repository vanished or an environment does not build; the state and its
reason travel to the record of every cell that needed it, and from there into the tables.

A step or a cell has a number, how many times it was asked for beyond the first. The number is a
parameter of its job: after a failure it differs from the one that the job ran with, hence the next
run tries again; after a success it stays, hence nothing is rerun. It also grows where what a job
had made is lost or damaged, and where somebody asks for a rerun by force.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import Attempts, Manifest, Marker
from fusebench.errors import StepError, UnreadableFile
from fusebench.layout import dataset_marker, marker_attempts

Made = TypeVar("Made", bound=Marker)

NEVER = Attempts(attempts=0, failed=False)


def mark_step(
    path: Path, attempt: int, step: Callable[[], Made], failed: Callable[[StepError], Made]
) -> Made:
    """Run a step and write what came of it.

    Args:
        path: the marker that is written.
        attempt: the number of this attempt, as the job was told.
        step: brings about what the marker says.
        failed: makes the marker of a step that failed. A ``StepError`` has its own state; any other
            exception is a defect of fusebench, is printed whole and raised.
    """
    counter = Path(marker_attempts(str(path)))
    try:
        marker = step()
    except StepError as error:
        marker = failed(error)
        print(f"{path.stem}: {error.state}: {error}", file=sys.stderr)
        count_failure(counter, attempt)
    except Exception:
        traceback.print_exc()
        raise
    else:
        count_success(counter, attempt)
    write_stored(path, marker)
    return marker


def count_failure(counter: Path, attempt: int) -> None:
    """Write down that an attempt failed; the next one has a number of its own."""
    write_stored(counter, Attempts(attempts=attempt + 1, failed=True))


def count_success(counter: Path, attempt: int) -> None:
    """Write down that an attempt succeeded; the number stays what its job ran with."""
    if attempt or counter.exists():
        write_stored(counter, Attempts(attempts=attempt, failed=False))


def attempt_number(counter: Path, tables_only: bool) -> int:
    """Return the number of the attempt that is due.

    Args:
        counter: the file that counts.
        tables_only: nothing but tables and figures was asked for: the number stays after a failure
            too, for a caption that changes is no reason to run a method.
    """
    counted = counted_attempts(counter)
    return counted.attempts - (1 if counted.failed and tables_only else 0)


def counted_attempts(counter: Path) -> Attempts:
    """Return what a file counts; a damaged one counts nothing, which costs one more attempt."""
    try:
        return read_stored(counter, Attempts)
    except (FileNotFoundError, UnreadableFile):
        return NEVER


def read_manifest(root: Path, dataset: str) -> Manifest:
    """Return the marker of a dataset; one that could not be prepared has no pairs.

    Raises:
        UnreadableFile: it is damaged, or of another version.
    """
    return read_stored(root / dataset_marker(dataset), Manifest)

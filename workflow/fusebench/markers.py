"""How a step ends: it writes a marker in every case, and counts its attempts.

No job fails because a repository vanished or an environment does not build. The state and its
reason go into the record of every cell that needed the step, and from there into the tables.

A step or a cell has an attempt number: how often it was asked for beyond the first time. The number
is a parameter of its job. After a failure it differs from the number that the job ran with, so the
next run tries again. After a success it stays, so nothing is rerun. It also grows where the output
of a job is lost or damaged, and where somebody forces a rerun.
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
from fusebench.folders import disk_trouble
from fusebench.layout import dataset_marker, marker_attempts
from fusebench.texts import beginning_of

Made = TypeVar("Made", bound=Marker)

NEVER = Attempts(attempts=0, failed=False)

SHOWN = 10
"""Images of one kind that a log names; the manifest names all of them."""


def mark_step(
    path: Path,
    attempt: int,
    step: Callable[[], Made],
    failed: Callable[[StepError], Made],
    kind: type[StepError],
) -> Made:
    """Run a step and write how it ended.

    Args:
        path: the marker that is written.
        attempt: the number of this attempt, a parameter of the job.
        step: does the work and returns its marker.
        failed: makes the marker of a step that failed.
        kind: the error that stands for any other exception than a ``StepError``: a defect of
            fusebench, which is printed in full. It must not stop the tables of all others.
    """
    counter = Path(marker_attempts(str(path)))
    try:
        marker = step()
    except StepError as error:
        marker = _failed(path, error, failed)
    except Exception as error:
        if trouble := disk_trouble(error):
            marker = _failed(path, kind(trouble), failed)
        else:
            traceback.print_exc()
            marker = _failed(path, kind.unexpected(error), failed)
    if marker.is_ok:
        count_success(counter, attempt)
    else:
        count_failure(counter, attempt)
    write_stored(path, marker)
    return marker


def _failed(path: Path, error: StepError, failed: Callable[[StepError], Made]) -> Made:
    print(f"{path.stem}: {error.state}: {error}", file=sys.stderr)
    return failed(error)


def print_left_out(name: str, manifest: Manifest) -> None:
    """Write into the step's log which source images belong to no pair, and why."""
    for reason, files in (manifest.left_out or {}).items():
        shown = beginning_of(files, SHOWN)
        print(f"{name}: left out {len(files)} image(s), {reason}: {shown}", file=sys.stderr)


def ask_again(marker: Path) -> None:
    """Let the next run do a step again, because what it made was damaged since then.

    Args:
        marker: of the step, from the project's folder on.
    """
    if marker.parts[:1] == ("resources",):
        counter = Path(marker_attempts(str(marker)))
        count_failure(counter, counted_attempts(counter).attempts)


def count_failure(counter: Path, attempt: int) -> None:
    """Write down that an attempt failed; the next attempt has another number."""
    write_stored(counter, Attempts(attempts=attempt + 1, failed=True))


def count_success(counter: Path, attempt: int) -> None:
    """Write down that an attempt succeeded; the number stays the one that its job ran with."""
    if attempt or counter.exists():
        write_stored(counter, Attempts(attempts=attempt, failed=False))


def attempt_number(counter: Path, tables_only: bool) -> int:
    """Return the number of the next attempt.

    Args:
        counter: the file that counts.
        tables_only: only tables and figures were asked for. The number then stays after a failure
            too, because a changed caption is no reason to run a method.
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

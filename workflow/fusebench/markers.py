"""Markers: how a step tells the steps after it whether it succeeded, and how often it failed before.

A step always ends by writing one marker, so that no job fails because a repository vanished or an environment does not
build; the state and its reason travel to the record of every cell that needed it, and from there into the tables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fusebench.errors import StepError
from fusebench.files import read_json, write_json

OK = "ok"
SKIPPED = "skipped"
SHOWING_VARIABLE = "FUSEBENCH_SHOWING"
"""Set where a run was asked for nothing but tables, figures and what is made of them."""


def write_marker(
    marker: Path, failures: Path, step: Callable[[], dict[str, Any]], **known: str
) -> dict[str, Any]:
    """Run a step and write what came of it to ``marker``; a failure is counted in ``failures``.

    ``known`` is what the marker says of a step that failed beside its state, such as what it was to bring about.

    A ``StepError`` gives its own state; any other exception is a defect of fusebench, is printed whole and raised.
    """
    try:
        content = {"state": OK, **step()}
    except StepError as error:
        content = {"state": error.state, "reason": str(error), **known}
        print(f"{marker.stem}: {error.state}: {error}", file=sys.stderr)
        count_failure(failures)
    except Exception:
        import traceback

        traceback.print_exc()
        raise
    else:
        forget_failure(failures)
    write_json(marker, content)
    return content


def count_failure(failures: Path) -> None:
    """Add one to the number of failed attempts kept in the file ``failures``."""
    write_json(failures, {"attempts": attempts(failures) + 1, "failed": True})


def forget_failure(failures: Path) -> None:
    """Write down that the step works now; the number stays what its job ran with."""
    if failures.exists():
        write_json(failures, {"attempts": attempts(failures), "failed": False})


def attempts(failures: Path) -> int:
    """Return how often a step failed before.

    The number is a parameter of the step's job: after a failure it differs from the one that the job ran with, hence the
    next run tries again; after a success it stays, hence nothing is rerun. Where only tables and figures were asked for, it
    stays after a failure too: a caption that changes is no reason to run a method.
    """
    kept = read_json(failures) if failures.exists() else {"attempts": 0}
    only_shown = kept.get("failed") and os.environ.get(SHOWING_VARIABLE)
    return int(kept["attempts"]) - (1 if only_shown else 0)


def read_manifest(root: Path, dataset: str) -> dict[str, Any]:
    """Return the marker of a dataset; one that could not be prepared has no pairs."""
    manifest: dict[str, Any] = read_json(root / "resources" / "datasets" / f"{dataset}.json")
    return manifest if manifest["state"] == OK else {"path": "", **manifest, "pairs": []}

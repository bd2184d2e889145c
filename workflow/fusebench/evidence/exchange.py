"""A self-check that differs is tried once more with A and B exchanged.

A wrong order of the two sources is the most frequent mistake of an entry. The job that makes the
first run of a check also makes this run, because only the result tells whether it is needed.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from msgspec.structs import replace

from fusebench.contracts.evidence import ImageVerdict
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.errors import UnreadableFile
from fusebench.evidence.comparison import DIFFERS, VERDICTS, compare_run, worst
from fusebench.fuse.jobs import Attempt, fuse_cell
from fusebench.fuse.records import Cell
from fusebench.hashes import sha256_of_json
from fusebench.layout import FUSED, RECORD, exchanged_cell

TOLERANCE = 1.0
"""In gray levels; a greater or smaller one makes no result ``differs`` that is none."""
REMEDY = "exchange `a` and `b` in `run.stage`, or in `selfcheck.inputs` if they are wrong there"


def exchanged(manifest: Manifest) -> Manifest:
    """Return the images of a check with A and B exchanged; its hash is another one."""
    pairs = [replace(pair, a=pair.b, b=pair.a) for pair in manifest.pairs]
    return replace(manifest, pairs=pairs, sha256=sha256_of_json(["exchanged", manifest.sha256]))


def try_exchanged(cell: Cell, attempt: Attempt) -> None:
    """Run the first run of a check with A and B exchanged, where its result differs.

    Nothing is run for other cells, and where a second run would pass the time limit of the cell.
    A finished run is not made again.
    """
    name = exchanged_cell(cell.name)
    if not name:
        return
    record = read_stored(cell.record, Record)
    images = compare_run(cell.manifest, record, cell.folder / FUSED, TOLERANCE)
    in_time = 2 * (record.seconds or 0.0) < 60 * cell.spec.minutes
    if in_time and worst([image.verdict for image in images]) == DIFFERS:
        fuse_cell(
            dataclasses.replace(cell, name=name, manifest=exchanged(cell.manifest)), 0, attempt
        )


def words_on_exchange(
    manifest: Manifest, record: Record, folder: Path, tolerance: float, verdict: ImageVerdict
) -> str:
    """Say what the run with A and B exchanged gave; ``""`` where there is none, or no need.

    Args:
        manifest: the images of the check.
        record: of the first run.
        folder: of the run with A and B exchanged.
        tolerance: of the check, in gray levels.
        verdict: on the first run.
    """
    tried = _record_of(folder / RECORD, record, exchanged(manifest))
    if verdict != DIFFERS or tried is None:
        return ""
    if not tried.is_ok:
        return f"with A and B exchanged, the run ends as {tried.state}"
    images = compare_run(manifest, tried, folder / FUSED, tolerance)
    found = worst([image.verdict for image in images])
    if VERDICTS.index(found) < VERDICTS.index(DIFFERS):
        return f"with A and B exchanged it would be {found}: {REMEDY}"
    return "with A and B exchanged it differs, too"


def _record_of(path: Path, first: Record, manifest: Manifest) -> Record | None:
    """Return the record of the exchanged run, unless it is of another method than the first run."""
    try:
        record = read_stored(path, Record)
    except (FileNotFoundError, UnreadableFile):
        return None
    decisive = ("spec", "source", "environment", "weights")
    same = all(getattr(record, name) == getattr(first, name) for name in decisive)
    return record if same and record.inputs.dataset == manifest.sha256 else None

"""The step that prepares a dataset."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from fusebench.contracts.configuration import Crops
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import Manifest
from fusebench.errors import DatasetUnavailable
from fusebench.images import HARDLY_FILLED, notes_together
from fusebench.markers import mark_step, print_left_out
from fusebench.registry.pairing import LABELS

ROOT = Path()

STATE_RANGE = "; say with `range` or `bits` of this side in datasets.yaml which values are used"


def dataset(
    job: DatasetJob, session: Session, attempt: int, marker: Path, crops: dict[str, Crops]
) -> None:
    """Bring a dataset to its normal form.

    The crops of tables are checked with its images here, before any method runs on it. The log says
    which images belong to no pair.
    """
    from fusebench.datasets.preparation import prepare_dataset
    from fusebench.registry.grids import check_crops

    name, folder = marker.stem, marker.with_suffix("")
    manifest = mark_step(
        marker,
        attempt,
        lambda: prepare_dataset(name, job, folder, ROOT, session.mirror),
        lambda error: Manifest(state=error.state, reason=str(error)),
        DatasetUnavailable,
    )
    for line in _conversions(manifest):
        print(f"{name}: {line}", file=sys.stderr)
    if manifest.one_image:
        print(_told_of_one_image(name, manifest), file=sys.stderr)
    print_left_out(name, manifest)
    check_crops(name, manifest, crops)


def _conversions(manifest: Manifest) -> Iterator[str]:
    """Yield what was done to the images of each side while they were read, for the log."""
    for side in LABELS:
        notes = {pair.name: pair.sides[side].notes for pair in manifest.pairs if side in pair.sides}
        for line in notes_together(notes):
            remedy = STATE_RANGE if line.startswith(HARDLY_FILLED) else ""
            yield f"{side}: {line}{remedy}"


def _told_of_one_image(name: str, manifest: Manifest) -> str:
    """Say which pairs have one image twice: every method fuses them without a fault."""
    same = manifest.one_image or []
    return (
        f"{name}: the two source images of a pair should differ; in {len(same)} of"
        f" {len(manifest.pairs)} pairs every pixel is equal, first {same[0]!r}: is the file of one"
        " side stored under the name of the other?"
    )

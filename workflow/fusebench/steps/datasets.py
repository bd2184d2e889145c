"""The step that prepares a dataset."""

from __future__ import annotations

from pathlib import Path

from fusebench.contracts.configuration import Crops
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import Manifest
from fusebench.markers import mark_step, print_left_out

ROOT = Path()


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
    )
    print_left_out(name, manifest)
    check_crops(name, manifest, crops)

"""What a measuring job asks of the scheduler."""

from __future__ import annotations

from pathlib import Path

from fusebench.contracts.files import from_parameter
from fusebench.contracts.jobs.comparing import MeasureJob
from fusebench.contracts.markers import Manifest
from fusebench.errors import UnreadableFile
from fusebench.markers import read_manifest
from fusebench.measure.memory import memory_mb

LEAST_MB = 4000
WORKERS = 2


def measuring_mb(root: Path, job: str, attempt: int) -> int:
    """Return the memory that a measuring job asks for, in MB.

    Before a dataset is prepared its images are not known; Snakemake asks again when the job starts.

    Args:
        root: the project's folder.
        job: the parameters of the job.
        attempt: each retry of a killed job gets that much more.
    """
    datasets = from_parameter(job, MeasureJob).datasets
    known = [(_manifest(root, one.dataset), one.metrics) for one in datasets]
    return attempt * max(LEAST_MB, memory_mb(known, WORKERS))


def _manifest(root: Path, dataset: str) -> Manifest:
    try:
        return read_manifest(root, dataset)
    except (FileNotFoundError, UnreadableFile):
        return Manifest()

"""The steps that fetch and build: clones, weights, environments.

Each of them ends by writing its marker.
"""

from __future__ import annotations

from pathlib import Path

from fusebench.contracts.jobs.resources import EnvironmentJob, SourceJob, WeightsJob
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import (
    EnvironmentMarker,
    SourceMarker,
    WeightsMarker,
)
from fusebench.errors import EnvironmentFailed, SourceUnavailable, WeightsMissing
from fusebench.markers import mark_step
from fusebench.project import locate

ROOT = Path()


def source(job: SourceJob, session: Session, attempt: int, marker: Path) -> None:
    """Clone a repository, or copy a local folder."""
    from fusebench.sources.repositories import obtain_source

    folder = marker.with_suffix("")
    mark_step(
        marker,
        attempt,
        lambda: obtain_source(job.code, job.commit, folder, ROOT, session.mirror),
        lambda error: SourceMarker(
            state=error.state, reason=str(error), code=job.code, commit=job.commit
        ),
        SourceUnavailable,
    )


def weights(job: WeightsJob, attempt: int, marker: Path) -> None:
    """Fetch the weights of a method that are not in its repository.

    The pretrained parts of a training (``METHOD@pretrained``) may lie among the method's weights.
    """
    from fusebench.sources.weights import fetch_weights

    folder = marker.with_suffix("")
    method, _, part = folder.name.partition("@")
    beside = folder.with_name(method) if part else None
    mark_step(
        marker,
        attempt,
        lambda: fetch_weights(job.weights, folder, beside),
        lambda error: WeightsMarker(state=error.state, reason=str(error)),
        WeightsMissing,
    )


def environment(job: EnvironmentJob, attempt: int, marker: Path) -> None:
    """Build a locked environment."""
    from fusebench.environments.building import build

    def make() -> EnvironmentMarker:
        built = build(locate(ROOT, f"envs/{job.env}"), job.variant, ROOT / "resources")
        if Path(built.path).name != marker.stem:
            raise EnvironmentFailed(
                f"{job.env}: its lock changed while it was being built; run again"
            )
        return built

    mark_step(
        marker,
        attempt,
        make,
        lambda error: EnvironmentMarker(state=error.state, reason=str(error)),
        EnvironmentFailed,
    )

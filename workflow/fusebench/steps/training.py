"""The step that trains: a method with one seed."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

from fusebench.contracts.jobs.session import Session
from fusebench.contracts.jobs.training import TrainJob
from fusebench.contracts.markers import WeightsMarker
from fusebench.errors import Crashed, Interrupted
from fusebench.layout import training_log
from fusebench.markers import mark_step

ROOT = Path()


def train(
    job: TrainJob,
    session: Session,
    attempt: int,
    start: int,
    starts: int,
    marker: Path,
    memory: int | None = None,
) -> None:
    """Train a method with a seed, and write how it ended.

    A training whose time is over, and that can go on, fails as a job as long as it has further
    starts in this run: Snakemake starts it again, and it goes on. After the last one the marker
    says what was done.

    Args:
        job: what is trained.
        session: of the run of Snakemake.
        attempt: the number of this attempt, see ``fusebench.markers``.
        start: as Snakemake counts, from 1 on.
        starts: how often Snakemake starts the job at most.
        marker: the file that says how it ended.
        memory: the memory that was asked for, in MB. A scheduler sees to it; where there is none,
            the job itself limits the script to it.
    """
    from fusebench.fuse.orphans import end_with, starter_of
    from fusebench.sandbox.policy import policy_of
    from fusebench.train.inputs import Order
    from fusebench.train.training import train as train_method

    signal.signal(signal.SIGTERM, _leave)
    if not session.on_cluster:
        end_with(starter_of(session.id))
    policy = policy_of(session, memory)
    log = ROOT / training_log(str(marker))
    order = Order(marker, log, ROOT, policy, session.on_cluster, session.id)

    def make() -> WeightsMarker:
        try:
            return train_method(job, order)
        except Interrupted as error:
            if start < starts:
                print(f"{job.name}: {error}", file=sys.stderr)
                raise SystemExit(1) from error
            raise

    mark_step(
        marker,
        attempt,
        make,
        lambda error: WeightsMarker(
            state=error.state, reason=f"training with seed {job.seed}: {error}"
        ),
        Crashed,
    )


def _leave(number: int, _: FrameType | None) -> None:
    """Exit through Python, so that what was trained is kept and the script is ended."""
    sys.exit(128 + number)

"""In which sandbox the programs of strangers run, as the configuration says it."""

from __future__ import annotations

from fusebench.contracts.jobs.session import Session
from fusebench.sandbox.plan import Limits
from fusebench.sandbox.starting import Policy

PROCESSES = 4096
"""The most processes and threads that a program may run at once."""


def policy_of(session: Session, memory_mb: int | None = None) -> Policy:
    """Return the policy for every program of strangers that a job starts.

    Args:
        session: of the run of Snakemake.
        memory_mb: the memory that was asked for. A scheduler sees to it; where there is none, the
            job itself limits the program to it.
    """
    limits = Limits(
        None if session.on_cluster else memory_mb,
        session.file_mb,
        PROCESSES,
        session.scratch_mb,
    )
    reads = tuple(session.sandbox_reads)
    return Policy(session.sandbox, session.min_sandbox, reads, limits, session.landlock)

"""The session: what all jobs of one run of Snakemake share.

It is made once, and passed to Snakemake on the nodes of a cluster.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from fusebench.contracts.configuration import Config
from fusebench.contracts.files import as_parameter, from_parameter
from fusebench.contracts.jobs.session import Session
from fusebench.fuse.devices import device_kind
from fusebench.planning.matching import tables_only
from fusebench.variables import SESSION


def told_session() -> Session | None:
    """Return the session of the Snakemake that submitted this one; None where there is none."""
    told = os.environ.get(SESSION)
    return from_parameter(told, Session) if told else None


def begun_session(config: Config, on_cluster: bool, registry: str = "") -> Session:
    """Return the session as far as it is known when the configuration is read.

    On a node of a cluster it is the complete session of the Snakemake that submitted this one.

    Args:
        config: of the project.
        on_cluster: each job gets its GPUs from a scheduler.
        registry: the folder with the files of the registry as they were read.
    """
    if told := told_session():
        return told
    return Session(
        id=f"{os.getpid()}-{os.urandom(4).hex()}",
        device=device_kind(config.device, on_cluster),
        on_cluster=on_cluster,
        mirror=config.mirror,
        trial=config.try_ in (True, "true"),
        registry=registry,
        sandbox="bwrap" if config.sandbox == "auto" else config.sandbox,
        min_sandbox=config.min_sandbox,
        sandbox_reads=sandbox_reads(config),
        file_mb=config.file_mb,
        scratch_mb=config.scratch_mb,
    )


def sandbox_reads(config: Config) -> list[str]:
    """Return the files and folders of the machine that every script may read."""
    told = config.sandbox_reads
    paths = told.split(",") if isinstance(told, str) else told
    return [path.strip() for path in paths if path.strip()]


def whole_session(
    begun: Session, targets: Iterable[str], forced: Iterable[str], retries: int
) -> Session:
    """Return the session with what is known once Snakemake has read all rules.

    It is also written into the environment: a node gets the environment of the Snakemake that
    submits its job.

    Args:
        begun: as ``begun_session`` returns it.
        targets: what was asked for.
        forced: rules and files that are forced.
        retries: how often a job that died is retried.
    """
    session = replace(
        begun,
        tables_only=tables_only(targets),
        forced=sorted(forced),
        final_attempt=retries + 1 if retries else 0,
    )
    os.environ[SESSION] = as_parameter(session)
    return session


class LaterText:
    """A parameter of a rule that is known only when the job is run, and that reruns no job.

    Snakemake compares parameters that are plain values with those of the run before; of any other
    object it takes the text.
    """

    def __init__(self, make: Callable[[], str]) -> None:
        """Take the function that makes it."""
        self._make = make

    def __str__(self) -> str:
        """Make the text."""
        return self._make()

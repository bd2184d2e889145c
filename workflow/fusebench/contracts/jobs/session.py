"""What all jobs of one run of Snakemake share."""

from __future__ import annotations

from typing import Annotated

from fusebench.contracts.base import (
    DEFAULT_FILE_MB,
    DEFAULT_SCRATCH_MB,
    Contract,
    DeviceKind,
    SandboxLevel,
    says,
)


class Session(Contract, kw_only=True):
    """What all jobs of one run of Snakemake share; none of it changes a result.

    It is made when Snakemake reads the workflow. Snakemake on a node of a cluster reads the
    workflow again, and takes the session from the variable ``FUSEBENCH_SESSION``
    (``planning/session.py``).
    """

    id: Annotated[str, says("a name of this run of Snakemake, which no other run has")]
    device: Annotated[DeviceKind, says("cpu or cuda: what the option `device` stands for here")]
    on_cluster: Annotated[bool, says("true where a scheduler gives each job its GPUs")] = False
    final_attempt: Annotated[
        int,
        says(
            "the attempt of a job, from 1 on, that runs nothing and records how the others ended;"
            " 0 where jobs are not retried",
            ge=0,
        ),
    ] = 0
    tables_only: Annotated[
        bool,
        says(
            "true where nothing but tables, figures and pages was asked for: what failed is not"
            " rerun"
        ),
    ] = False
    mirror: Annotated[
        str,
        says("a path with {owner} and {name} that replaces the network; empty for the network"),
    ] = ""
    trial: Annotated[bool, says("true where methods without weights are run as far as they go")] = (
        False
    )
    registry: Annotated[
        str,
        says(
            "the folder with methods.yaml, datasets.yaml and config.yaml as this run has read them;"
            " empty where jobs read the files themselves"
        ),
    ] = ""
    sandbox: Annotated[SandboxLevel, says("the strongest sandbox that is tried")] = "bwrap"
    min_sandbox: Annotated[SandboxLevel, says("the weakest sandbox that may be taken")] = "env-only"
    landlock: Annotated[
        bool,
        says(
            "whether the kernel's Landlock is used; not where environments write what is measured"
        ),
    ] = True
    sandbox_reads: Annotated[
        list[str], says("files and folders of the machine that every script may read")
    ] = []
    file_mb: Annotated[int, says("the size of the largest file that a script may write, in MB")] = (
        DEFAULT_FILE_MB
    )
    scratch_mb: Annotated[
        int, says("what a script may have on the disk of its scratch folder, in MB")
    ] = DEFAULT_SCRATCH_MB
    forced: Annotated[list[str], says("rules and files that are forced; * for everything")] = []

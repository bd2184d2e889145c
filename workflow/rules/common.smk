# The plan of this run, and what the rules look up in it.
import sys
from pathlib import Path

from fusebench.compare.summary import summary
from fusebench.errors import RegistryError
from fusebench.fuse.devices import device_of_jobs
from fusebench.plan import (
    attempt,
    failures_file,
    is_last_attempt,
    make_plan,
    prepare_process,
    record_path,
)
from fusebench.slurm import cancel_orphans, refusals

# The cluster's profile says so: each cell is a job of its own there, and the nodes decide about GPUs.
ON_CLUSTER = (
    "cells_per_job" in (workflow.resource_settings.default_resources or {}).keys()
)
config["device"] = device_of_jobs(config.get("device", "auto"), ON_CLUSTER)

try:
    PLAN = make_plan(Path(), config)
except RegistryError as error:
    sys.exit(
        f"fusebench: {error}\nNothing was run; `fusebench check` repeats this check alone."
    )

prepare_process(PLAN)


def is_last(attempt):
    """Say whether an attempt is the one that only writes down how the others died."""
    retries = workflow.execution_settings.retries if workflow.is_main_process else None
    return is_last_attempt(attempt, retries)


def asked(resource):
    """Return the function that looks up what a fusing job asks of the scheduler."""
    return lambda wildcards, attempt: PLAN.cell_resource(
        wildcards.method,
        wildcards.dataset,
        resource,
        0 if is_last(attempt) else attempt,
    )


def threads_of_cell(wildcards):
    """Return the threads of a fusing job; without a scheduler, all of them keep other jobs away from an exclusive one."""
    if not ON_CLUSTER and PLAN.is_exclusive(wildcards.method, wildcards.dataset):
        return workflow.cores
    return PLAN.cell_threads(wildcards.method, wildcards.dataset)


def threads_of_batch(cells):
    """Return the threads of a job that fuses several cells of a method."""
    if any(PLAN.is_exclusive(*cell) for cell in cells):
        return workflow.cores
    return max(PLAN.cell_threads(*cell) for cell in cells)


def absent_of_batch(cells):
    """Return the function that names the datasets of a batch that have to be run although nothing has changed."""

    def absent(wildcards):
        forced = workflow.dag_settings.forceall or workflow.dag_settings.forcerun
        return " ".join(
            dataset
            for method, dataset in cells
            if forced or (method, dataset) in PLAN.absent
        )

    return absent


wildcard_constraints:
    source=r"[^/]+",
    environment=r"[^/]+",
    method=r"[^/]+",
    dataset=r"[^/]+",
    suite=r"[^/]+",

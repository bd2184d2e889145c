# The plan of this run, and what the rules look up in it.
import gc
import sys
from functools import cache
from pathlib import Path

from fusebench.compare.summary import summary
from fusebench.errors import RegistryError
from fusebench.fuse.devices import device_of_jobs
from fusebench.fuse.kept import forget_copies
from fusebench.handing import hand_over
from fusebench.plan import (
    among,
    batch_path,
    failures_before,
    failures_file,
    is_last_attempt,
    make_plan,
    makes_cell,
    note_targets,
    prepare_process,
    record_path,
)
from fusebench.slurm import cancel_orphans, placeholders, refusals, shorten_states

# Snakemake's modules and its graph of jobs stay to the end: searching them for garbage again and again took a fifth of its time.
gc.freeze()
gc.set_threshold(100_000, 20, 20)

# The cluster's profile says so: each cell is a job of its own there, and the nodes decide about GPUs. It says so by a scope,
# which its jobs are told too, and which no option that a person types replaces, as --default-resources and --config would.
ON_CLUSTER = "cells_per_job" in workflow.resource_scopes
config["device"] = device_of_jobs(config.get("device", "auto"), ON_CLUSTER)
if ON_CLUSTER and workflow.is_main_process:
    shorten_states()


def resources_as_written():
    """Return the resources that profile and command line ask for, by the option that they stand under."""
    settings = workflow.resource_settings
    written = {"default-resources": settings.default_resources or {}}
    for rule, own in settings.overwrite_resources.items():
        written[f"set-resources: {rule}"] = own
    return {
        place: {name: resource.raw for name, resource in own.items()}
        for place, own in written.items()
    }


if unfilled := placeholders(resources_as_written()):
    sys.exit(f"fusebench: {unfilled}\nNothing was run.")

try:
    PLAN = make_plan(Path(), config)
except RegistryError as error:
    sys.exit(f"fusebench: {error}\nNothing was run; `fusebench check` repeats this check alone.")

prepare_process(PLAN)


def attempt(area, step, key):
    """Return how often a step failed before; the targets are known only when Snakemake has read all rules."""
    if workflow.is_main_process:
        note_targets(workflow.dag_settings.targets)
    return failures_before(area, step, key)


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


def cells_of(datasets):
    """Return the function that lists the cells of a job which fuses several datasets."""
    return lambda wildcards: [(wildcards.method, dataset) for dataset in datasets]


def threads_of_batch(cells):
    """Return the function that says how many threads a job for several cells has, as ``threads_of_cell`` does."""

    def threads(wildcards):
        if any(PLAN.is_exclusive(*cell) for cell in cells(wildcards)):
            return workflow.cores
        return PLAN.cell_threads(*cells(wildcards)[0])

    return threads


def gpus_of_batch(cells):
    """Return the function that says how many GPUs a job for several cells takes."""
    return lambda wildcards: PLAN.cell_resource(*cells(wildcards)[0], "gpu", 1)


def suite_table(suite, name):
    """Return the files of a suite's table for a dataset."""
    shown = report(
        f"results/tables/{suite}/{name}.csv",
        caption="../report/captions/suite_table.rst",
        category="Suites",
        subcategory=suite,
        labels={"suite": suite, "dataset": name},
    )
    return [shown, *(f"results/tables/{suite}/{name}.{kind}" for kind in ("md", "tex"))]


@cache
def forced_names():
    """Return the rules and files that this run asks for by force."""
    settings = workflow.dag_settings
    return {*settings.forcerun, *(settings.targets if settings.forcetargets else ())}


def is_anew(method, dataset):
    """Say whether a cell is to be run although nothing that decides its result may have changed: it is lost, or forced."""
    return (
        workflow.dag_settings.forceall
        or PLAN.had_no_record(method, dataset)
        or bool(forced_names())
        and makes_cell(forced_names(), method, dataset, BATCHES)
    )


def anew_cells(cells):
    """Return the function that names the datasets of a job whose cells are to be run whatever their copies say.

    A scheduler does not tell its jobs; there these copies have been forgotten.
    """
    return lambda wildcards: (
        "" if ON_CLUSTER else " ".join(cell[1] for cell in cells(wildcards) if is_anew(*cell))
    )


wildcard_constraints:
    source=r"[^/]+",
    environment=r"[^/]+",
    method=r"[^/]+",
    dataset=r"[^/]+",
    suite=r"[^/]+",

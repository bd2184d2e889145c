"""What fusebench asks of Snakemake beyond its documented interface.

Each fact is a function of its own. The package does not import Snakemake; the rules pass its
``workflow`` object. ``tests/flow/test_snakemake_facts.py`` checks every assumption with the
installed Snakemake, and a slow test with the oldest and the newest supported version.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

from fusebench.planning.matching import EVERYTHING

CLUSTER_SCOPE = "cells_per_job"
"""A resource scope that the profile of a cluster defines.

It tells the workflow that each job runs on a node. Jobs see it too. An option that a person types
does not replace it, as it would replace ``--default-resources`` or ``--config``.
"""


def is_on_cluster(workflow: Any) -> bool:
    """Say whether jobs are sent to the nodes of a cluster."""
    return CLUSTER_SCOPE in workflow.resource_scopes


def is_main(workflow: Any) -> bool:
    """Say whether this is the Snakemake that a person started.

    Another Snakemake runs each job on a node.
    """
    return bool(workflow.is_main_process)


def cores_of(workflow: Any) -> int:
    """Return the cores that jobs of this machine may use."""
    return int(workflow.cores or 1)


def targets_of(workflow: Any) -> list[str]:
    """Return the rules and files that were asked for.

    They are known only when Snakemake has read all rules.
    """
    return [str(target) for target in workflow.dag_settings.targets]


def forced_of(workflow: Any) -> list[str]:
    """Return the rules and files that are forced (``--force``, ``--forcerun``, ``--forceall``).

    They are known only when Snakemake has read all rules.
    """
    settings = workflow.dag_settings
    targets = settings.targets if settings.forcetargets else ()
    everything = [EVERYTHING] if settings.forceall else []
    return [*everything, *map(str, settings.forcerun), *map(str, targets)]


def retries_of(workflow: Any) -> int:
    """Return how often a job that died is retried; known only in the main Snakemake."""
    settings = workflow.execution_settings
    return int(settings.retries) if settings else 0  # `snakemake --report` runs no job and has none


def resources_as_written(workflow: Any) -> dict[str, Mapping[str, Any]]:
    """Return the resources that profile and command line ask for, by their option."""
    settings = workflow.resource_settings
    written = {"default-resources": settings.default_resources or {}}
    for rule, own in settings.overwrite_resources.items():
        written[f"set-resources: {rule}"] = own
    return {
        place: {name: resource.raw for name, resource in own.items()}
        for place, own in written.items()
    }


def collect_less_garbage() -> None:
    """Stop Python's garbage collector from searching Snakemake's modules and graph of jobs.

    That search took a fifth of Snakemake's time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def lift_rate_limit(workflow: Any) -> None:
    """Let Snakemake start jobs on this machine as they come, and not at most 100 in a second.

    With a limit, each time Snakemake checks its jobs it starts a timer for one more check a second
    later. After 200 jobs it makes 200 checks each second until the end. That takes a fifth of a
    core while methods are being timed. The run ends only after the last timer.
    """
    if workflow.scheduling_settings:  # `snakemake --report` schedules nothing and has none
        workflow.scheduling_settings.max_jobs_per_timespan = None


def shorten_states() -> None:
    """Let Snakemake's Slurm plugin see only the first word of each job's state.

    sacct says ``CANCELLED by 0`` where the plugin expects ``CANCELLED``.
    snakemake-executor-plugin-slurm 2.8.0 compares whole states (``check_active_jobs`` in its
    ``__init__.py``). It took a cancelled job for one that still runs, and Snakemake never ended.
    """
    import snakemake_executor_plugin_slurm as plugin

    query = plugin.query_job_status

    async def first_words(command: str, logger: Any) -> tuple[dict[str, str] | None, float | None]:
        states, seconds = await query(command, logger)
        return states and {job: state.partition(" ")[0] for job, state in states.items()}, seconds

    plugin.query_job_status = first_words


def finish_display(workflow: Any) -> None:
    """Let the logger plugin of fusebench erase its bars, where it is used.

    Snakemake passes its events to plugins through a queue, in another thread. What the workflow
    prints itself would stand between the bars, and before messages that are still in the queue.
    """
    manager = workflow.logger_manager
    handlers = [one for one in manager.get_log_handlers() if hasattr(one, "finish")]
    if handlers:
        manager.queue_listener.queue.join()
    for handler in handlers:
        handler.finish()

# The plan of this run, and what all rules look up in it.
import sys
from functools import cache
from pathlib import Path

from fusebench.contracts.files import as_parameter
from fusebench.errors import RegistryError
from fusebench.living_runs import begin_run, is_only_run
from fusebench.outputs import remove_damaged, tells_only
from fusebench.planning.attempts import marker_attempt
from fusebench.planning.plan import make_plan
from fusebench.planning.session import LaterText, whole_session
from fusebench.planning.steps import crops_of, options_of, table_files
from fusebench.slurm import absent_programs, cancel_orphans, placeholders, refusals
from fusebench import snakemake_facts as facts

facts.collect_less_garbage()

if facts.is_main(workflow):
    told = [begin_run(Path())]
    if not tells_only(sys.argv) and is_only_run():
        told += remove_damaged(Path())
    for line in filter(None, told):
        print(f"fusebench: {line}", file=sys.stderr)

if unfilled := placeholders(facts.resources_as_written(workflow)):
    sys.exit(f"fusebench: {unfilled}\nNothing was run.")

if facts.is_on_cluster(workflow) and facts.is_main(workflow) and (lacking := absent_programs()):
    sys.exit(f"fusebench: {lacking}\nNothing was run.")

try:
    PLAN = make_plan(Path(), config, facts.is_on_cluster(workflow))
except RegistryError as error:
    sys.exit(f"fusebench: {error}\nNothing was run; `fusebench check` repeats this check alone.")

if PLAN.session.on_cluster and facts.is_main(workflow):
    facts.shorten_states()


@cache
def session():
    """Return what all jobs of this run share.

    The targets are known only when Snakemake has read all rules.
    """
    if not facts.is_main(workflow):
        return PLAN.session
    if not PLAN.session.on_cluster:
        facts.lift_rate_limit(workflow)
    return whole_session(
        PLAN.session,
        facts.targets_of(workflow),
        facts.forced_of(workflow),
        facts.retries_of(workflow),
    )


# Another session is no reason to rerun a job. Snakemake compares only parameters that are plain
# values.
SESSION = LaterText(lambda: as_parameter(session()))

# The registry as this run has read it, for jobs that read it again.
OPTIONS = options_of(PLAN.selection.registry.config)

TABLES = table_files(PLAN.steps.suite_tables)
SPEED_TABLES = [
    f"results/speed/{suite.name}.{suffix}"
    for suite in PLAN.selection.registry.selected
    if suite.speed
    for suffix in ("csv", "md")
]


def attempt(marker, kind):
    """Return the attempt number of a step, by its marker.

    After a failure the next run has another number. Rules name the marker by their wildcards:
    Snakemake does not compare a parameter that is made from the output.
    """
    return marker_attempt(Path(), marker, kind, session())


def ending(failed):
    """Return the text that ends a run, about what was asked for; ``failed``: a job has failed."""
    facts.finish_display(workflow)
    return PLAN.ending(session()).text(facts.targets_of(workflow), failed=failed)


wildcard_constraints:
    source=r"[^/]+",
    environment=r"[^/]+",
    method=r"[^/]+",
    dataset=r"[^/]+",
    suite=r"[^/]+",
    table=r"[^/.]+",
    figure=r"[^/]+",
    check=r"[^/]+",

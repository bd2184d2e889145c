# One long file of values, one of states, and a table for each suite and dataset.
#
# One job writes a list of tables: a single table by its name, or all tables of the selected suites.
# It writes all of them where there are so many cells that starting a job takes longer than its
# work. The parameters of the job are too long for a command; their digest stands for them.
from fusebench.planning.job_files import job_folder, store_job
from fusebench.contracts.jobs.comparing import TablesJob


localrules:
    write_tables,
    write_table,
    verdict,


JOB_FILES = LaterText(lambda: str(job_folder()))

# The tables of the selected suites that are written by one job.
TOGETHER = TABLES if PLAN.grouping.is_together else []


def tables_job(wildcards):
    """Return the digest of the parameters of the job that writes the long files."""
    return store_job(PLAN.steps.tables())


def table_job(wildcards):
    """Return the digest of the parameters of the job of a single table."""
    return store_job(TablesJob(tables=[PLAN.steps.table(wildcards.suite, wildcards.dataset)]))


def table_inputs(wildcards):
    """Return the values of a table.

    For a suite that is not selected, return also the jobs that fuse its methods.
    """
    suites = PLAN.selection.registry.suites
    selected = [suite.name for suite in PLAN.selection.registry.selected]
    known = PLAN.selection.registry.datasets[wildcards.dataset]
    others = [
        PLAN.grouping.fused_by(method.name, wildcards.dataset)
        for method in suites[wildcards.suite].methods_for(known)
        if wildcards.suite not in selected and method.is_active
    ]
    return {"values": PLAN.grouping.measured_in(wildcards.dataset), "jobs": others}


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


ruleorder: write_tables > write_table


rule write_tables:
    input:
        PLAN.grouping.all_measures,
    output:
        [suite_table(*table) for table in PLAN.steps.suite_tables if TOGETHER],
        measures="results/measures.csv",
        status="results/status.csv",
        unfinished="results/unfinished.txt",
    log:
        "logs/compare/tables.log",
    params:
        job=tables_job,
        jobs=JOB_FILES,
    shell:
        "python -m fusebench.steps tables --job {params.jobs}/{params.job} --values {input:q}"
        " --measures {output.measures:q} --status {output.status:q}"
        " --unfinished {output.unfinished:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


rule write_table:
    input:
        unpack(table_inputs),
    output:
        suite_table("{suite}", "{dataset}"),
    log:
        "logs/compare/{suite}/{dataset}.log",
    params:
        job=table_job,
        jobs=JOB_FILES,
    shell:
        "python -m fusebench.steps tables --job {params.jobs}/{params.job}"
        " --values {input.values:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


# Fails as long as a cell has no result: names the cell and its log, and sets the exit status. The
# next run tries again.
rule verdict:
    input:
        TABLES,
        unfinished="results/unfinished.txt",
    output:
        "results/verdict.txt",
    log:
        "logs/compare/verdict.log",
    retries: 0
    shell:
        "cp {input.unfinished:q} {log:q}; test ! -s {log:q};"
        " echo 'every cell that can be run has its result' > {output:q}"


# Suites with `speed:` time every method on one fixed pair, at sizes that are the same for all.


localrules:
    write_speed_tables,


def timed_jobs(wildcards):
    """Return the outputs of the jobs that time the methods of a suite."""
    return [
        PLAN.grouping.fused_by(method.name, dataset.name)
        for method, dataset in PLAN.selection.registry.suites[wildcards.suite].speed_cells()
        if method.is_active
    ]


rule write_speed_tables:
    input:
        timed_jobs,
    output:
        multiext("results/speed/{suite}", ".csv", ".md"),
    log:
        "logs/compare/speed/{suite}.log",
    params:
        job=lambda wildcards: PLAN.steps.speed(wildcards.suite),
    shell:
        "python -m fusebench.steps speed --job {params.job:q} --folder results/speed"
        " --written {output:q} --made-from {input:q} 2> {log:q}"

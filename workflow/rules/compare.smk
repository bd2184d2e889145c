# One long file of values, one of states, and a table for each suite and dataset; then the tables of papers.
# They read records too, and are made anew when one changes, for then the measures that they are made from are.
from fusebench.compare.planning import Comparison

COMPARISON = Comparison(PLAN)

# Parameters that quote the registry or the configuration are functions: in a plain text Snakemake takes `{x}` as a wildcard.


wildcard_constraints:
    table=r"[^/.]+",


localrules:
    collect_measures,
    write_table,
    analyse_table,
    write_paper_table,
    verdict,


rule collect_measures:
    input:
        expand("results/measures/{dataset}.csv", dataset=PLAN.datasets),
    output:
        measures="results/measures.csv",
        status="results/status.csv",
        unfinished="results/unfinished.txt",
    log:
        "logs/compare/measures.log",
    params:
        spec=lambda wildcards: PLAN.collect_spec(),
    shell:
        "python -m fusebench.steps collect --spec {params.spec:q} --measures {output.measures:q} --status {output.status:q} --unfinished {output.unfinished:q} 2> {log:q}"


rule write_table:
    input:
        measures="results/measures/{dataset}.csv",
        records=lambda wildcards: PLAN.unmeasured_records(wildcards.suite, wildcards.dataset),
    output:
        suite_table("{suite}", "{dataset}"),
    log:
        "logs/compare/{suite}/{dataset}.log",
    params:
        spec=lambda wildcards: PLAN.table_spec(wildcards.suite, wildcards.dataset),
    shell:
        "python -m fusebench.steps table --spec {params.spec:q} --measures {input.measures:q} 2> {log:q}"


# Where the datasets of a method are fused by one job, their tables are written by one, too.
if BATCHES:

    ruleorder: tabulate_together > collect_measures
    ruleorder: tabulate_together > write_table

    localrules:
        tabulate_together,

    rule tabulate_together:
        input:
            expand("results/measures/{dataset}.csv", dataset=PLAN.datasets),
        output:
            [suite_table(*table) for table in PLAN.suite_tables],
            measures="results/measures.csv",
            status="results/status.csv",
            unfinished="results/unfinished.txt",
        log:
            "logs/compare/tables.log",
        params:
            asked=lambda wildcards: hand_over(PLAN.tabulated()),
        shell:
            "python -m fusebench.steps tabulate --asked {params.asked} --measures {output.measures:q} --status {output.status:q} --unfinished {output.unfinished:q}"
            " 2> {log:q}"


# Fails as long as a cell has no result: names it and its log, and sets the exit status. The next run tries again.
rule verdict:
    input:
        PLAN.tables,
        unfinished="results/unfinished.txt",
    output:
        "results/verdict.txt",
    log:
        "logs/compare/verdict.log",
    retries: 0
    shell:
        "cp {input.unfinished:q} {log:q}; test ! -s {log:q}; echo 'every cell that can be run has its result' > {output:q}"


# The tables of papers, from `tables:` of the configuration. Each measures what it shows and nothing else, so that asking for
# one table runs only the methods in it; values that were measured before are kept beside the runs.


rule measure_table:
    input:
        dataset="resources/datasets/{dataset}.json",
        records=lambda wildcards: COMPARISON.records(wildcards.table, wildcards.dataset),
    output:
        "results/measures/tables/{table}/{dataset}.csv",
    log:
        "logs/measure/tables/{table}/{dataset}.log",
    threads: 2
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        metrics=lambda wildcards: COMPARISON.metrics(wildcards.table, wildcards.dataset),
    shell:
        "python -m fusebench.steps measure --dataset {input.dataset:q} --records {input.records:q} --metrics {params.metrics:q}"
        " --workers {threads} --output {output:q} 2> {log:q}"


rule analyse_table:
    input:
        measures=lambda wildcards: COMPARISON.measures(wildcards.table),
    output:
        summary="results/statistics/{table}/summary.csv",
        others=multiext(
            "results/statistics/{table}/",
            "tests.csv",
            "ranks.csv",
            "mean-ranks.csv",
            "sensitivity.json",
            "correlation.csv",
            "statistics.md",
        ),
    log:
        "logs/compare/tables/{table}.statistics.log",
    params:
        spec=lambda wildcards: COMPARISON.statistics_spec(wildcards.table),
    shell:
        "python -m fusebench.compare.steps statistics --spec {params.spec:q} --measures {input.measures:q} --output {output.summary:q}"
        " 2> {log:q}"


rule write_paper_table:
    input:
        statistics="results/statistics/{table}/summary.csv",
    output:
        multiext("results/tables/{table}", ".csv", ".md", ".tex", ".bib", ".proof.tex"),
        page=report(
            "results/tables/{table}.html",
            caption="../report/captions/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
    log:
        "logs/compare/tables/{table}.log",
    params:
        spec=lambda wildcards: COMPARISON.table_spec(wildcards.table),
    shell:
        "python -m fusebench.compare.steps table --spec {params.spec:q} --statistics {input.statistics:q} --output {output.page:q} 2> {log:q}"

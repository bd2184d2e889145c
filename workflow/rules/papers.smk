# The tables and figures of papers, from `tables:` of the configuration. Each table measures only
# what it shows, so that asking for one table runs only the methods in it. Values that were measured
# before are cached beside the runs.


localrules:
    analyse_table,
    write_paper_table,
    draw_figure,


def measure_table_job(wildcards):
    """Return the parameters of a job that measures a table's methods on a dataset."""
    return PLAN.paper_jobs.measure(wildcards.table, wildcards.dataset)


def measure_table_memory(wildcards, attempt):
    """Ask for what the largest pairs and the metrics need."""
    return measuring_mb(Path(), measure_table_job(wildcards), attempt)


use rule measure as measure_table with:
    input:
        manifest="resources/datasets/{dataset}.json",
        jobs=lambda wildcards: PLAN.papers.fused_by(wildcards.table, wildcards.dataset),
    output:
        "results/measures/tables/{table}/{dataset}.csv",
    log:
        "logs/measure/tables/{table}/{dataset}.log",
    resources:
        mem_mb=measure_table_memory,
        runtime=lambda wildcards, attempt: 120 * attempt,
    params:
        job=measure_table_job,


rule analyse_table:
    input:
        lambda wildcards: PLAN.papers.measures(wildcards.table),
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
        job=lambda wildcards: PLAN.paper_jobs.statistics(wildcards.table),
    shell:
        "python -m fusebench.steps statistics --job {params.job:q} --measures {input:q}"
        " --output {output.summary:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


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
        job=lambda wildcards: PLAN.paper_jobs.table(wildcards.table),
    shell:
        "python -m fusebench.steps paper-table --job {params.job:q}"
        " --statistics {input.statistics:q} --output {output.page:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


# `snakemake figures`, or one of them by its name, results/figures/<table>/<figure>.pdf.
rule draw_figure:
    input:
        statistics="results/statistics/{table}/summary.csv",
        measures=lambda wildcards: PLAN.papers.figure_measures(wildcards.table, wildcards.figure),
        others=lambda wildcards: PLAN.papers.figure_inputs(wildcards.table, wildcards.figure),
    output:
        pdf="results/figures/{table}/{figure}.pdf",
        png=report(
            "results/figures/{table}/{figure}.png",
            caption="../report/captions/figure.rst",
            category="Figures",
            subcategory="{table}",
            labels={"table": "{table}", "figure": "{figure}"},
        ),
        data="results/figures/{table}/{figure}.csv",
    log:
        "logs/figures/{table}/{figure}.log",
    params:
        job=lambda wildcards: PLAN.paper_jobs.figure(wildcards.table, wildcards.figure),
    shell:
        "python -m fusebench.steps figure --job {params.job:q} --statistics {input.statistics:q}"
        " --measures {input.measures:q} --output {output.pdf:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"

# One long file of values, one of states, and a table for each suite and dataset.


localrules:
    collect_measures,
    write_table,
    verdict,


rule collect_measures:
    input:
        measures=expand("results/measures/{dataset}.csv", dataset=PLAN.datasets),
        records=PLAN.all_records,
    output:
        measures="results/measures.csv",
        status="results/status.csv",
    params:
        skipped=PLAN.skipped_spec(),
    log:
        "logs/compare/measures.log",
    shell:
        "{STEP} collect --measures {output.measures:q} --status {output.status:q} --options {OPTIONS:q} 2> {log:q}"


rule write_table:
    input:
        measures="results/measures/{dataset}.csv",
        records=lambda wildcards: PLAN.suite_records(wildcards.suite, wildcards.dataset),
    output:
        expand("results/tables/{{suite}}/{{dataset}}.{suffix}", suffix=["csv", "md", "tex"]),
    params:
        spec=lambda wildcards: PLAN.table_spec(wildcards.suite, wildcards.dataset),
    log:
        "logs/compare/{suite}/{dataset}.log",
    shell:
        "{STEP} table --suite {wildcards.suite:q} --dataset {wildcards.dataset:q} --measures {input.measures:q}"
        " --options {OPTIONS:q} 2> {log:q}"


# Fails as long as a cell has no result, which names it and sets the exit status; it is tried again by the next run.
rule verdict:
    input:
        PLAN.tables,
        status="results/status.csv",
    output:
        "results/verdict.txt",
    log:
        "logs/compare/verdict.log",
    shell:
        "{STEP} verdict --status {input.status:q} --output {output:q} 2> {log:q}"

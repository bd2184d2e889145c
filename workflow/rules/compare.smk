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
    log:
        "logs/compare/measures.log",
    params:
        spec=PLAN.collect_spec(),
    shell:
        "python -m fusebench.steps collect --spec {params.spec:q} --measures {output.measures:q} --status {output.status:q} 2> {log:q}"


rule write_table:
    input:
        measures="results/measures/{dataset}.csv",
        records=lambda wildcards: PLAN.suite_records(wildcards.suite, wildcards.dataset),
    output:
        multiext("results/tables/{suite}/{dataset}", ".csv", ".md", ".tex"),
    log:
        "logs/compare/{suite}/{dataset}.log",
    params:
        spec=lambda wildcards: PLAN.table_spec(wildcards.suite, wildcards.dataset),
    shell:
        "python -m fusebench.steps table --spec {params.spec:q} --measures {input.measures:q} 2> {log:q}"


# Fails as long as a cell has no result: names it and its log, and sets the exit status. The next run tries again.
rule verdict:
    input:
        PLAN.tables,
        "results/measures.csv",
        "results/status.csv",
    output:
        "results/verdict.txt",
    log:
        "logs/compare/verdict.log",
    params:
        spec=PLAN.collect_spec(),
    shell:
        "python -m fusebench.steps verdict --spec {params.spec:q} --output {output:q} 2> {log:q}"

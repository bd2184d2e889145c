# The metrics of every run of a dataset, in one job: each pair of sources is read once for all methods.


rule measure:
    input:
        dataset="resources/datasets/{dataset}.json",
        records=lambda wildcards: PLAN.records(wildcards.dataset),
    output:
        "results/measures/{dataset}.csv",
    params:
        metrics=lambda wildcards: PLAN.metrics(wildcards.dataset),
    log:
        "logs/measure/{dataset}.log",
    threads: 2
    resources:
        mem_mb=4000,
        runtime=120,
    shell:
        "{STEP} measure --dataset {input.dataset:q} --records {input.records:q} --metrics {params.metrics:q}"
        " --workers {threads} --output {output:q} 2> {log:q}"

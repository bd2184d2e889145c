# The metrics of every run of a dataset, in one job: each pair of sources is read once for all methods.


rule measure:
    input:
        dataset="resources/datasets/{dataset}.json",
        records=lambda wildcards: PLAN.records(wildcards.dataset),
    output:
        "results/measures/{dataset}.csv",
    log:
        "logs/measure/{dataset}.log",
    threads: 2
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        metrics=lambda wildcards: PLAN.metrics(wildcards.dataset),
    shell:
        "python -m fusebench.steps measure --dataset {input.dataset:q} --records {input.records:q} --metrics {params.metrics:q}"
        " --workers {threads} --output {output:q} 2> {log:q}"


# Where the datasets of a method are fused by one job, all of them are measured by one, too.
if BATCHES:

    ruleorder: measure_together > measure

    rule measure_together:
        input:
            datasets=expand("resources/datasets/{dataset}.json", dataset=PLAN.datasets),
            batches=PLAN.batch_paths(BATCHES),
        output:
            expand("results/measures/{dataset}.csv", dataset=PLAN.datasets),
        log:
            "logs/measure.log",
        threads: 2
        params:
            spec=lambda wildcards: PLAN.measured_spec(),
        shell:
            "python -m fusebench.steps measure-together --spec {params.spec:q} --workers {threads} 2> {log:q}"

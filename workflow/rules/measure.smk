# The metrics of the runs on one or several datasets, in one job: each pair of sources is read once
# for all methods.


def measured_datasets(wildcards):
    """Return the datasets of a measuring job."""
    return PLAN.grouping.measure_group(wildcards.datasets).members


def measured_jobs(wildcards):
    """Return the outputs of the jobs that fuse what a measuring job measures."""
    cells = [
        (method, dataset)
        for dataset in measured_datasets(wildcards)
        for method in PLAN.selection.methods_on(dataset)
    ]
    return sorted({PLAN.grouping.fused_by(*cell) for cell in cells})


rule measure:
    input:
        manifests=lambda wildcards: expand(
            "resources/datasets/{dataset}.json", dataset=measured_datasets(wildcards)
        ),
        jobs=measured_jobs,
    output:
        "results/measures/{datasets}.csv",
    log:
        "logs/measure/{datasets}.log",
    wildcard_constraints:
        datasets=r"[^/]+",
    threads: 2
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        job=lambda wildcards: PLAN.steps.measure(measured_datasets(wildcards)),
    shell:
        "python -m fusebench.steps measure --job {params.job:q} --workers {threads}"
        " --output {output:q} 2> {log:q}"

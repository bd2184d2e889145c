# The metrics of the runs on one or several datasets, in one job: each pair of sources is read once
# for all methods.
from fusebench.planning.measuring import WORKERS, measuring_mb


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


def measure_job(wildcards):
    """Return the parameters of a measuring job."""
    return PLAN.steps.measure(measured_datasets(wildcards))


def measure_memory(wildcards, attempt):
    """Ask for what the largest pairs and the metrics need."""
    return measuring_mb(Path(), measure_job(wildcards), attempt)


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
    threads: WORKERS
    resources:
        mem_mb=measure_memory,
        runtime=lambda wildcards, attempt: 120 * attempt,
    params:
        job=measure_job,
    shell:
        "python -m fusebench.steps measure --job {params.job:q} --workers {threads}"
        " --output {output:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"

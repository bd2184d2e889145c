# One job for each cell: a method on a dataset. It ends well whatever the authors' script does; the record says what it did.


rule fuse:
    input:
        unpack(lambda wildcards: PLAN.cell_inputs(wildcards.method, wildcards.dataset)),
    output:
        record="results/runs/{method}/{dataset}/record.json",
    log:
        "logs/fuse/{method}/{dataset}.log",
    threads: lambda wildcards: PLAN.cell_threads(wildcards.method, wildcards.dataset)
    resources:
        gpu=lambda wildcards: PLAN.cell_resource(
            wildcards.method, wildcards.dataset, "gpu"
        ),
        mem_mb=lambda wildcards, attempt: attempt
        * PLAN.cell_resource(wildcards.method, wildcards.dataset, "mem_mb"),
        runtime=lambda wildcards, attempt: attempt
        * PLAN.cell_resource(wildcards.method, wildcards.dataset, "runtime"),
    params:
        spec=lambda wildcards: PLAN.cell_spec(wildcards.method, wildcards.dataset),
        attempt=lambda wildcards: attempt(
            "results", f"{wildcards.method}", wildcards.dataset
        ),
        failures=lambda wildcards: failures_file(
            "results", wildcards.method, wildcards.dataset
        ),
        weights=lambda wildcards, input: (
            f"--weights {input.weights}" if "weights" in input.keys() else ""
        ),
    shell:
        "python -m fusebench.steps fuse --spec {params.spec:q} --record {output.record:q} --failures {params.failures:q} --log {log:q}"
        " --source {input.source:q} --environment {input.environment:q} --dataset {input.dataset:q} {params.weights}"

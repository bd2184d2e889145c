# One job for each cell: a method on a dataset. It ends well whatever the authors' script does; the record says what it did.
# A job that is killed is tried again with more memory and time. The last attempt runs nothing: it writes down how the
# others died, so that every table is complete.

# Many cells on one machine are fused by one job for the datasets of a method. Each cell keeps its record, and is run again alone.
BATCHES = [] if ON_CLUSTER else PLAN.batches()


rule fuse:
    input:
        unpack(lambda wildcards: PLAN.cell_inputs(wildcards.method, wildcards.dataset)),
    output:
        record="results/runs/{method}/{dataset}/record.json",
    log:
        "logs/fuse/{method}/{dataset}.log",
    wildcard_constraints:
        method=PLAN.methods_on("cpu", bool(BATCHES)),
    threads: threads_of_cell
    resources:
        gpu=asked("gpu"),
        mem_mb=asked("mem_mb"),
        runtime=asked("runtime"),
        anew=anew_cells(lambda wildcards: [(wildcards.method, wildcards.dataset)]),
        last_words=lambda wildcards, attempt: int(is_last(attempt)),
        slurm_extra=lambda wildcards: (
            "--exclusive" if PLAN.is_exclusive(wildcards.method, wildcards.dataset) else ""
        ),
    params:
        spec=lambda wildcards: PLAN.cell_spec(wildcards.method, wildcards.dataset),
        attempt=lambda wildcards: attempt("results", f"{wildcards.method}", wildcards.dataset),
        failures=lambda wildcards: failures_file("results", wildcards.method, wildcards.dataset),
        weights=lambda wildcards, input: (
            f"--weights {input.weights}" if "weights" in input.keys() else ""
        ),
    shell:
        "python -m fusebench.steps fuse --spec {params.spec:q} --record {output.record:q} --failures {params.failures:q} --log {log:q}"
        " --source {input.source:q} --environment {input.environment:q} --dataset {input.dataset:q} {params.weights}"
        " --last-words {resources.last_words} --anew {resources.anew}"


# The same for methods on a GPU: a rule of its own, so that a profile can send its jobs to other nodes.
use rule fuse as fuse_on_gpu with:
    wildcard_constraints:
        method=PLAN.methods_on("cuda", bool(BATCHES)),


for number, (methods, datasets) in enumerate(BATCHES):
    cells = cells_of(datasets)

    rule:
        name:
            f"fuse_batch_{number}"
        input:
            lambda wildcards, cells=cells: PLAN.batch_inputs(cells(wildcards)),
        output:
            [record_path("{method}", dataset) for dataset in datasets],
            whole=batch_path("{method}", number),
        wildcard_constraints:
            method=among(methods),
        threads: threads_of_batch(cells)
        resources:
            gpu=gpus_of_batch(cells),
            anew=anew_cells(cells),
            last_words=lambda wildcards, attempt: int(is_last(attempt)),
        params:
            spec=lambda wildcards, cells=cells: PLAN.batch_spec(cells(wildcards)),
            attempts=lambda wildcards, cells=cells: [
                attempt("results", *cell) for cell in cells(wildcards)
            ],
        shell:
            "python -m fusebench.steps fuse-batch --spec {params.spec:q} --whole {output.whole:q} --anew {resources.anew} --last-words {resources.last_words}"

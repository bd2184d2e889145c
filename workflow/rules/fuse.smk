# One job fuses a list of cells of one method: one cell, or several where there are so many that
# starting a job takes longer than its work (`together_from`, `cells_per_job`). It ends well whatever
# the authors' script does; the record of each cell says how it ended. A job that is killed is
# retried with more memory and time. The final attempt runs nothing: it records how the others ended,
# so that every table is complete.


def fuse_needs(wildcards, attempt):
    """Return what a fusing job asks of the scheduler."""
    return PLAN.fusing.needs(wildcards.method, wildcards.job, attempt, session())


def fuse_gpus(wildcards, attempt):
    return fuse_needs(wildcards, attempt).gpus


def fuse_memory(wildcards, attempt):
    return fuse_needs(wildcards, attempt).memory_mb


def fuse_minutes(wildcards, attempt):
    return fuse_needs(wildcards, attempt).minutes


def fuse_threads(wildcards):
    return PLAN.fusing.threads(wildcards.method, wildcards.job, facts.cores_of(workflow))


def fuse_numbers(wildcards):
    """Return the attempt number of each cell of a job."""
    return PLAN.fusing.attempts(wildcards.method, wildcards.job, session())


def fuse_slurm_options(wildcards):
    """Ask for a whole node where a method is timed without others beside it."""
    exclusive = PLAN.fusing.is_exclusive(wildcards.method, wildcards.job)
    return "--exclusive" if exclusive else ""


def fuse_inputs(wildcards):
    """Return the markers that a fusing job reads.

    A method that does not exist or cannot be run, asked for by the name of a file, ends the run
    with its reason.
    """
    try:
        return PLAN.fusing.inputs(wildcards.method, wildcards.job)
    except RegistryError as error:
        sys.exit(f"fusebench: {error}\nNothing was run.")


rule fuse:
    input:
        fuse_inputs,
    output:
        # Snakemake does not delete it before the job: a job that has ended before shows that a
        # record was lost, and not that it was never made.
        update("results/jobs/{method}/{job}.json"),
    log:
        "logs/fuse/{method}/{job}.log",
    wildcard_constraints:
        method=PLAN.methods_on("cpu"),
    threads: fuse_threads
    resources:
        gpu=fuse_gpus,
        mem_mb=fuse_memory,
        runtime=fuse_minutes,
        slurm_extra=fuse_slurm_options,
        # Snakemake passes the attempt to functions of resources only.
        job_attempt=lambda wildcards, attempt: attempt,
    params:
        job=lambda wildcards: as_parameter(PLAN.fusing.job(wildcards.method, wildcards.job)),
        numbers=fuse_numbers,
        session=SESSION,
    shell:
        "python -m fusebench.steps fuse --job {params.job:q} --session {params.session:q}"
        " --numbers {params.numbers} --attempt {resources.job_attempt} --memory {resources.mem_mb}"
        " --output {output:q}"


# The same for methods on a GPU: a rule of its own, so that a profile can send its jobs to other
# nodes.
use rule fuse as fuse_on_gpu with:
    wildcard_constraints:
        method=PLAN.methods_on("cuda"),


localrules:
    record,


# A cell by the name of its record. The job of that cell alone has written it. The exit status tells
# whether the cell has a result. Where it has none, the record stays: Snakemake restores what a job
# that failed should have updated.
rule record:
    input:
        "results/jobs/{method}/{dataset}.json",
    output:
        update("results/runs/{method}/{dataset}/record.json"),
    log:
        "logs/record/{method}/{dataset}.log",
    retries: 0
    shell:
        "touch --no-create --reference={input:q} {output:q} 2> {log:q};"
        " python -m fusebench.steps record --record {output:q} 2>> {log:q}"

# Training: the weights of methods that are named NAME@retrained or NAME@smoke, one job for each
# seed. A job whose time is over fails, and its next start goes on from what was kept; so does one
# that a scheduler ends. Fusing jobs read the marker as they read that of fetched weights.
from fusebench.planning.training import STRETCHES


def train_needs(wildcards, attempt):
    """Return what a training asks of the scheduler."""
    return PLAN.training.needs(wildcards.method, wildcards.key, wildcards.seed, attempt)


def train_inputs(wildcards):
    """Return the markers that a training reads."""
    return PLAN.training.inputs(wildcards.method, wildcards.key, wildcards.seed)


def train_job(wildcards):
    """Return the parameters of a training."""
    return as_parameter(PLAN.training.job(wildcards.method, wildcards.key, wildcards.seed))


def train_attempt(wildcards):
    """Return the attempt number of a training."""
    marker = f"resources/trained/{wildcards.method}/{wildcards.key}/seed{wildcards.seed}.json"
    return attempt(marker, WeightsMarker)


def train_threads(wildcards):
    return PLAN.training.threads(wildcards.method, wildcards.key, wildcards.seed)


def train_gpus(wildcards, attempt):
    return train_needs(wildcards, attempt).gpus


def train_memory(wildcards, attempt):
    return train_needs(wildcards, attempt).memory_mb


def train_minutes(wildcards, attempt):
    return train_needs(wildcards, attempt).minutes


rule train:
    input:
        train_inputs,
    output:
        "resources/trained/{method}/{key}/seed{seed}.json",
    log:
        "logs/train/{method}/{key}/seed{seed}.log",
    wildcard_constraints:
        method=PLAN.trained_on("cpu"),
        key="[0-9a-f]+",
        seed="[0-9]+",
    retries: STRETCHES - 1
    threads: train_threads
    resources:
        gpu=train_gpus,
        mem_mb=train_memory,
        runtime=train_minutes,
        # Slurm tells the job five minutes before it ends it.
        slurm_extra="--signal=TERM@300",
        start=lambda wildcards, attempt: attempt,
    params:
        job=train_job,
        attempt=train_attempt,
        session=SESSION,
        starts=STRETCHES,
    shell:
        "python -m fusebench.steps train --job {params.job:q} --session {params.session:q}"
        " --attempt {params.attempt} --start {resources.start} --starts {params.starts}"
        " --memory {resources.mem_mb} --marker {output:q} 2>> {log:q}"


# The same for trainings on a GPU: a rule of its own, so that a profile can send its jobs to other
# nodes.
use rule train as train_on_gpu with:
    wildcard_constraints:
        method=PLAN.trained_on("cuda"),
        key="[0-9a-f]+",
        seed="[0-9]+",

# What the rules of the evidence look up.
from fusebench.evidence.plan import make_evidence_plan
from fusebench.evidence.summary import evidence_summary

EVIDENCE = make_evidence_plan(PLAN, workflow.config_settings.overwrite_config)

FUSE_AGAIN = (
    "python -m fusebench.steps fuse --spec {params.spec:q} --record {output.record:q} --failures {params.failures:q} --log {log:q}"
    " --source {input.source:q} --environment {input.environment:q} --dataset {input.dataset:q} {params.weights}"
    " --last-words {resources.last_words}"
)


def ending():
    """Return what the end of a run says: of the evidence where that was asked for, else of the suites."""
    asked = workflow.dag_settings.targets
    return evidence_summary(EVIDENCE, asked) or summary(PLAN)


def needed(resource):
    """Return the function that looks up what a run asks of the scheduler."""
    return lambda wildcards, attempt: EVIDENCE.resource(
        wildcards.method, resource, 0 if is_last(attempt) else attempt
    )


def check_threads(wildcards):
    """Return the CPU threads of a run of a self-check."""
    return EVIDENCE.check_threads(wildcards.method, wildcards.check, int(wildcards.run))


def fetched_weights(wildcards, input):
    """Return the option that names the weights which were fetched for a method, if any were."""
    return f"--weights {input.weights}" if "weights" in input.keys() else ""

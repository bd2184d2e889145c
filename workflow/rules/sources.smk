# Clones at their pinned commits, and weights: all that needs a network runs on the submitting
# machine.
from fusebench.contracts.markers import SourceMarker, WeightsMarker


def weights_attempt(wildcards):
    """Return the attempt number of fetched weights; it grows where a file was exchanged.

    They are no inputs of the rule: a person may put them in place at any time.
    """
    number = attempt(f"resources/weights/{wildcards.method}.json", WeightsMarker)
    return number + PLAN.steps.weights_changed(wildcards.method)


localrules:
    obtain_source,
    fetch_weights,


rule obtain_source:
    output:
        "resources/sources/{source}.json",
    log:
        "logs/sources/{source}.log",
    params:
        job=lambda wildcards: PLAN.steps.source(wildcards.source),
        attempt=lambda wildcards: attempt(
            f"resources/sources/{wildcards.source}.json", SourceMarker
        ),
        session=SESSION,
    shell:
        "python -m fusebench.steps source --job {params.job:q} --session {params.session:q}"
        " --attempt {params.attempt} --marker {output:q} 2> {log:q}"


rule fetch_weights:
    output:
        "resources/weights/{method}.json",
    log:
        "logs/weights/{method}.log",
    params:
        job=lambda wildcards: PLAN.steps.weights(wildcards.method),
        attempt=weights_attempt,
    shell:
        "python -m fusebench.steps weights --job {params.job:q}"
        " --attempt {params.attempt} --marker {output:q} 2> {log:q}"

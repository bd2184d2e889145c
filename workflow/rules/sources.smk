# Clones at their pinned commits, and weights: all that needs a network runs on the submitting
# machine.
from fusebench.contracts.markers import SourceMarker, WeightsMarker


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
        attempt=lambda wildcards: attempt(
            f"resources/weights/{wildcards.method}.json", WeightsMarker
        ),
    shell:
        "python -m fusebench.steps weights --job {params.job:q}"
        " --attempt {params.attempt} --marker {output:q} 2> {log:q}"

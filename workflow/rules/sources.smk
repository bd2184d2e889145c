# Clones at their pinned commits, and weights: all that needs a network stays on the submitting machine.


localrules:
    obtain_source,
    fetch_weights,


rule obtain_source:
    output:
        marker="resources/sources/{source}.json",
    log:
        "logs/sources/{source}.log",
    params:
        spec=lambda wildcards: PLAN.source_spec(wildcards.source),
        attempt=lambda wildcards: attempt("resources", "sources", wildcards.source),
        failures=lambda wildcards: failures_file("resources", "sources", wildcards.source),
    shell:
        "python -m fusebench.steps source --spec {params.spec:q} --marker {output.marker:q} --failures {params.failures:q} 2> {log:q}"


rule fetch_weights:
    output:
        marker="resources/weights/{method}.json",
    log:
        "logs/weights/{method}.log",
    params:
        spec=lambda wildcards: PLAN.weights_spec(wildcards.method),
        attempt=lambda wildcards: attempt("resources", "weights", wildcards.method),
        failures=lambda wildcards: failures_file("resources", "weights", wildcards.method),
    shell:
        "python -m fusebench.steps weights --spec {params.spec:q} --marker {output.marker:q} --failures {params.failures:q} 2> {log:q}"

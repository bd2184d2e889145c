# Environments: built once from their locks, shared by every method that names them.


localrules:
    build_environment,


rule build_environment:
    output:
        marker="resources/envs/{environment}.json",
    log:
        "logs/envs/{environment}.log",
    params:
        spec=lambda wildcards: PLAN.environment_spec(wildcards.environment),
        attempt=lambda wildcards: attempt("resources", "envs", wildcards.environment),
        failures=lambda wildcards: failures_file("resources", "envs", wildcards.environment),
    shell:
        "python -m fusebench.steps environment --spec {params.spec:q} --marker {output.marker:q} --failures {params.failures:q} 2> {log:q}"

# Environments: built once from their locks, shared by every method that names them.
from fusebench.contracts.markers import EnvironmentMarker


localrules:
    build_environment,


rule build_environment:
    output:
        "resources/envs/{environment}.json",
    log:
        "logs/envs/{environment}.log",
    params:
        job=lambda wildcards: PLAN.steps.environment(wildcards.environment),
        attempt=lambda wildcards: attempt(
            f"resources/envs/{wildcards.environment}.json", EnvironmentMarker
        ),
    shell:
        "python -m fusebench.steps environment --job {params.job:q}"
        " --attempt {params.attempt} --marker {output:q} 2> {log:q}"

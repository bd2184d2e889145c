# Datasets in one normal form, each with its manifest.


localrules:
    prepare_dataset,


rule prepare_dataset:
    input:
        lambda wildcards: PLAN.dataset_files(wildcards.dataset),
    output:
        marker="resources/datasets/{dataset}.json",
    log:
        "logs/datasets/{dataset}.log",
    # It ends well whatever becomes of the dataset, and fails where the configuration is wrong about its images.
    retries: 0
    params:
        spec=lambda wildcards: PLAN.dataset_spec(wildcards.dataset),
        attempt=lambda wildcards: attempt("resources", "datasets", wildcards.dataset),
        failures=lambda wildcards: failures_file("resources", "datasets", wildcards.dataset),
    shell:
        "python -m fusebench.steps dataset --spec {params.spec:q} --marker {output.marker:q} --failures {params.failures:q} 2> {log:q}"

# Datasets in one normal form, each with its manifest.
import json

from fusebench.contracts.markers import Manifest

# What the tables show enlarged is held against each dataset. Other crops are no reason to prepare it again.
CROPS = LaterText(lambda: json.dumps(crops_of(PLAN.selection.registry)))


localrules:
    prepare_dataset,


rule prepare_dataset:
    input:
        lambda wildcards: PLAN.steps.image_files(wildcards.dataset),
    output:
        "resources/datasets/{dataset}.json",
    log:
        "logs/datasets/{dataset}.log",
    # It ends well whatever becomes of the dataset, and fails where the configuration is wrong about its images.
    retries: 0
    params:
        job=lambda wildcards: PLAN.steps.dataset(wildcards.dataset),
        attempt=lambda wildcards: attempt(f"resources/datasets/{wildcards.dataset}.json", Manifest),
        session=SESSION,
        crops=CROPS,
    shell:
        "python -m fusebench.steps dataset --job {params.job:q} --session {params.session:q}"
        " --attempt {params.attempt} --marker {output:q} --crops {params.crops:q} 2> {log:q}"

# Datasets in one normal form, each with its manifest.
import json

from fusebench.contracts.markers import Manifest

# The crops that tables show enlarged must lie inside the images of each dataset. Changed crops are
# no reason to prepare a dataset again.
CROPS = LaterText(lambda: json.dumps(crops_of(PLAN.selection.registry)))


def prepare_attempt(wildcards):
    """Return the attempt number of a dataset; it grows where the user's images changed.

    They are no inputs of the rule: Snakemake would not see an image that is older than the
    manifest, and would take braces in a path for wildcards.
    """
    number = attempt(f"resources/datasets/{wildcards.dataset}.json", Manifest)
    return number + PLAN.steps.images_changed(wildcards.dataset)


localrules:
    prepare_dataset,


rule prepare_dataset:
    output:
        "resources/datasets/{dataset}.json",
    log:
        "logs/datasets/{dataset}.log",
    # The job ends well even where the dataset cannot be prepared. It fails only where the
    # configuration is wrong about the images.
    retries: 0
    params:
        job=lambda wildcards: PLAN.steps.dataset(wildcards.dataset),
        attempt=prepare_attempt,
        session=SESSION,
        crops=CROPS,
    shell:
        "python -m fusebench.steps dataset --job {params.job:q} --session {params.session:q}"
        " --attempt {params.attempt} --marker {output:q} --crops {params.crops:q} 2> {log:q}"

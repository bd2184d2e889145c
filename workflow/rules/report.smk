# The page of results: `snakemake report`, or results/report/index.html.
import json


def page_inputs(wildcards):
    """Return what the page of the selected suites is made from."""
    return {
        "measures": expand("results/measures/{dataset}.csv", dataset=PLAN.datasets),
        "datasets": expand("resources/datasets/{dataset}.json", dataset=PLAN.datasets),
        "records": PLAN.all_records,
    }


localrules:
    report,


rule report:
    input:
        "results/report/index.html",


rule write_page:
    input:
        unpack(page_inputs),
    output:
        page="results/report/index.html",
        previews=directory("results/report/previews"),
    log:
        "logs/report/page.log",
    threads: 2
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        options=json.dumps(COMPARISON.overrides),
        registry=COMPARISON.registry_digest,
    shell:
        "python -m fusebench.compare.steps page --spec {params.options:q} --output {output.page:q} --previews {output.previews:q}"
        " --workers {threads} 2> {log:q}"

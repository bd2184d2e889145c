# The page of results (`snakemake report`), the data package (`snakemake package`) and the archive
# (`snakemake archive`).


localrules:
    report,
    package,
    archive,
    write_package,
    write_archive,


MANIFESTS = expand("resources/datasets/{dataset}.json", dataset=PLAN.selection.datasets)


def options_in_order(wildcards):
    """Return the options as they are written: their order is the order of a table's groups."""
    return json.dumps(OPTIONS, ensure_ascii=False)


def options_sorted(wildcards):
    """Return the options, the same text whatever their order."""
    return json.dumps(OPTIONS, ensure_ascii=False, sort_keys=True)


rule report:
    input:
        "results/report/index.html",


rule write_page:
    input:
        measures=PLAN.grouping.all_measures,
        manifests=MANIFESTS,
    output:
        page="results/report/index.html",
        previews=directory("results/report/previews"),
        # Snakemake's report takes files one by one, or a folder with all that belongs to its index.
        together=report(
            directory("results/report/page"),
            htmlindex="index.html",
            caption="../report/captions/page.rst",
            category="Page",
            labels={"suite": "{}".format(config["suite"])},
        ),
    log:
        "logs/report/page.log",
    threads: 2
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        options=options_sorted,
        registry=PLAN.paper_jobs.registry_digest,
        session=SESSION,
    shell:
        "python -m fusebench.steps page --options {params.options:q} --session {params.session:q}"
        " --workers {threads} --output {output.page:q} --previews {output.previews:q}"
        " --together {output.together:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


# Every CSV file of the results described for machines, and one long file of all values.
rule package:
    input:
        "results/datapackage.json",


rule write_package:
    input:
        measures=PLAN.grouping.all_measures,
        manifests=MANIFESTS,
        tables=TABLES,
        speed=SPEED_TABLES,
        papers=PLAN.papers.table_files,
        figures=PLAN.papers.figure_files,
        collected=["results/measures.csv", "results/status.csv"],
    output:
        package="results/datapackage.json",
        long="results/results.csv.gz",
    log:
        "logs/report/package.log",
    params:
        options=options_sorted,
        registry=PLAN.paper_jobs.registry_digest,
        session=SESSION,
    shell:
        "python -m fusebench.steps package --options {params.options:q}"
        " --session {params.session:q} --output {output.package:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


# All that a second machine needs to make the tables and figures again without any method.
rule archive:
    input:
        "results/fusebench-results.tar.gz",


rule write_archive:
    input:
        "results/datapackage.json",
    output:
        "results/fusebench-results.tar.gz",
    log:
        "logs/report/archive.log",
    params:
        options=options_in_order,
        named=lambda wildcards: PLAN.papers.named_files(SPEED_TABLES),
    shell:
        "python -m fusebench.steps archive --options {params.options:q}"
        " --named {params.named:q} --output {output:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"

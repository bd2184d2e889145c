# The page of results (`snakemake report`), the data package (`snakemake package`) and the archive (`snakemake archive`).
localrules:
    report,
    package,
    archive,
    write_package,
    write_archive,


rule report:
    input:
        "results/report/index.html",


rule write_page:
    input:
        measures=expand("results/measures/{dataset}.csv", dataset=PLAN.datasets),
        datasets=expand("resources/datasets/{dataset}.json", dataset=PLAN.datasets),
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
        options=lambda wildcards: PLAN.options_spec,
        registry=COMPARISON.registry_digest,
    shell:
        "python -m fusebench.compare.steps page --spec {params.options:q} --output {output.page:q} --previews {output.previews:q}"
        " --together {output.together:q} --workers {threads} 2> {log:q}"


# Every CSV file of the results described for machines, and one long file of all values.
rule package:
    input:
        "results/datapackage.json",


rule write_package:
    input:
        measures=expand("results/measures/{dataset}.csv", dataset=PLAN.datasets),
        datasets=expand("resources/datasets/{dataset}.json", dataset=PLAN.datasets),
        tables=PLAN.tables,
        speed=PLAN.speed_tables,
        papers=COMPARISON.table_files,
        figures=COMPARISON.figure_files,
        collected=["results/measures.csv", "results/status.csv"],
    output:
        package="results/datapackage.json",
        long="results/results.csv.gz",
    log:
        "logs/report/package.log",
    params:
        options=lambda wildcards: PLAN.options_spec,
        registry=COMPARISON.registry_digest,
    shell:
        "python -m fusebench.compare.steps package --spec {params.options:q} --output {output.package:q} 2> {log:q}"


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
        options=lambda wildcards: PLAN.configuration,
        named=lambda wildcards: COMPARISON.named_files,
    shell:
        "python -m fusebench.compare.steps archive --spec {params.options:q} --named {params.named:q} --output {output:q} 2> {log:q}"

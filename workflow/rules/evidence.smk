# Evidence: self-checks against the images that authors committed, further runs, and published numbers.
#
#   snakemake --cores 2 selfcheck                      every entry with `selfcheck`
#   snakemake --cores 2 claims                         every published number in the registry
#   snakemake --cores 2 evidence                       both, and a page for each method
#
#   snakemake --cores 2 spread --config repeats=3      the selected suites again and again: means with their spread
#
# `--config suite=NAME` restricts all of them to that suite.


include: "evidence_lookups.smk"


localrules:
    selfcheck,
    claims,
    evidence,
    spread,
    copy_committed_images,
    write_selfcheck_table,
    write_spread_table,
    write_claims_table,
    write_evidence_pages,


wildcard_constraints:
    check=r"[^/]+",
    run=r"\d+",


rule selfcheck:
    input:
        "results/selfcheck.csv",


rule claims:
    input:
        "results/claims.csv",


rule evidence:
    input:
        "results/selfcheck.csv",
        "results/claims.csv",
        "results/evidence/summary.md",


rule spread:
    input:
        "results/spread.csv",


# Inputs and outputs of a self-check, byte for byte as committed.
rule copy_committed_images:
    input:
        source=lambda wildcards: EVIDENCE.source_marker(wildcards.method),
    output:
        marker="resources/committed/{method}/{check}.json",
    log:
        "logs/committed/{method}/{check}.log",
    params:
        spec=lambda wildcards: EVIDENCE.images_spec(wildcards.method, wildcards.check),
        attempt=lambda wildcards: attempt(
            "resources", f"committed/{wildcards.method}", wildcards.check
        ),
        failures=lambda wildcards: failures_file(
            "resources", f"committed/{wildcards.method}", wildcards.check
        ),
    shell:
        "python -m fusebench.evidence.steps images --spec {params.spec:q} --source {input.source:q} --marker {output.marker:q}"
        " --failures {params.failures:q} 2> {log:q}"


# The same job as for any cell, on the committed inputs; each run has another seed.
rule fuse_committed:
    input:
        unpack(lambda wildcards: EVIDENCE.check_inputs(wildcards.method, wildcards.check)),
    output:
        record="results/selfcheck/{method}/{check}/{run}/record.json",
    log:
        "logs/selfcheck/{method}/{check}/{run}.log",
    wildcard_constraints:
        method=PLAN.methods_on("cpu"),
    threads: check_threads
    resources:
        gpu=needed("gpu"),
        mem_mb=needed("mem_mb"),
        runtime=needed("runtime"),
        last_words=lambda wildcards, attempt: int(is_last(attempt)),
    params:
        spec=lambda wildcards: EVIDENCE.check_spec(
            wildcards.method, wildcards.check, int(wildcards.run)
        ),
        attempt=lambda wildcards: attempt(
            "results", f"selfcheck/{wildcards.method}/{wildcards.check}", wildcards.run
        ),
        failures=lambda wildcards: failures_file(
            "results", f"selfcheck/{wildcards.method}/{wildcards.check}", wildcards.run
        ),
        weights=fetched_weights,
    shell:
        FUSE_AGAIN


# As for the cells: a rule of its own for methods on a GPU.
use rule fuse_committed as fuse_committed_on_gpu with:
    wildcard_constraints:
        method=PLAN.methods_on("cuda"),


# Further runs on a dataset, for the spread of what is measured there.
rule fuse_again:
    input:
        unpack(lambda wildcards: PLAN.cell_inputs(wildcards.method, wildcards.dataset)),
    output:
        record="results/repeats/{method}/{dataset}/{run}/record.json",
    log:
        "logs/repeats/{method}/{dataset}/{run}.log",
    wildcard_constraints:
        method=PLAN.methods_on("cpu"),
    threads: lambda wildcards: PLAN.cell_threads(wildcards.method, wildcards.dataset)
    resources:
        gpu=needed("gpu"),
        mem_mb=needed("mem_mb"),
        runtime=needed("runtime"),
        last_words=lambda wildcards, attempt: int(is_last(attempt)),
    params:
        spec=lambda wildcards: EVIDENCE.repeat_spec(
            wildcards.method, wildcards.dataset, int(wildcards.run)
        ),
        attempt=lambda wildcards: attempt(
            "results", f"repeats/{wildcards.method}/{wildcards.dataset}", wildcards.run
        ),
        failures=lambda wildcards: failures_file(
            "results", f"repeats/{wildcards.method}/{wildcards.dataset}", wildcards.run
        ),
        weights=fetched_weights,
    shell:
        FUSE_AGAIN


use rule fuse_again as fuse_again_on_gpu with:
    wildcard_constraints:
        method=PLAN.methods_on("cuda"),


rule judge_selfcheck:
    input:
        images="resources/committed/{method}/{check}.json",
        records=lambda wildcards: EVIDENCE.check_records(wildcards.method, wildcards.check),
    output:
        "results/selfcheck/{method}/{check}.json",
    log:
        "logs/selfcheck/{method}/{check}.log",
    params:
        spec=lambda wildcards: EVIDENCE.judge_spec(wildcards.method, wildcards.check),
    shell:
        "python -m fusebench.evidence.steps selfcheck --spec {params.spec:q} --images {input.images:q} --records {input.records:q}"
        " --output {output:q} 2> {log:q}"


rule judge_spread:
    input:
        images="resources/datasets/{dataset}.json",
        records=lambda wildcards: EVIDENCE.records(wildcards.method, wildcards.dataset),
    output:
        "results/repeats/{method}/{dataset}/spread.json",
    log:
        "logs/repeats/{method}/{dataset}/spread.log",
    params:
        spec=lambda wildcards: EVIDENCE.spread_spec(wildcards.method, wildcards.dataset),
    shell:
        "python -m fusebench.evidence.steps spread --spec {params.spec:q} --images {input.images:q} --records {input.records:q}"
        " --output {output:q} 2> {log:q}"


rule write_spread_table:
    input:
        EVIDENCE.spreads,
    output:
        csv="results/spread.csv",
        markdown="results/spread.md",
    log:
        "logs/evidence/spread.log",
    shell:
        "python -m fusebench.evidence.steps spread-table --spreads {input:q} --output {output.csv:q} 2> {log:q}"


rule judge_claims:
    input:
        lambda wildcards: EVIDENCE.claim_files(wildcards.method),
    output:
        "results/evidence/claims/{method}.json",
    log:
        "logs/claims/{method}.log",
    params:
        spec=lambda wildcards: EVIDENCE.claims_spec(wildcards.method),
    shell:
        "python -m fusebench.evidence.steps claims --spec {params.spec:q} --output {output:q} 2> {log:q}"


rule write_selfcheck_table:
    input:
        EVIDENCE.judged_checks,
    output:
        csv="results/selfcheck.csv",
        markdown="results/selfcheck.md",
    log:
        "logs/evidence/selfcheck.log",
    shell:
        "python -m fusebench.evidence.steps selfcheck-table --checks {input:q} --output {output.csv:q} 2> {log:q}"


rule write_claims_table:
    input:
        EVIDENCE.judged_claims,
    output:
        csv="results/claims.csv",
        markdown="results/claims.md",
    log:
        "logs/evidence/claims.log",
    shell:
        "python -m fusebench.evidence.steps claims-table --claims {input:q} --output {output.csv:q} 2> {log:q}"


rule write_evidence_pages:
    input:
        checks=EVIDENCE.judged_checks,
        claims=EVIDENCE.judged_claims,
    output:
        EVIDENCE.pages,
        markdown="results/evidence/summary.md",
        csv="results/evidence/summary.csv",
    log:
        "logs/evidence/pages.log",
    params:
        methods=EVIDENCE.names,
        entries=EVIDENCE.pages_digest(),
    shell:
        "python -m fusebench.evidence.steps pages --methods {params.methods:q} --checks {input.checks:q} --claims {input.claims:q}"
        " --output {output.markdown:q} 2> {log:q}"

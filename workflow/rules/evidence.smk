# Evidence: self-checks with the images that authors committed, further runs, and published numbers.
#
#   snakemake --cores 2 selfcheck                      every method of the suite with `selfcheck`
#   snakemake --cores 2 claims                         every published number about these methods
#   snakemake --cores 2 evidence                       both, and a page for each method
#
#   snakemake --cores 2 spread --config repeats=3      repeated runs: means with their spread
#
# All of them are about the selected suite (`--config suite=all` for the whole registry). The rule
# `fuse` makes the runs of self-checks and the further runs.
from fusebench.layout import committed_marker, record_path


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


def check_runs(wildcards):
    """Return the cells of a self-check."""
    return PLAN.evidence.check_runs(wildcards.method, wildcards.check)


def repeated_runs(wildcards):
    """Return the cells of a method on a dataset, further runs included."""
    return PLAN.evidence.repeated_runs(wildcards.method, wildcards.dataset)


def fused(cells):
    """Return the function that lists the outputs of the jobs which fuse some cells."""
    return lambda wildcards: PLAN.evidence.fused_by(wildcards.method, cells(wildcards))


def records(cells):
    """Return the function that lists the records of some cells."""
    return lambda wildcards: [record_path(wildcards.method, cell) for cell in cells(wildcards)]


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
        lambda wildcards: PLAN.selection.markers_of(wildcards.method)["source"],
    output:
        "resources/committed/{method}/{check}.json",
    log:
        "logs/committed/{method}/{check}.log",
    params:
        job=lambda wildcards: PLAN.evidence_jobs.images(wildcards.method, wildcards.check),
        attempt=lambda wildcards: attempt(
            committed_marker(wildcards.method, wildcards.check), Manifest
        ),
    shell:
        "python -m fusebench.steps committed-images --job {params.job:q} --source {input:q}"
        " --attempt {params.attempt} --marker {output:q} 2> {log:q}"


rule judge_selfcheck:
    input:
        images="resources/committed/{method}/{check}.json",
        jobs=fused(check_runs),
    output:
        "results/selfcheck/{method}/{check}.json",
    log:
        "logs/selfcheck/{method}/{check}.log",
    params:
        job=lambda wildcards: PLAN.evidence_jobs.selfcheck(wildcards.method, wildcards.check),
        records=records(check_runs),
    shell:
        "python -m fusebench.steps selfcheck --job {params.job:q} --images {input.images:q}"
        " --records {params.records:q} --output {output:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


rule judge_spread:
    input:
        images="resources/datasets/{dataset}.json",
        jobs=fused(repeated_runs),
    output:
        "results/repeats/{method}/{dataset}/spread.json",
    log:
        "logs/repeats/{method}/{dataset}/spread.log",
    params:
        job=lambda wildcards: PLAN.evidence_jobs.spread(wildcards.method, wildcards.dataset),
        records=records(repeated_runs),
    shell:
        "python -m fusebench.steps spread --job {params.job:q} --images {input.images:q}"
        " --records {params.records:q} --output {output:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


rule write_spread_table:
    input:
        PLAN.evidence.spreads,
    output:
        csv="results/spread.csv",
        markdown="results/spread.md",
    log:
        "logs/evidence/spread.log",
    shell:
        "python -m fusebench.steps spread-table --spreads {input:q} --output {output.csv:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


rule judge_claims:
    input:
        lambda wildcards: PLAN.evidence_jobs.claim_inputs(wildcards.method),
    output:
        "results/evidence/claims/{method}.json",
    log:
        "logs/claims/{method}.log",
    params:
        job=lambda wildcards: PLAN.evidence_jobs.claims(wildcards.method),
    shell:
        "python -m fusebench.steps claims --job {params.job:q} --output {output:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


rule write_selfcheck_table:
    input:
        PLAN.evidence.judged_checks,
    output:
        csv="results/selfcheck.csv",
        markdown="results/selfcheck.md",
    log:
        "logs/evidence/selfcheck.log",
    shell:
        "python -m fusebench.steps selfcheck-table --checks {input:q} --output {output.csv:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


rule write_claims_table:
    input:
        PLAN.evidence.judged_claims,
    output:
        csv="results/claims.csv",
        markdown="results/claims.md",
    log:
        "logs/evidence/claims.log",
    shell:
        "python -m fusebench.steps claims-table --claims {input:q} --output {output.csv:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"


rule write_evidence_pages:
    input:
        checks=PLAN.evidence.judged_checks,
        claims=PLAN.evidence.judged_claims,
    output:
        PLAN.evidence.pages,
        markdown="results/evidence/summary.md",
        csv="results/evidence/summary.csv",
    log:
        "logs/evidence/pages.log",
    params:
        methods=PLAN.evidence.names,
        entries=PLAN.evidence_jobs.pages_digest,
        session=SESSION,
    shell:
        "python -m fusebench.steps evidence-pages --methods {params.methods:q}"
        " --checks {input.checks:q} --claims {input.claims:q} --session {params.session:q}"
        " --output {output.markdown:q}"
        " --written {output:q} --made-from {input:q} 2> {log:q}"

# fusebench: rerun published image-fusion methods and compare them under one protocol.
#
#   snakemake --cores 2                                  the suite that config/config.yaml names
#   snakemake --cores 2 --config suite=published         another suite
#   snakemake --profile slurm                            on a cluster
#   snakemake --cores 2 evidence                         self-checks, claims, and a page for each method
#
# registry -> sources -> environments -> datasets -> fuse -> measure -> compare
from snakemake.utils import min_version

min_version("9.20")


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/environments.smk"
include: "workflow/rules/datasets.smk"
include: "workflow/rules/fuse.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/speed.smk"
include: "workflow/rules/evidence.smk"


localrules:
    all,
    tables,
    figures,
    fetch,


# Everything that the selected suites ask for; ends with a non-zero exit status where a cell has no result.
rule all:
    default_target: True
    input:
        "results/verdict.txt",
        PLAN.speed_tables,
        PLAN.absent_records,


# The tables alone: runs whatever they still lack, and ends well whatever states they hold.
rule tables:
    input:
        PLAN.tables,
        COMPARISON.table_files,
        "results/measures.csv",
        "results/status.csv",
        PLAN.absent_records,


# The figures of the selected suites' tables.
rule figures:
    input:
        COMPARISON.figure_files,


# All that needs a network, for the selected suites: afterwards everything else runs without one.
rule fetch:
    input:
        PLAN.fetched,


onstart:
    if ON_CLUSTER:
        forget_copies(Path(), is_anew)
        for job in cancel_orphans(Path()):
            print(f"cancelled Slurm job {job}: left by a run of this folder that was killed")


onsuccess:
    print(ending(), flush=True)


onerror:
    print(ending(), refusals(log), sep="\n\n", flush=True)

# The workflow lies in workflow/Snakefile, where the catalog of Snakemake workflows looks for it.
# With this file, `--snakefile FOLDER/Snakefile` finds it too.
include: "workflow/Snakefile"


# An included file does not set the default target.
workflow.default_target = "all"

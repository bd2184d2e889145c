"""What a terminal shows while Snakemake runs: counts, a bar for each kind of step, and failures.

``snakemake_logger_plugin_fusebench`` passes on the events of Snakemake.
"""

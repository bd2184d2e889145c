"""Tests of what a terminal shows while Snakemake runs."""

"""Figures of a comparison, for a two-column paper.

Each kind of figure is a module that returns a figure and the data drawn in it.

matplotlib is loaded by the job that draws, never by Snakemake.
"""

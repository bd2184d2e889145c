"""The parameters of the job of each step: one structure for each step.

``planning`` writes them as JSON into the parameters of a rule, ``steps`` reads them. They hold only
what decides a result, so that a corrected title reruns nothing. What is the same for all jobs of a
run of Snakemake is in ``session``.
"""

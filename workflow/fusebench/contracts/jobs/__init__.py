"""What the job of each step is told: one structure for each step.

Written by ``planning`` as JSON into the parameters of a rule, read by ``steps``. Only what decides
a result is in it, so that a corrected title runs nothing; what is the same for all jobs of a run of
Snakemake is in ``session``.
"""

"""Planning: what the selected suites need, its grouping into jobs, and the jobs' parameters.

The rules look things up here. The plan is made once, when Snakemake reads the workflow.

=====================  ===========================================================================
``selection``          what is selected: sources, environments, weights, datasets, cells
``cells``, ``fusing``  the parameters of a fusing job, and what it asks of the scheduler
``steps``              the parameters of every other job of a suite
``papers``             the same for tables and figures of papers
``evidence``           the same for self-checks, further runs and claims
``grouping``           how cells, datasets and tables are grouped into jobs
``matching``           what Snakemake matches: methods of a rule, and what is forced
``attempts``           the attempt number, by which a job is rerun
``session``            what all jobs of a run share
``job_files``          jobs that are too long for a command line
``ending``             what a run prints at its end
=====================  ===========================================================================
"""

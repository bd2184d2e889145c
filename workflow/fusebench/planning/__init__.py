"""Planning: what the selected suites need, how it is grouped into jobs, and what each job is told.

The rules look things up here; it is made once, when Snakemake reads the workflow.

=====================  ===========================================================================
``selection``          what is selected: sources, environments, weights, datasets, cells
``cells``, ``fusing``  what a fusing job is told, and what it asks of the scheduler
``steps``              what every other job of a suite is told
``papers``             the same for tables and figures of papers
``evidence``           the same for self-checks, further runs and claims
``grouping``           how cells, datasets and tables are grouped into jobs
``matching``           what Snakemake matches: methods of a rule, what is asked for by force
``attempts``           the number of the attempt, by which a job is rerun
``session``            what all jobs of a run share
``job_files``          jobs that are too long for a command line
``ending``             what a run prints at its end
=====================  ===========================================================================
"""

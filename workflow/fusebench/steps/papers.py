"""The steps of tables of papers: statistics, tables, figures."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from fusebench.contracts.jobs.papers import FigureJob, PaperTableJob, StatisticsJob
from fusebench.markers import read_manifest

ROOT = Path()


def statistics(job: StatisticsJob, measures: list[Path], output: Path) -> None:
    """Write the statistics of a table; ``output`` is one of their files."""
    from fusebench.compare import read_measures
    from fusebench.statistics.files import write_statistics

    write_statistics(output.parent, read_measures(measures), job.metrics)


def paper_table(job: PaperTableJob, statistics: Path, output: Path) -> None:
    """Write a table of a paper in every format, from the summary of its statistics.

    ``output`` is one of its files.
    """
    from fusebench.compare.means import read_means
    from fusebench.compare.paper import paper_table as table_of
    from fusebench.compare.paper_files import write_paper_table
    from fusebench.fuse.records import read_records

    # A table of only failed runs gets the number of pairs from nowhere else.
    known = [
        replace(dataset, pairs=len(read_manifest(ROOT, dataset.name).pairs))
        for dataset in job.table.datasets
    ]
    spec = replace(job.table, datasets=known)
    shown = table_of(spec, read_records(job.cells, ROOT), read_means(statistics))
    write_paper_table(output.parent, shown, job.papers)


def figure(job: FigureJob, statistics: Path, measures: list[Path], output: Path) -> None:
    """Draw a figure; ``output`` is its PDF."""
    from fusebench.figures.contents import Inputs
    from fusebench.figures.files import write_figure

    write_figure(output, job.figure, Inputs(ROOT, statistics.parent, measures))

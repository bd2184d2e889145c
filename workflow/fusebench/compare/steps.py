"""What the rules of tables and figures call: ``python -m fusebench.compare.steps STEP ...``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from fusebench.markers import read_manifest
from fusebench.stepping import add_step, run_step

ROOT = Path()
"""The project's folder: Snakemake starts every job in it."""


def statistics(options: argparse.Namespace) -> None:
    """Write the statistics of a table."""
    from fusebench.compare import read_measures
    from fusebench.statistics.files import write_statistics

    write_statistics(options.output.parent, read_measures(options.measures), options.spec)


def table(options: argparse.Namespace) -> None:
    """Write a table of a paper in every format."""
    from fusebench.compare.means import read_means
    from fusebench.compare.paper import PaperSpec, paper_table
    from fusebench.compare.paper_files import write_paper_table
    from fusebench.fuse.records import all_records

    spec = PaperSpec(**options.spec["table"])
    # A table of failed runs alone knows the number of pairs from here only.
    known = [
        {**one, "pairs": len(read_manifest(ROOT, one["name"])["pairs"])} for one in spec.datasets
    ]
    records = all_records(options.spec["cells"])
    shown = paper_table(replace(spec, datasets=known), records, read_means(options.statistics))
    write_paper_table(options.output.parent, shown, options.spec["papers"])


def figure(options: argparse.Namespace) -> None:
    """Draw a figure."""
    from fusebench.figures.contents import FigureSpec, Inputs
    from fusebench.figures.files import write_figure

    inputs = Inputs(ROOT, options.statistics.parent, options.measures)
    write_figure(options.output, FigureSpec(**options.spec), inputs)


def page(options: argparse.Namespace) -> None:
    """Write the page of results."""
    from fusebench.report.page import write_page

    write_page(
        ROOT, options.spec, options.output, options.previews, options.together, options.workers
    )


def package(options: argparse.Namespace) -> None:
    """Write the long file of everything and the data package."""
    from fusebench.compare import read_measures
    from fusebench.fuse.records import all_records
    from fusebench.plan import make_plan
    from fusebench.report.package import LONG, write_long, write_package

    plan = make_plan(ROOT, options.spec, checked=True)
    measures = read_measures(
        [ROOT / "results" / "measures" / f"{dataset}.csv" for dataset in plan.datasets]
    )
    records = all_records(json.loads(plan.collect_spec()), ROOT)
    folder = options.output.parent
    write_long(folder / LONG, measures, records, plan.registry.methods, plan.registry.datasets)
    write_package(folder, f"fusebench: {', '.join(suite.name for suite in plan.registry.selected)}")


def archive(options: argparse.Namespace) -> None:
    """Write the archive of the comparison."""
    from fusebench.report.archive import write_archive

    write_archive(ROOT, options.spec, options.named, options.output)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fusebench.compare.steps", description=__doc__)
    steps = parser.add_subparsers(required=True)
    add_step(steps, "statistics", statistics, "spec", "output", lists=["measures"])
    add_step(steps, "table", table, "spec", "output", "statistics")
    add_step(steps, "figure", figure, "spec", "output", "statistics", lists=["measures"])
    add_step(steps, "package", package, "spec", "output")
    add_step(steps, "archive", archive, "spec", "output", lists=["named"])
    paging = add_step(steps, "page", page, "spec", "output", "previews", "together")
    paging.add_argument("--workers", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(run_step(_parser()))

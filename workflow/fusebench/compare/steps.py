"""What the rules of tables and figures call: ``python -m fusebench.compare.steps STEP ...``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fusebench.errors import FusebenchError

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
    records = all_records(options.spec["cells"])
    shown = paper_table(spec, records, read_means(options.statistics))
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

    write_page(ROOT, options.spec, options.output, options.previews, options.workers)


def package(options: argparse.Namespace) -> None:
    """Write the long file of everything and the data package."""
    from fusebench.compare import read_measures
    from fusebench.fuse.records import all_records
    from fusebench.plan import make_plan
    from fusebench.report.package import LONG, write_long, write_package

    plan = make_plan(ROOT, options.spec)
    measures = read_measures([ROOT / "results" / "measures" / f"{dataset}.csv" for dataset in plan.datasets])
    records = all_records(json.loads(plan.collect_spec()), ROOT)
    folder = options.output.parent
    write_long(folder / LONG, measures, records, plan.registry.methods, plan.registry.datasets)
    write_package(folder, f"fusebench: {', '.join(suite.name for suite in plan.registry.selected)}")


def archive(options: argparse.Namespace) -> None:
    """Write the archive of the comparison."""
    from fusebench.report.archive import write_archive

    write_archive(ROOT, options.spec, options.output)


def main() -> int:
    """Run one step; what it cannot do ends as a message and exit status 1."""
    options = _parser().parse_args()
    try:
        options.step(options)
    except FusebenchError as error:
        print(f"fusebench: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fusebench.compare.steps", description=__doc__)
    steps = parser.add_subparsers(required=True)
    _add(steps, statistics).add_argument("--measures", type=Path, nargs="*", default=[])
    _add(steps, table).add_argument("--statistics", type=Path, required=True)
    drawing = _add(steps, figure)
    drawing.add_argument("--statistics", type=Path, required=True)
    drawing.add_argument("--measures", type=Path, nargs="*", default=[])
    _add(steps, package)
    _add(steps, archive)
    paging = _add(steps, page)
    paging.add_argument("--previews", type=Path, required=True)
    paging.add_argument("--workers", type=int, default=1)
    return parser


def _add(steps: Any, step: Any) -> argparse.ArgumentParser:
    """Add a step with its parameters, ``--spec`` as JSON, and its first output."""
    parser: argparse.ArgumentParser = steps.add_parser(step.__name__, help=step.__doc__)
    parser.set_defaults(step=step)
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--output", type=Path, required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())

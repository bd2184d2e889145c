"""The steps that pass results on: the page, the data package, the archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fusebench.contracts.jobs.session import Session

ROOT = Path()


def page(
    options: dict[str, Any],
    session: Session,
    workers: int,
    output: Path,
    previews: Path,
    together: Path,
) -> None:
    """Write the page of results."""
    from fusebench.report.page import write_page

    write_page(ROOT, options, session, output, previews, together, workers)


def package(options: dict[str, Any], session: Session, output: Path) -> None:
    """Write the long file of everything and the data package."""
    from fusebench.compare import read_measures
    from fusebench.fuse.records import read_records
    from fusebench.planning.grouping import Grouping
    from fusebench.planning.selection import read_selection
    from fusebench.planning.steps import StepJobs
    from fusebench.report.package import LONG, write_long, write_package

    selection = read_selection(ROOT, options, session.device, session.registry)
    grouping, registry = Grouping(selection, session.on_cluster), selection.registry
    measures = read_measures([ROOT / file for file in grouping.all_measures])
    records = read_records(StepJobs(selection, grouping).collected, ROOT)
    write_long(output.parent / LONG, measures, records, registry.methods, registry.datasets)
    suites = ", ".join(suite.name for suite in registry.selected)
    write_package(output.parent, f"fusebench: {suites}")


def archive(options: dict[str, Any], named: list[Path], output: Path) -> None:
    """Write the archive of the comparison."""
    from fusebench.registry.loading import load_registry
    from fusebench.report.archive import write_archive

    registry = load_registry(ROOT, options, checked=True)
    write_archive(ROOT, options, named, output, registry)

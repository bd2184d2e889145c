"""What a run prints at its end: every table of the selected suites, what failed, and where the files are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.fuse.records import all_records
from fusebench.markers import SHOWING_VARIABLE

if TYPE_CHECKING:
    from fusebench.plan import Plan

MOST_TABLES = 12
"""More tables than this are only listed: a terminal is no place to read them."""


def summary(plan: Plan) -> str:
    """Return the text that ends a run; a run that did not get as far as its tables says only what is missing."""
    root = plan.registry.root
    cells = json.loads(plan.collect_spec())
    missing = [record for record in plan.all_records if not (root / record).exists()]
    if missing:
        return f"\nnot finished: {len(missing)} of {len(plan.all_records)} cells have not been run, first: {missing[0]}"
    return "\n\n".join(filter(None, ["", *_tables(plan, root), _failed(cells), _places(plan)]))


def _tables(plan: Plan, root: Path) -> Iterator[str]:
    from fusebench.compare import read_measures, terminal_table

    specs = [(suite, dataset) for suite in plan.registry.selected for dataset in suite.datasets]
    for suite, dataset in specs if len(specs) <= MOST_TABLES else []:
        measures = root / "results" / "measures" / f"{dataset.name}.csv"
        if measures.exists():
            spec = plan.table(suite.name, dataset.name)
            yield terminal_table(
                spec,
                all_records(plan.table_cells(suite.name, dataset.name)),
                read_measures([measures]),
            )


def _failed(cells: dict[str, object]) -> str:
    from fusebench.compare import failures

    failed = failures(all_records({**cells, "skipped": []}))
    when = (
        "not tried again for tables and figures alone; `snakemake` tries them again"
        if os.environ.get(SHOWING_VARIABLE)
        else "and tried again by the next run"
    )
    return f"FAILED, {when}:\n{failed}" if failed else ""


def _places(plan: Plan) -> str:
    tables = "\n".join(f"  {table}" for table in plan.tables if table.endswith(".md"))
    return (
        "values per image  results/measures.csv\n"
        "states            results/status.csv\n"
        "fused images      results/runs/<method>/<dataset>/fused/\n"
        f"tables (also .csv and .tex):\n{tables}"
    )

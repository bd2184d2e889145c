"""What the rules of tables, figures and the page look up: files, inputs and parameters of every table of a paper.

Made when Snakemake reads the workflow; loads no numerical library.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fusebench.compare.bibliography import citation_key
from fusebench.compare.paper import PaperSpec
from fusebench.compare.wording import NOTHING
from fusebench.evidence.comparison import CLOSE, EXACT, VERDICTS, WITHIN, worst
from fusebench.evidence.comparison import NOTHING as NOTHING_COMPARED
from fusebench.files import sha256_of_json
from fusebench.plan import DATASETS, RUNS, Plan
from fusebench.registry import Dataset, Method, PaperTable
from fusebench.registry.tables import DEFAULT_COLUMNS, FIGURES

SELF_CHECKS = Path("results/evidence/summary.csv")
REPRODUCED = frozenset({EXACT, WITHIN, CLOSE})
"""Verdicts of a self-check that bear out a method."""
RECORDED = frozenset({"grid", "quality-speed"})
"""Figures that are drawn from the records, too."""
PER_IMAGE = frozenset({"boxes", "curves", "grid"})
"""Figures that are drawn from the per-image values of one dataset, too."""
WHOLE = ("ranks", "critical-difference", "correlation")
"""Figures of a whole table; the others are drawn for each of its datasets."""


@dataclass(frozen=True)
class Comparison:
    """The tables of papers of a plan's registry, as their rules need them."""

    plan: Plan

    @property
    def tables(self) -> dict[str, PaperTable]:
        """Every table of the configuration by name."""
        return self.plan.registry.tables

    @cached_property
    def self_checks(self) -> dict[str, str]:
        """Method -> verdict of its self-check, ``test: exact``, where `snakemake evidence` has compared an image."""
        file = self.plan.registry.root / SELF_CHECKS
        if not file.is_file():
            return {}
        with file.open(encoding="utf-8", newline="") as stream:
            told = {row["method"]: row["self-check"] for row in csv.DictReader(stream)}
        return {
            method: words for method, words in told.items() if _verdict(words) != NOTHING_COMPARED
        }

    @cached_property
    def selected(self) -> list[PaperTable]:
        """The tables that are made with the selected suites; any other is made when its file is asked for."""
        suites = {suite.name for suite in self.plan.registry.selected}
        return [
            table for table in self.tables.values() if table.suite and table.suite.name in suites
        ]

    @cached_property
    def registry_digest(self) -> str:
        """The digest of all that the registry says of what is selected: a corrected title is on the page, too."""
        selected = self.plan.registry.selected
        methods = {method.name: method.entry for suite in selected for method in suite.methods}
        datasets = {dataset.name: dataset.entry for suite in selected for dataset in suite.datasets}
        return sha256_of_json([methods, datasets, self.plan.options_spec, self.self_checks])

    @property
    def table_files(self) -> list[str]:
        """One file of each selected table; its other formats come with it."""
        return [f"results/tables/{table.name}.csv" for table in self.selected]

    @property
    def figure_files(self) -> list[str]:
        """The figures of the selected tables."""
        return [file for table in self.selected for file in self._figure_files(table)]

    def _figure_files(self, table: PaperTable) -> list[str]:
        return [f"results/figures/{table.name}/{name}.pdf" for name in self.figures(table.name)]

    @property
    def named_files(self) -> list[str]:
        """What `tables` and `figures` leave out, but is made from the same records: it is asked for by the names of files.

        These are the speed tables of the selected suites; speed tables of others, and tables without a selected suite and
        their figures, as far as they are there.
        """
        timed = [
            f"results/speed/{s.name}.csv" for s in self.plan.registry.suites.values() if s.speed
        ]
        others = [table for table in self.tables.values() if table not in self.selected]
        papers = [f"results/tables/{table.name}.csv" for table in others]
        figures = [file for table in others for file in self._figure_files(table)]
        needed, root = self.plan.speed_tables, self.plan.registry.root
        return [
            file
            for file in [*timed, *papers, *figures]
            if file in needed or (root / file).is_file()
        ]

    def figures(self, table: str) -> list[str]:
        """Return the names of a table's figures: ``ranks``, ``grid-tno25``."""
        chosen = self.tables[table].entry.get("figures", FIGURES)
        datasets = [dataset.name for dataset in self.tables[table].datasets]
        return [
            name
            for kind in chosen
            for name in ([kind] if kind in WHOLE else [f"{kind}-{d}" for d in datasets])
        ]

    def dataset(self, table: str, name: str) -> Dataset:
        """Return a dataset of a table.

        Raises:
            KeyError: the table has no such dataset.
        """
        return {dataset.name: dataset for dataset in self.tables[table].datasets}[name]

    def records(self, table: str, dataset: str) -> list[str]:
        """Return the records of a table's methods on one of its datasets."""
        return [
            f"{RUNS}/{method.name}/{dataset}/record.json"
            for method in self.tables[table].methods_for(self.dataset(table, dataset))
            if method.is_active
        ]

    def measures(self, table: str) -> list[str]:
        """Return the files that hold a table's per-image values."""
        return [
            f"results/measures/tables/{table}/{dataset.name}.csv"
            for dataset in self.tables[table].datasets
        ]

    def metrics(self, table: str, dataset: str) -> list[str]:
        """Return the ids of the metrics that a table shows for a dataset."""
        return self.tables[table].metrics_for(self.dataset(table, dataset))

    def statistics_spec(self, table: str) -> str:
        """Return the parameters of a table's statistics as JSON: which metrics on which dataset."""
        return _json(
            {
                dataset.name: self.metrics(table, dataset.name)
                for dataset in self.tables[table].datasets
            }
        )

    def cells(self, table: str) -> dict[str, Any]:
        """Return a table's cells as ``fuse.records.all_records`` takes them."""
        cells = [
            (m, d) for d in self.tables[table].datasets for m in self.tables[table].methods_for(d)
        ]
        runs: dict[str, list[str]] = {}
        for method, dataset in cells:
            runs.setdefault(dataset.name, []).append(method.name) if method.is_active else None
        skipped = [
            [method.name, dataset.name, f"{method.status}: {method.entry['reason']}"]
            for method, dataset in cells
            if not method.is_active
        ]
        return {"runs": runs, "skipped": skipped}

    def table_spec(self, table: str) -> str:
        """Return the parameters of a tabulating job as JSON."""
        chosen = self.tables[table]
        cited = {method.name: _paper(chosen, method) for method in _cited(chosen)}
        return _json(
            {
                "table": asdict(paper_spec(chosen, self.self_checks)),
                "cells": self.cells(table),
                "papers": cited,
            }
        )

    def figure_spec(self, table: str, figure: str) -> str:
        """Return the parameters of a drawing job as JSON."""
        kind, dataset = self.kind_of(table, figure)
        chosen = self.tables[table]
        shown = paper_spec(chosen, {})
        spec: dict[str, Any] = {
            "kind": kind,
            "labels": shown.labels,
            "datasets": shown.datasets,
            "heads": shown.heads,
        }
        if dataset:
            spec["dataset"] = dataset
        if kind in RECORDED:
            spec["cells"] = self.cells(table)
        if kind == "grid":
            spec |= {"pairs": chosen.pairs_of(dataset), "crops": chosen.crops_of(dataset)}
            spec["modalities"] = self.dataset(table, dataset).modalities
        return _json(spec)

    def kind_of(self, table: str, figure: str) -> tuple[str, str]:
        """Return the kind of a figure and its dataset, ``""`` for a figure of the whole table.

        Raises:
            KeyError: the table has no such figure.
        """
        known = {kind: (kind, "") for kind in WHOLE}
        for kind in FIGURES:
            known |= {
                f"{kind}-{d.name}": (kind, d.name)
                for d in self.tables[table].datasets
                if kind not in WHOLE
            }
        return known[figure]

    def figure_inputs(self, table: str, figure: str) -> Iterator[str]:
        """Yield what a figure is drawn from, besides the table's statistics."""
        kind, dataset = self.kind_of(table, figure)
        if kind in RECORDED:
            yield from self.records(table, dataset)
        if kind == "grid":
            yield f"{DATASETS}/{dataset}.json"

    def figure_measures(self, table: str, figure: str) -> list[str]:
        """Return the files of per-image values that a figure is drawn from."""
        kind, dataset = self.kind_of(table, figure)
        if kind == "critical-difference":
            return self.measures(table)
        return [f"results/measures/tables/{table}/{dataset}.csv"] if kind in PER_IMAGE else []


def paper_spec(table: PaperTable, self_checks: Mapping[str, str]) -> PaperSpec:
    """Return what a table shows, from its configuration, the registry and the verdicts of self-checks by method."""
    entry, methods = table.entry, table.methods
    metrics = {metric for dataset in table.datasets for metric in table.metrics_for(dataset)}
    cited = _cited(table) if entry.get("citations", True) else []
    return PaperSpec(
        name=table.name,
        title=table.title,
        groups={
            heading: [method.name for method in group] for heading, group in table.groups.items()
        },
        labels={method.name: table.label(method) for method in methods},
        datasets=[_dataset(table, dataset) for dataset in table.datasets],
        decimals={metric: table.decimals_for(metric) for metric in sorted(metrics)},
        heads=table.heads,
        cite={method.name: _key(table, method) for method in cited},
        years={m.name: str(m.entry.get("paper", {}).get("year", NOTHING)) for m in methods},
        evidence={
            method.name: evidence(method, self_checks.get(method.name, "")) for method in methods
        },
        columns=entry.get("columns", DEFAULT_COLUMNS),
        **{
            key: entry[key]
            for key in ("layout", "unfinished", "spread", "highlight", "colour", "ties")
            if key in entry
        },
    )


def _dataset(table: PaperTable, dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "title": dataset.title,
        "methods": [method.name for method in table.methods_for(dataset)],
        "metrics": table.metrics_for(dataset),
    }


def evidence(method: Method, self_check: str) -> str:
    """Return how a method's row is marked: the verdict of its self-check, else what the registry has as verified."""
    verified = method.entry.get("verified")
    if self_check:
        return self_check
    if isinstance(verified, Mapping):
        return f"ran {verified['date']}" if "date" in verified else "ran"
    return NOTHING if verified in {None, "none"} else str(verified)


def is_verified(method: Method, self_check: str) -> bool:
    """Say whether a method is borne out, as ``evidence`` marks it: by its self-check, or else by what the registry has."""
    return _verdict(self_check) in REPRODUCED if self_check else bool(method.verified)


def _verdict(self_check: str) -> str:
    """Return the worst verdict of a line of the evidence's summary: ``test: exact; more: close``, or ``none``."""
    words = [check.rpartition(": ")[2] for check in self_check.split("; ")]
    return worst([word for word in words if word in VERDICTS])


def _key(table: PaperTable, method: Method) -> str:
    return str(
        table.entry.get("cite", {}).get(method.name) or citation_key(method.name, method.entry)
    )


def _cited(table: PaperTable) -> list[Method]:
    """Return the methods that have a paper, or a key in the table: one's own may not be published yet."""
    keys = table.entry.get("cite", {})
    return [method for method in table.methods if "paper" in method.entry or method.name in keys]


def _paper(table: PaperTable, method: Method) -> dict[str, Any]:
    paper = method.entry.get("paper", {})
    return {"key": _key(table, method), "title": method.entry["title"], "paper": paper}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

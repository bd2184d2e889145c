"""The tables and figures of papers: their files, their inputs, and the parameters of their jobs.

Made when Snakemake reads the workflow; loads no numerical library.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from fusebench.compare.bibliography import citation_key
from fusebench.contracts.configuration import FigureKind
from fusebench.contracts.evidence import ClaimResult, ClaimResults
from fusebench.contracts.files import as_parameter, read_stored
from fusebench.contracts.jobs.comparing import Measured, MeasureJob
from fusebench.contracts.jobs.papers import FigureJob, PaperTableJob, StatisticsJob
from fusebench.contracts.tables import (
    CellList,
    FigureSpec,
    PaperReference,
    PaperSpec,
    ShownDataset,
)
from fusebench.evidence.marks import NOTHING, compared_something, evidence_mark
from fusebench.hashes import sha256_of_json
from fusebench.layout import FIGURES as FIGURES_FOLDER
from fusebench.layout import SPEED, TABLES, dataset_marker, measures_path
from fusebench.planning.grouping import Grouping
from fusebench.planning.steps import cell_list, options_of
from fusebench.registry.datasets import Dataset
from fusebench.registry.fitting import why_not_on
from fusebench.registry.methods import Method
from fusebench.registry.tables import FIGURES, PaperTable, tables_of_suites

SELF_CHECKS = Path("results/evidence/summary.csv")
CLAIMS = "results/evidence/claims"
RECORDED = frozenset({"grid", "quality-speed", "errors"})
"""Figures that are also drawn from the records."""
PER_IMAGE = frozenset({"boxes", "curves", "grid"})
"""Figures that are also drawn from the per-image values of one dataset."""
WHOLE = ("ranks", "critical-difference", "correlation")
"""Figures of a whole table; the others are drawn for each of its datasets."""
OF_ARRAYS = frozenset({"errors"})
"""Figures of datasets of arrays with a ground truth only."""
OF_IMAGES_SHOWN = frozenset({"grid", "errors"})
"""Figures that show images of a dataset."""
_SHARED_FIELDS = ("layout", "unfinished", "spread", "highlight", "colour", "ties")
"""Fields of ``tables:`` that become parameters of a table unchanged."""


@dataclass(frozen=True)
class PaperTables:
    """The tables of papers of a project, and the files that belong to them.

    Attributes:
        grouping: of the run, which knows the jobs that fuse.
    """

    grouping: Grouping

    @cached_property
    def tables(self) -> dict[str, PaperTable]:
        """Every table by name: those of the configuration, and one of each suite without any."""
        registry = self.grouping.selection.registry
        return registry.tables | tables_of_suites(registry.suites, registry.tables)

    @cached_property
    def self_checks(self) -> dict[str, str]:
        """Method -> verdict of its self-check, such as ``test: exact``.

        Only where `snakemake evidence` has compared an image.
        """
        file = self.grouping.selection.registry.root / SELF_CHECKS
        if not file.is_file():
            return {}
        with file.open(encoding="utf-8", newline="") as stream:
            told = {row["method"]: row["self-check"] for row in csv.DictReader(stream)}
        return {method: words for method, words in told.items() if compared_something(words)}

    @cached_property
    def claims(self) -> dict[str, list[ClaimResult]]:
        """Method -> the published numbers beside what was measured here.

        Only where `snakemake claims` or `evidence` has judged them.
        """
        folder = self.grouping.selection.registry.root / CLAIMS
        methods = {
            m.name for suite in self.grouping.selection.registry.selected for m in suite.methods
        }
        files = {name: folder / f"{name}.json" for name in sorted(methods)}
        return {
            name: read_stored(file, ClaimResults).claims
            for name, file in files.items()
            if file.is_file()
        }

    @cached_property
    def selected(self) -> list[PaperTable]:
        """The tables whose figures are made with the selected suites.

        Any other table is made when its file is asked for.
        """
        suites = {suite.name for suite in self.grouping.selection.registry.selected}
        return [
            table for table in self.tables.values() if table.suite and table.suite.name in suites
        ]

    @property
    def table_files(self) -> list[str]:
        """One file of each selected table that the configuration describes.

        Its other formats come with it. A suite has tables of its own already.
        """
        described = self.grouping.selection.registry.tables
        return [f"{TABLES}/{table.name}.csv" for table in self.selected if table.name in described]

    @property
    def figure_files(self) -> list[str]:
        """The figures of the selected tables."""
        return [file for table in self.selected for file in self._figures_of(table)]

    def _figures_of(self, table: PaperTable) -> list[str]:
        return [f"{FIGURES_FOLDER}/{table.name}/{name}.pdf" for name in self.figures(table.name)]

    def named_files(self, needed: list[str]) -> list[str]:
        """Return files made from the same records that `tables` and `figures` leave out.

        They must be asked for by name. They are the speed tables of the selected suites, and as far
        as they are there: speed tables of other suites, tables without a selected suite, and the
        figures of these tables.

        Args:
            needed: the speed tables of the selected suites.
        """
        registry = self.grouping.selection.registry
        timed = [f"{SPEED}/{suite.name}.csv" for suite in registry.suites.values() if suite.speed]
        others = [table for table in self.tables.values() if table not in self.selected]
        papers = [f"{TABLES}/{name}.csv" for name in self.tables]
        figures = [file for table in others for file in self._figures_of(table)]
        return [
            file
            for file in [*timed, *papers, *figures]
            if file in needed or (file not in self.table_files and (registry.root / file).is_file())
        ]

    def figures(self, table: str) -> list[str]:
        """Return the names of a table's figures: ``ranks``, ``grid-tno25``."""
        return [
            name
            for kind in self.tables[table].figures
            for name in ([kind] if kind in WHOLE else self._by_dataset(table, kind))
        ]

    def _by_dataset(self, table: str, kind: FigureKind) -> list[str]:
        """Return the names of the figures of one kind, of those datasets that have it."""
        return [
            f"{kind}-{dataset.name}"
            for dataset in self.tables[table].datasets
            if kind not in OF_ARRAYS or (dataset.entry.cube and dataset.has_reference)
        ]

    def fused_by(self, table: str, dataset: str) -> list[str]:
        """Return the outputs of the jobs that fuse a table's methods on one of its datasets."""
        return [
            self.grouping.fused_by(method.name, dataset)
            for method in self.tables[table].methods_for(self.dataset(table, dataset))
            if method.is_active
        ]

    def measures(self, table: str) -> list[str]:
        """Return the files that hold a table's per-image values."""
        return [table_measures(table, dataset.name) for dataset in self.tables[table].datasets]

    def dataset(self, table: str, name: str) -> Dataset:
        """Return a dataset of a table.

        Raises:
            KeyError: the table has no such dataset.
        """
        return {dataset.name: dataset for dataset in self.tables[table].datasets}[name]

    def kind_of(self, table: str, figure: str) -> tuple[FigureKind, str]:
        """Return the kind of a figure and its dataset, ``""`` for a figure of the whole table.

        Raises:
            KeyError: the table has no such figure.
        """
        known: dict[str, tuple[FigureKind, str]] = {
            kind: (kind, "") for kind in FIGURES if kind in WHOLE
        }
        for kind in FIGURES:
            known |= {
                f"{kind}-{dataset.name}": (kind, dataset.name)
                for dataset in self.tables[table].datasets
                if kind not in WHOLE
            }
        return known[figure]

    def figure_inputs(self, table: str, figure: str) -> Iterator[str]:
        """Yield the inputs of a figure, besides the table's statistics and per-image values."""
        kind, dataset = self.kind_of(table, figure)
        if kind in RECORDED:
            yield from self.fused_by(table, dataset)
        if kind in OF_IMAGES_SHOWN:
            yield dataset_marker(dataset)

    def figure_measures(self, table: str, figure: str) -> list[str]:
        """Return the files of per-image values that a figure is drawn from."""
        kind, dataset = self.kind_of(table, figure)
        if kind == "critical-difference":
            return self.measures(table)
        return [table_measures(table, dataset)] if kind in PER_IMAGE else []


def table_measures(table: str, dataset: str) -> str:
    """Return the file of a table's per-image values on a dataset."""
    return measures_path(f"tables/{table}/{dataset}")


@dataclass(frozen=True)
class PaperJobs:
    """The parameters of the jobs of tables and figures of papers.

    Attributes:
        papers: the tables.
    """

    papers: PaperTables

    @cached_property
    def registry_digest(self) -> str:
        """The digest of all that the registry says about what is selected.

        A corrected title changes it, because the page shows titles.
        """
        registry = self.papers.grouping.selection.registry
        methods = {m.name: m.entry for suite in registry.selected for m in suite.methods}
        datasets = {d.name: d.entry for suite in registry.selected for d in suite.datasets}
        told = msgspec.to_builtins([methods, datasets])
        claims = msgspec.to_builtins(self.papers.claims)
        return sha256_of_json([told, options_of(registry.config), self.papers.self_checks, claims])

    def measure(self, table: str, dataset: str) -> str:
        """Return the parameters of the job that measures a table's methods on a dataset."""
        known = self.papers.dataset(table, dataset)
        chosen = self.papers.tables[table]
        active = [
            method.name for method in chosen.methods_for(known) if not why_not_on(method, known)
        ]
        measured = Measured(dataset=dataset, methods=active, metrics=chosen.metrics_for(known))
        return as_parameter(MeasureJob(datasets=[measured]))

    def statistics(self, table: str) -> str:
        """Return the parameters of the job of a table's statistics."""
        chosen = self.papers.tables[table]
        metrics = {dataset.name: chosen.metrics_for(dataset) for dataset in chosen.datasets}
        return as_parameter(StatisticsJob(metrics=metrics), keep_order=True)

    def table(self, table: str) -> str:
        """Return the parameters of the job that writes a table."""
        chosen = self.papers.tables[table]
        job = PaperTableJob(
            table=paper_spec(chosen, self.papers.self_checks),
            cells=_cells(chosen),
            papers=references(chosen),
        )
        return as_parameter(job, keep_order=True)

    def figure(self, table: str, figure: str) -> str:
        """Return the parameters of the job that draws a figure."""
        kind, dataset = self.papers.kind_of(table, figure)
        chosen = self.papers.tables[table]
        shown = paper_spec(chosen, {})
        spec = FigureSpec(
            kind=kind,
            labels=shown.labels,
            datasets=shown.datasets,
            heads=shown.heads,
            dataset=dataset,
        )
        if kind in RECORDED:
            spec = msgspec.structs.replace(spec, cells=_cells(chosen))
        if kind in OF_IMAGES_SHOWN:
            spec = msgspec.structs.replace(
                spec,
                pairs=chosen.pairs_of(dataset),
                crops=chosen.crops_of(dataset),
                modalities=self.papers.dataset(table, dataset).modalities,
            )
        return as_parameter(FigureJob(figure=spec), keep_order=True)


def paper_spec(table: PaperTable, self_checks: Mapping[str, str]) -> PaperSpec:
    """Return the content of a table.

    It follows from the table's configuration, the registry, and the verdicts of self-checks by
    method.
    """
    methods = table.methods
    metrics = {metric for dataset in table.datasets for metric in table.metrics_for(dataset)}
    cited = _cited(table) if table.entry.citations else []
    return PaperSpec(
        name=table.name,
        title=table.title,
        groups={
            heading: [method.name for method in group] for heading, group in table.groups.items()
        },
        labels={method.name: table.label(method) for method in methods},
        datasets=[_shown(table, dataset) for dataset in table.datasets],
        decimals={metric: table.decimals_for(metric) for metric in sorted(metrics)},
        heads=table.heads,
        cite={method.name: _key(table, method) for method in cited},
        years={method.name: str(method.paper.year or NOTHING) for method in methods},
        evidence={m.name: evidence_mark(m, self_checks.get(m.name, "")) for m in methods},
        columns=table.columns,
        **{field: getattr(table.entry, field) for field in _SHARED_FIELDS},
    )


def references(table: PaperTable) -> dict[str, PaperReference]:
    """Return what a bibliography says of each method of a table that has a paper or a key."""
    return {method.name: _reference(table, method) for method in _cited(table)}


def _cells(table: PaperTable) -> CellList:
    return cell_list((m, d) for d in table.datasets for m in table.methods_for(d))


def _shown(table: PaperTable, dataset: Dataset) -> ShownDataset:
    return ShownDataset(
        name=dataset.name,
        title=dataset.title,
        methods=[method.name for method in table.methods_for(dataset)],
        metrics=table.metrics_for(dataset),
    )


def _key(table: PaperTable, method: Method) -> str:
    named = table.entry.cite or {}
    others = [other for other in _cited(table) if other.name != method.name]
    taken = {named.get(other.name) or citation_key(other.name, other.paper) for other in others}
    return named.get(method.name) or citation_key(method.name, method.paper, taken)


def _cited(table: PaperTable) -> list[Method]:
    """Return the methods that have a paper, or a key in the table.

    The user's own method may have a key before it is published.
    """
    keys = table.entry.cite or {}
    return [method for method in table.methods if method.entry.paper or method.name in keys]


def _reference(table: PaperTable, method: Method) -> PaperReference:
    return PaperReference(key=_key(table, method), title=method.entry.title, paper=method.paper)

"""The parameters of the jobs that fetch, build, measure and tabulate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from fusebench.contracts.configuration import Config, Crops
from fusebench.contracts.files import as_parameter
from fusebench.contracts.jobs.comparing import Measured, MeasureJob, SpeedJob, TableJob, TablesJob
from fusebench.contracts.tables import CellList, SkippedCell, TableSpec
from fusebench.datasets.file_facts import images_changed
from fusebench.generated import FOLDER as GENERATORS_FOLDER
from fusebench.hashes import folder_digest
from fusebench.layout import TABLES
from fusebench.metrics import resolve
from fusebench.planning.grouping import Grouping
from fusebench.planning.selection import Selection
from fusebench.registry.datasets import Dataset
from fusebench.registry.fitting import why_not_on
from fusebench.registry.loading import Registry
from fusebench.registry.methods import Method, why_skipped
from fusebench.registry.pairing import dataset_job
from fusebench.registry.training import row_labels, seeds_by_row
from fusebench.sources.weights import weights_changed

NO_RESULT_CHANGES = frozenset(
    {
        "file_mb",
        "min_sandbox",
        "mirror",
        "sandbox",
        "sandbox_reads",
        "scratch_mb",
        "training_minutes",
        "try",
    }
)
"""Options that change no result: a job that reads the registry again does not need them."""


@dataclass(frozen=True)
class StepJobs:
    """What the rules look up, except for fusing.

    Attributes:
        selection: of the run.
        grouping: of its datasets and tables.
    """

    selection: Selection
    grouping: Grouping

    @property
    def registry(self) -> Registry:
        """The registry of the project."""
        return self.selection.registry

    def source(self, key: str) -> str:
        """Return the parameters of a job that clones a repository."""
        return as_parameter(self.selection.known(self.selection.sources, key))

    def environment(self, key: str) -> str:
        """Return the parameters of a job that builds an environment."""
        return as_parameter(self.selection.known(self.selection.environments, key))

    def weights(self, method: str) -> str:
        """Return the parameters of a job that fetches weights."""
        return as_parameter(self.selection.known(self.selection.weights, method))

    def weights_changed(self, method: str) -> bool:
        """Say whether fetched weights are other files than those that were checked."""
        return weights_changed(self.registry.root, method)

    def dataset(self, name: str) -> str:
        """Return the parameters of a job that prepares a dataset."""
        job = dataset_job(self.registry.datasets[name].entry, self.registry.root)
        if job.kind == "generated":
            job = replace(job, generator_code=folder_digest(GENERATORS_FOLDER))
        return as_parameter(job)

    def images_changed(self, dataset: str) -> bool:
        """Say whether the user's own images are others than those that were prepared."""
        entry = self.registry.datasets[dataset].entry
        job = dataset_job(entry, self.registry.root)
        return images_changed(self.registry.root, dataset, job)

    def metrics(self, dataset: str) -> list[str]:
        """Return the ids of all metrics that the selected suites measure on a dataset."""
        known = self.selection.datasets[dataset]
        asked = [
            name
            for suite in self.registry.selected
            if known in suite.datasets
            for name in suite.metrics_for(known)
        ]
        return [definition.id for definition in resolve(asked)]

    def measure(self, datasets: Iterable[str]) -> str:
        """Return the parameters of a job that measures some datasets."""
        measured = [
            Measured(
                dataset=name, methods=self.selection.methods_on(name), metrics=self.metrics(name)
            )
            for name in datasets
        ]
        return as_parameter(MeasureJob(datasets=measured))

    def table(self, suite: str, dataset: str) -> TableJob:
        """Return the content of a table: its methods in order, its metrics, digits and cells."""
        chosen, known = self.registry.suites[suite], self.registry.datasets[dataset]
        methods = chosen.methods_for(known)
        spec = TableSpec(
            suite=suite,
            dataset=dataset,
            title=known.title,
            methods=row_labels(methods),
            seeds=seeds_by_row(methods) or UNSET,
            metrics=[definition.id for definition in resolve(chosen.metrics_for(known))],
            decimals=chosen.decimals,
        )
        return TableJob(table=spec, cells=cell_list((method, known) for method in methods))

    def tables(self) -> TablesJob:
        """Return the parameters of the job that writes the long files.

        The same job writes all tables where they are written together.
        """
        shown = self.suite_tables if self.grouping.is_together else []
        return TablesJob(tables=[self.table(*one) for one in shown], collected=self.collected)

    @property
    def suite_tables(self) -> list[tuple[str, str]]:
        """The tables of the selected suites, as suite and dataset."""
        return [
            (suite.name, dataset.name)
            for suite in self.registry.selected
            for dataset in suite.datasets
        ]

    @property
    def collected(self) -> CellList:
        """All cells of the selected suites: those that run, by dataset, and those that cannot."""
        selected = self.registry.selected
        cells = {(m.name, d.name): (m, d) for suite in selected for m, d in suite.cells()}
        collected = cell_list(cells.values())
        named = {method for method, _ in cells}
        alone = {m.name: m for suite in selected for m in suite.methods if m.name not in named}
        lonely = [
            SkippedCell(method=method.name, dataset="", reason=_why_alone(method))
            for method in alone.values()
        ]
        return replace(
            collected,
            runs=dict(sorted(collected.runs.items())),
            skipped=[*collected.skipped, *lonely],
        )

    def speed(self, suite: str) -> str:
        """Return the parameters of a job that writes speed tables."""
        return as_parameter(
            SpeedJob(suite=suite, cells=cell_list(self.registry.suites[suite].speed_cells()))
        )


def table_files(tables: Iterable[tuple[str, str]]) -> list[str]:
    """Return the files of some tables, given as suite and dataset."""
    return [
        f"{TABLES}/{suite}/{dataset}.{suffix}"
        for suite, dataset in tables
        for suffix in ("csv", "md", "tex")
    ]


def cell_list(cells: Iterable[tuple[Method, Dataset]]) -> CellList:
    """Return cells in the form of job parameters: those that run, and those that cannot."""
    runs: dict[str, list[str]] = {}
    skipped = []
    for method, dataset in cells:
        if reason := why_not_on(method, dataset):
            skipped.append(SkippedCell(method=method.name, dataset=dataset.name, reason=reason))
        else:
            runs.setdefault(dataset.name, []).append(method.name)
    return CellList(runs=runs, skipped=skipped)


def _why_alone(method: Method) -> str:
    """Say why a method is in no table of the suites that name it."""
    if method.is_active:
        return f"no dataset of the selected suites is for {' or '.join(method.tasks)}"
    return why_skipped(method)


def options_of(config: Config) -> dict[str, Any]:
    """Return the options with which a job reads the registry as this run has read it."""
    given = msgspec.to_builtins(config)
    return {key: value for key, value in given.items() if key not in NO_RESULT_CHANGES}


def crops_of(registry: Registry) -> dict[str, Crops]:
    """Return what the tables show enlarged: table -> dataset -> pair -> boxes."""
    return {name: table.entry.crops for name, table in registry.tables.items() if table.entry.crops}

"""``tables:`` of ``config/config.yaml``: the tables of papers, each completed from its suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from msgspec import UNSET

from fusebench.contracts.base import choices_of
from fusebench.contracts.configuration import Box, CostColumn, FigureKind, TableEntry
from fusebench.metrics import default_metrics, resolve
from fusebench.registry.datasets import Dataset
from fusebench.registry.methods import Method
from fusebench.registry.suites import DEFAULT_DECIMALS, Suite

DEFAULT_COLUMNS: tuple[CostColumn, ...] = ("model-seconds", "parameters")
FIGURES: tuple[FigureKind, ...] = choices_of(FigureKind)
DEFAULT_PAIRS = 2

Value = TypeVar("Value")


@dataclass(frozen=True)
class PaperTable:
    """One entry of ``tables:``, completed from its suite.

    Attributes:
        name: what its files are named.
        entry: its fields as the configuration has them.
        suite: the suite that completes it, or None.
        groups: heading -> methods, in the order of the rows; the heading of a plain list is ``""``.
        datasets: in the order of the columns or blocks.
    """

    name: str
    entry: TableEntry
    suite: Suite | None
    groups: Mapping[str, tuple[Method, ...]]
    datasets: tuple[Dataset, ...]

    @property
    def title(self) -> str:
        """The first sentence of the caption."""
        return one_line(self.entry.title or self.name)

    @property
    def methods(self) -> tuple[Method, ...]:
        """Every method, in the order of the rows."""
        return tuple(method for group in self.groups.values() for method in group)

    @property
    def columns(self) -> list[CostColumn]:
        """The columns besides the metrics."""
        return list(DEFAULT_COLUMNS if self.entry.columns is UNSET else self.entry.columns)

    @property
    def figures(self) -> list[FigureKind]:
        """The kinds of figures that are drawn."""
        return list(FIGURES if self.entry.figures is UNSET else self.entry.figures)

    def methods_for(self, dataset: Dataset) -> list[Method]:
        """Return the methods that were published for the dataset's task."""
        return [method for method in self.methods if dataset.task in method.tasks]

    def label(self, method: Method) -> str:
        """Return the name shown."""
        return one_line((self.entry.labels or {}).get(method.name, method.label))

    @property
    def heads(self) -> dict[str, str]:
        """The heads of columns whose text is not the metric's name, by the id of the metric."""
        given = by_formula(self.entry.heads or {})
        shown = {
            metric: formula_of(metric)
            for dataset in self.datasets
            for metric in self.metrics_for(dataset)
        }
        return {
            metric: one_line(given[formula])
            for metric, formula in shown.items()
            if formula in given
        }

    def metrics_for(self, dataset: Dataset) -> list[str]:
        """Return the ids of the metrics shown for a dataset."""
        suites = self.suite.metrics_for(dataset) if self.suite else default_metrics(dataset.task)
        return [definition.id for definition in resolve(self.entry.metrics or suites)]

    def decimals_for(self, metric: str) -> int:
        """Return how many digits after the point are printed of a metric, by its id."""
        default = self.suite.decimals if self.suite else DEFAULT_DECIMALS
        stated = {} if self.entry.decimals is UNSET else self.entry.decimals
        if isinstance(stated, int):
            return stated
        return by_formula(stated).get(formula_of(metric), default)

    def crops_of(self, dataset: str) -> dict[str, list[Box]]:
        """Return pair -> boxes that are shown enlarged."""
        return dict((self.entry.crops or {}).get(dataset, {}))

    def pairs_of(self, dataset: str) -> list[str] | int:
        """Return the pairs that a grid shows, or how many are to be chosen."""
        stated = DEFAULT_PAIRS if self.entry.pairs is UNSET else self.entry.pairs
        crops = list(self.crops_of(dataset))
        if isinstance(stated, int):
            return crops or stated
        return list(stated.get(dataset, crops)) or DEFAULT_PAIRS


def one_line(text: str) -> str:
    """Return a text without line breaks, which would end a caption or a row."""
    return " ".join(str(text).split())


def by_formula(given: Mapping[str, Value]) -> dict[tuple[str, str], Value]:
    """Return values by the formula of their metric, whatever name the metric was given.

    ``all@EVALUATOR`` stands for each metric of the evaluator.
    """
    return {
        (d.metric, d.definition): value for name, value in given.items() for d in resolve([name])
    }


def formula_of(metric: str) -> tuple[str, str]:
    """Return metric and definition of an id: ``VIF@cddfuse`` and ``VIFF@cddfuse`` are the same."""
    return next(iter(by_formula({metric: None})))


def table_of(
    name: str,
    entry: TableEntry,
    methods: Mapping[str, Method],
    datasets: Mapping[str, Dataset],
    suites: Mapping[str, Suite],
) -> PaperTable:
    """Return a table of a checked configuration, with all methods, datasets and suites by name."""
    suite = suites.get(entry.suite or "")
    groups = {
        heading: tuple(methods[method] for method in names)
        for heading, names in group_names(entry).items()
    }
    chosen = tuple(datasets[dataset] for dataset in entry.datasets or ())
    return PaperTable(
        name,
        entry,
        suite,
        groups or {"": suite.methods if suite else ()},
        chosen or (suite.datasets if suite else ()),
    )


def tables_of_suites(
    suites: Mapping[str, Suite], tables: Mapping[str, PaperTable]
) -> dict[str, PaperTable]:
    """Return a table for each suite that no table of the configuration takes its methods from.

    Its figures are drawn as those of any other table. It is named as the suite is; a dot, which
    begins the suffix of a file, becomes ``_``.
    """
    served = {table.suite.name for table in tables.values() if table.suite}
    made: dict[str, PaperTable] = {}
    for suite in suites.values():
        name = suite.name.replace(".", "_")
        while name in tables or name in made:
            name += "-suite"
        if suite.name not in served:
            made[name] = table_of(name, TableEntry(suite=suite.name), {}, {}, {suite.name: suite})
    return made


def group_names(entry: TableEntry) -> dict[str, list[str]]:
    """Return heading -> names of methods as far as the table names them itself."""
    return dict(entry.groups or ({"": entry.methods} if entry.methods else {}))

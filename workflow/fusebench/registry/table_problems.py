"""Mistakes in ``tables:`` of the configuration that its schema cannot see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec import UNSET

from fusebench.contracts.configuration import Config, SuiteEntry, TableEntry
from fusebench.contracts.datasets import DatasetEntry
from fusebench.contracts.methods import ACTIVE, MethodEntry
from fusebench.errors import MetricError
from fusebench.metrics import resolve
from fusebench.registry.datasets import Dataset
from fusebench.registry.documents import Document, Place, unknown
from fusebench.registry.methods import Method
from fusebench.registry.metric_problems import metric_problems
from fusebench.registry.suites import Suite
from fusebench.registry.tables import PaperTable, by_formula, formula_of, group_names, one_line
from fusebench.registry.training import all_trained


def table_problems(
    methods: Document[dict[str, MethodEntry]],
    datasets: Document[dict[str, DatasetEntry]],
    config: Document[Config],
) -> Iterator[str]:
    """Yield what is wrong with each table.

    These are names that do not exist; where all exist, contradictions.
    """
    known = {name: Method(name, entry) for name, entry in methods.data.items()}
    trained = {method.name: method.entry for method in all_trained(known)}
    for name, entry in config.data.tables.items():
        entries = {**methods.data, **trained}
        check = _TableCheck(("tables", name), entry, entries, datasets.data, config)
        found = list(check.names())
        yield from found or check.contradictions()


@dataclass(frozen=True)
class _TableCheck:
    """One table with the three files that it is checked with."""

    place: Place
    entry: TableEntry
    methods: Mapping[str, MethodEntry]
    datasets: Mapping[str, DatasetEntry]
    config: Document[Config]

    @property
    def suite(self) -> SuiteEntry | None:
        return self.config.data.suites.get(self.entry.suite or "")

    @property
    def groups(self) -> dict[str, list[str]]:
        """The methods by heading.

        Where the suite names a task, they are the methods that the suite finds for it.
        """
        own = group_names(self.entry)
        asked = self.suite.methods if self.suite else []
        if own or isinstance(asked, list):
            return own or {"": list(asked)}
        entries = [(name, entry) for name, entry in self.methods.items() if "@" not in name]
        return {"": [name for name, entry in entries if asked == "all" or asked in entry.tasks]}

    @property
    def dataset_names(self) -> list[str]:
        return list(self.entry.datasets or (self.suite.datasets if self.suite else ()))

    def names(self) -> Iterator[str]:
        """Yield names that do not exist."""
        suites = self.config.data.suites
        if self.entry.suite is not UNSET and self.entry.suite not in suites:
            yield self._unknown(("suite",), "suite", self.entry.suite, suites)
        if self.entry.methods is not UNSET and self.entry.groups is not UNSET:
            yield f"{self._where('groups')}: must have `methods` or `groups`, not both"
        for heading, methods in group_names(self.entry).items():
            where = ("groups", heading) if self.entry.groups else ("methods",)
            yield from self._unknown_ones(where, "method", methods, self.methods)
        yield from self._unknown_ones(
            ("datasets",), "dataset", self.entry.datasets or (), self.datasets
        )
        yield from self._metric_names()

    def contradictions(self) -> Iterator[str]:
        """Yield what is wrong although every name exists."""
        if not self._is_suite_right():
            return  # mistakes in the suite itself are reported there
        if not any(self.groups.values()) or not self.dataset_names:
            yield (
                f"{self._where()}: must have methods and datasets, its own or those of a `suite`;"
                " found none"
            )
            return
        shown = [method for methods in self.groups.values() for method in methods]
        for method in sorted({method for method in shown if shown.count(method) > 1}):
            yield (
                f"{self._where()}: method {method!r} must stand in one row; found it"
                f" {shown.count(method)} times"
            )
        for key, named in (("labels", self.entry.labels), ("cite", self.entry.cite)):
            yield from self._unknown_keys(key, "method of this table", named or {}, shown)
        yield from self._same_labels(shown)
        yield from self._idle_groups()
        yield from self._foreign_methods()
        for key, of_dataset in (("crops", self.entry.crops), ("pairs", self.entry.pairs)):
            if isinstance(of_dataset, Mapping):
                names = self.dataset_names
                yield from self._unknown_keys(key, "dataset of this table", of_dataset, names)
        yield from self._metric_contradictions()

    def _is_suite_right(self) -> bool:
        """Say whether every name exists that the suite gives."""
        if self.suite is None:
            return True
        named = self.suite.methods if isinstance(self.suite.methods, list) else []
        try:
            resolve(self.suite.metrics or [])
        except MetricError:
            return False
        return {*named} <= {*self.methods} and {*self.suite.datasets} <= {*self.datasets}

    def _metric_names(self) -> Iterator[str]:
        entry = self.entry
        decimals = entry.decimals if isinstance(entry.decimals, Mapping) else ()
        named: tuple[tuple[str, Iterable[str]], ...] = (
            ("metrics", entry.metrics or ()),
            ("heads", entry.heads or ()),
            ("decimals", decimals),
        )
        for key, metrics in named:
            for metric in metrics:
                try:
                    resolve([metric])
                except MetricError as error:
                    yield f"{self._where(key)}: {error}"

    def _idle_groups(self) -> Iterator[str]:
        for heading, methods in self.groups.items():
            states = {method: self.methods[method].status for method in methods}
            if ACTIVE not in states.values():
                told = ", ".join(f"{method} ({state})" for method, state in states.items())
                what = f"group {heading!r}" if heading else "the table"
                yield (
                    f"{self._where('groups', heading)}: {what} must have a method that can be run;"
                    f" found {told}; add one that is active, or remove the group"
                )

    def _foreign_methods(self) -> Iterator[str]:
        """Yield methods named here that were published for none of the table's tasks."""
        tasks = {self.datasets[name].task for name in self.dataset_names}
        named = group_names(self.entry).values()
        for method in (name for methods in named for name in methods):
            own = self.methods[method].tasks
            if not tasks & set(own):
                yield (
                    f"{self._where()}: method {method!r} is for {', '.join(own)}; must be for a"
                    f" task of the table's datasets: {', '.join(sorted(tasks))}"
                )

    def _same_labels(self, shown: list[str]) -> Iterator[str]:
        """Yield names that two methods of the table would be shown under."""
        own = self.entry.labels or {}
        known = {
            method: one_line(own.get(method, Method(method, self.methods[method]).label))
            for method in shown
        }
        for label in dict.fromkeys(known.values()):
            alike = [method for method, other in known.items() if other == label]
            if len(alike) > 1:
                yield (
                    f"{self._where('labels')}: every method must be shown under a name of its own;"
                    f" found {label!r} for {' and '.join(alike)}: give one of them another in"
                    " `labels`"
                )

    def _metric_contradictions(self) -> Iterator[str]:
        asked = self.entry.metrics or (self.suite.metrics if self.suite else None) or []
        shown = {name: self.datasets[name] for name in self.dataset_names}
        problems = list(metric_problems(asked, shown))
        yield from (f"{self._where('metrics')}: {problem}" for problem in problems)
        if not problems:
            yield from self._shown_contradictions()

    def _shown_contradictions(self) -> Iterator[str]:
        shown = {name: self._metrics_of(name) for name in self.dataset_names}
        sets = {tuple(metrics) for metrics in shown.values()}
        if self.entry.layout == "stacked" and len(sets) > 1:
            yield (
                f"{self._where('layout')}: stacked datasets must have the same metrics; found"
                f" {len(sets)} sets, as their tasks and ground truths ask for: name them in"
                " `metrics`"
            )
        known = list(dict.fromkeys(metric for metrics in shown.values() for metric in metrics))
        formulas = {*map(formula_of, known)}
        for key, of_metric in (("heads", self.entry.heads), ("decimals", self.entry.decimals)):
            for name in of_metric if isinstance(of_metric, Mapping) else ():
                if not {*by_formula({name: None})} & formulas:
                    yield self._unknown((key, name), "metric of this table", name, known)

    def _metrics_of(self, dataset: str) -> list[str]:
        """Return the ids of the metrics that the table shows for a dataset.

        ``PaperTable.metrics_for`` returns the same.
        """
        suite = self.suite
        chosen = Suite("", (), (), tuple(suite.metrics or ())) if suite else None
        table = PaperTable("", self.entry, chosen, {}, ())
        return table.metrics_for(Dataset(dataset, self.datasets[dataset]))

    def _unknown_keys(
        self, key: str, what: str, given: Mapping[str, object], known: Iterable[str]
    ) -> Iterator[str]:
        for name in given:
            if name not in known:
                yield self._unknown((key, name), what, name, known)

    def _unknown_ones(
        self, place: Place, what: str, names: Iterable[str], known: Iterable[str]
    ) -> Iterator[str]:
        for index, name in enumerate(names):
            if name not in known:
                yield self._unknown((*place, index), what, name, known)

    def _unknown(self, place: Place, what: str, name: str, known: Iterable[str]) -> str:
        return unknown(self.config, (*self.place, *place), what, name, known)

    def _where(self, *place: str) -> str:
        return self.config.where((*self.place, *(part for part in place if part)))

"""``tables:`` of ``config/config.yaml``: the tables of papers, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fusebench.errors import MetricError
from fusebench.registry.datasets import Dataset
from fusebench.registry.documents import Document, Place, unknown
from fusebench.registry.methods import ACTIVE, Method
from fusebench.registry.suites import DEFAULT_DECIMALS, Suite

if TYPE_CHECKING:
    from fusebench.registry import Registry

Box = tuple[int, int, int, int]
"""x, y, width and height in pixels."""

DEFAULT_COLUMNS = ("model-seconds", "parameters")
FIGURES = (
    "grid",
    "quality-speed",
    "boxes",
    "ranks",
    "radar",
    "curves",
    "critical-difference",
    "correlation",
)
STACKED = "stacked"
DEFAULT_PAIRS = 2


@dataclass(frozen=True)
class PaperTable:
    """One entry of ``tables:``, completed from its suite.

    Attributes:
        name: what its files are named.
        entry: its fields as the schema describes them.
        suite: the suite that completes it, or None.
        groups: heading -> methods, in the order of the rows; the heading of a plain list is ``""``.
        datasets: in the order of the columns or blocks.
    """

    name: str
    entry: Mapping[str, Any]
    suite: Suite | None
    groups: Mapping[str, tuple[Method, ...]]
    datasets: tuple[Dataset, ...]

    @property
    def title(self) -> str:
        """The first sentence of the caption."""
        return _one_line(self.entry.get("title", self.name))

    @property
    def methods(self) -> tuple[Method, ...]:
        """Every method, in the order of the rows."""
        return tuple(method for group in self.groups.values() for method in group)

    def methods_for(self, dataset: Dataset) -> list[Method]:
        """Return the methods that were published for the dataset's task."""
        return [method for method in self.methods if dataset.task in method.tasks]

    def label(self, method: Method) -> str:
        """Return the name shown."""
        return _one_line(self.entry.get("labels", {}).get(method.name, method.label))

    @property
    def heads(self) -> dict[str, str]:
        """The heads of columns that are not called as their metric, by its id."""
        given = _by_formula(self.entry.get("heads", {}))
        shown = {
            metric: _formula(metric)
            for dataset in self.datasets
            for metric in self.metrics_for(dataset)
        }
        return {
            metric: _one_line(given[formula])
            for metric, formula in shown.items()
            if formula in given
        }

    def metrics_for(self, dataset: Dataset) -> list[str]:
        """Return the ids of the metrics shown for a dataset."""
        from fusebench.metrics import default_metrics, resolve

        own = list(self.entry.get("metrics", ()))
        asked = own or (
            self.suite.metrics_for(dataset) if self.suite else default_metrics(dataset.task)
        )
        return [definition.id for definition in resolve(asked)]

    def decimals_for(self, metric: str) -> int:
        """Return how many digits after the point are printed of a metric, by its id."""
        given = self.entry.get("decimals", {})
        default = self.suite.decimals if self.suite else DEFAULT_DECIMALS
        return int(
            _by_formula(given).get(_formula(metric), default)
            if isinstance(given, Mapping)
            else given
        )

    def crops_of(self, dataset: str) -> dict[str, list[Box]]:
        """Return pair -> boxes that are shown enlarged."""
        given = self.entry.get("crops", {}).get(dataset, {})
        return {
            pair: [(box[0], box[1], box[2], box[3]) for box in boxes]
            for pair, boxes in given.items()
        }

    def pairs_of(self, dataset: str) -> list[str] | int:
        """Return the pairs that a grid shows, or how many are to be chosen."""
        given = self.entry.get("pairs", DEFAULT_PAIRS)
        if not isinstance(given, Mapping):
            return list(self.crops_of(dataset)) or int(given)
        return list(given.get(dataset, self.crops_of(dataset))) or DEFAULT_PAIRS


def _one_line(text: Any) -> str:
    """Return a text without line breaks, which would end a caption or a row."""
    return " ".join(str(text).split())


def _by_formula(given: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Return what is said of metrics, under whatever name; ``all@EVALUATOR`` speaks of each of its columns."""
    from fusebench.metrics import resolve

    return {
        (d.metric, d.definition): value for name, value in given.items() for d in resolve([name])
    }


def _formula(metric: str) -> tuple[str, str]:
    """Return metric and definition of an id: ``VIF@cddfuse`` and ``VIFF@cddfuse`` are the same."""
    return next(iter(_by_formula({metric: None})))


def tables_of(config: Mapping[str, Any], registry: Registry) -> dict[str, PaperTable]:
    """Return the tables of a checked configuration by name."""
    return {name: _table(name, entry, registry) for name, entry in config.get("tables", {}).items()}


def _table(name: str, entry: Mapping[str, Any], registry: Registry) -> PaperTable:
    suite = registry.suites.get(entry.get("suite", ""))
    groups = {
        heading: tuple(registry.methods[method] for method in methods)
        for heading, methods in _group_names(entry).items()
    }
    chosen = [registry.datasets[dataset] for dataset in entry.get("datasets", ())]
    return PaperTable(
        name,
        entry,
        suite,
        groups or {"": suite.methods if suite else ()},
        tuple(chosen) or (suite.datasets if suite else ()),
    )


def _group_names(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    return dict(entry.get("groups") or ({"": entry["methods"]} if "methods" in entry else {}))


def table_problems(methods: Document, datasets: Document, config: Document) -> Iterator[str]:
    """Yield what is wrong with ``tables:`` that the schema cannot see."""
    for name, entry in config.data.get("tables", {}).items():
        check = _Check(("tables", name), entry, methods, datasets, config)
        found = list(check.names())
        yield from found or check.contradictions()


@dataclass(frozen=True)
class _Check:
    """One table with the three files that it is held against."""

    place: Place
    entry: Mapping[str, Any]
    methods: Document
    datasets: Document
    config: Document

    @property
    def suite(self) -> Mapping[str, Any]:
        suites: Mapping[str, Any] = self.config.data["suites"]
        return dict(suites.get(self.entry.get("suite", ""), {}))

    @property
    def groups(self) -> dict[str, list[str]]:
        """The methods by heading; those of a suite that names a task are found as the suite finds them."""
        own = _group_names(self.entry)
        asked = self.suite.get("methods", [])
        if own or isinstance(asked, list):
            return own or {"": asked}
        entries = self.methods.data.items()
        return {"": [name for name, entry in entries if asked == "all" or asked in entry["tasks"]]}

    @property
    def dataset_names(self) -> list[str]:
        return list(self.entry.get("datasets") or self.suite.get("datasets", []))

    def names(self) -> Iterator[str]:
        """Yield names that do not exist."""
        if "suite" in self.entry and self.entry["suite"] not in self.config.data["suites"]:
            yield self._unknown(
                ("suite",), "suite", self.entry["suite"], self.config.data["suites"]
            )
        if "methods" in self.entry and "groups" in self.entry:
            yield f"{self._where('groups')}: must have `methods` or `groups`, not both"
        for heading, methods in _group_names(self.entry).items():
            where = ("groups", heading) if "groups" in self.entry else ("methods",)
            yield from self._unknown_ones(where, "method", methods, self.methods.data)
        yield from self._unknown_ones(
            ("datasets",), "dataset", self.entry.get("datasets", ()), self.datasets.data
        )
        yield from self._metric_names()

    def contradictions(self) -> Iterator[str]:
        """Yield what is wrong although every name exists."""
        if not any(self.groups.values()) or not self.dataset_names:
            yield f"{self._where()}: must have methods and datasets, its own or those of a `suite`; found none"
            return
        shown = [method for methods in self.groups.values() for method in methods]
        for method in sorted({method for method in shown if shown.count(method) > 1}):
            yield f"{self._where()}: method {method!r} must stand in one row; found it {shown.count(method)} times"
        for key in ("labels", "cite"):
            yield from self._unknown_keys(key, "method of this table", shown)
        yield from self._same_labels(shown)
        yield from self._idle_groups()
        yield from self._foreign_methods()
        yield from self._dataset_keys()
        yield from self._metric_contradictions()

    def _metric_names(self) -> Iterator[str]:
        from fusebench.metrics import resolve

        for key in ("metrics", "heads", "decimals"):
            given = self.entry.get(key, ())
            for metric in given if isinstance(given, Sequence | Mapping) else ():
                try:
                    resolve([metric])
                except MetricError as error:
                    yield f"{self._where(key)}: {error}"

    def _idle_groups(self) -> Iterator[str]:
        for heading, methods in self.groups.items():
            states = {method: self.methods.data[method].get("status", ACTIVE) for method in methods}
            if ACTIVE not in states.values():
                told = ", ".join(f"{method} ({state})" for method, state in states.items())
                what = f"group {heading!r}" if heading else "the table"
                yield (
                    f"{self._where('groups', heading)}: {what} must have a method that can be run; found {told}; "
                    "add one that is active, or remove the group"
                )

    def _foreign_methods(self) -> Iterator[str]:
        """Yield methods named here that were published for none of the table's tasks."""
        tasks = {self.datasets.data[name]["task"] for name in self.dataset_names}
        for method in (name for methods in _group_names(self.entry).values() for name in methods):
            own = self.methods.data[method]["tasks"]
            if not tasks & set(own):
                yield (
                    f"{self._where()}: method {method!r} is for {', '.join(own)}; must be for a task of the table's "
                    f"datasets: {', '.join(sorted(tasks))}"
                )

    def _same_labels(self, shown: Sequence[str]) -> Iterator[str]:
        """Yield names that two methods of the table would be shown under."""
        own = self.entry.get("labels", {})
        known = {
            method: _one_line(own.get(method, Method(method, self.methods.data[method]).label))
            for method in shown
        }
        for label in dict.fromkeys(known.values()):
            alike = [method for method, other in known.items() if other == label]
            if len(alike) > 1:
                yield (
                    f"{self._where('labels')}: every method must be shown under a name of its own; found {label!r} for "
                    f"{' and '.join(alike)}: give one of them another in `labels`"
                )

    def _dataset_keys(self) -> Iterator[str]:
        for key in ("crops", "pairs"):
            if isinstance(self.entry.get(key, {}), Mapping):
                yield from self._unknown_keys(key, "dataset of this table", self.dataset_names)

    def _metric_contradictions(self) -> Iterator[str]:
        from fusebench.metrics import resolve

        asked = self.entry.get("metrics") or self.suite.get("metrics", [])
        bands = [definition.id for definition in resolve(asked) if definition.kind == "bands"]
        if bands:
            yield (
                f"{self._where('metrics')}: must be metrics of gray or RGB images, which is what datasets hold; found "
                f"{', '.join(bands)}, of multi-band arrays"
            )
            return
        wanting = [definition.id for definition in resolve(asked) if definition.needs_reference]
        for name in self.dataset_names:
            if wanting and not Dataset(name, self.datasets.data[name]).has_reference:
                yield (
                    f"{self._where('metrics')}: {', '.join(wanting)} need a ground truth, which dataset {name!r} has not"
                )
        shown = {name: self._metrics_of(name) for name in self.dataset_names}
        sets = {tuple(metrics) for metrics in shown.values()}
        if self.entry.get("layout") == STACKED and len(sets) > 1:
            yield (
                f"{self._where('layout')}: stacked datasets must have the same metrics; found {len(sets)} sets, as their "
                "tasks and ground truths ask for: name them in `metrics`"
            )
        known = list(dict.fromkeys(metric for metrics in shown.values() for metric in metrics))
        for key in ("heads", "decimals"):
            given = self.entry.get(key, {})
            for name in given if isinstance(given, Mapping) else ():
                if not {*_by_formula({name: None})} & {*map(_formula, known)}:
                    yield self._unknown((key, name), "metric of this table", name, known)

    def _metrics_of(self, dataset: str) -> list[str]:
        """Return the ids of the metrics that the table shows of a dataset, as ``PaperTable.metrics_for`` does."""
        suite = self.suite
        chosen = Suite("", (), (), tuple(suite.get("metrics", ()))) if suite else None
        table = PaperTable("", self.entry, chosen, {}, ())
        return table.metrics_for(Dataset(dataset, self.datasets.data[dataset]))

    def _unknown_keys(self, key: str, what: str, known: Sequence[str]) -> Iterator[str]:
        yield from self._unknown_ones((key,), what, self.entry.get(key, {}), known)

    def _unknown_ones(
        self, place: Place, what: str, names: Sequence[str] | Mapping[str, Any], known: Any
    ) -> Iterator[str]:
        for index, name in enumerate(names):
            if name not in known:
                position = name if isinstance(names, Mapping) else index
                yield self._unknown((*place, position), what, name, known)

    def _unknown(self, place: Place, what: str, name: str, known: Any) -> str:
        return unknown(self.config, (*self.place, *place), what, name, list(known))

    def _where(self, *place: str) -> str:
        return self.config.where((*self.place, *(part for part in place if part)))

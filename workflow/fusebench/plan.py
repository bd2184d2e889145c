"""The plan of a run: which sources, environments, datasets and cells the selected suites need, and their parameters.

This is what the rules look things up in; it is made once, when Snakemake reads the workflow.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from fusebench.compare.contents import TableSpec
from fusebench.datasets.pairing import find_names, image_path, local_folder, pair_names, patterns
from fusebench.environments import choose_variant, environment_key
from fusebench.errors import EnvironmentFailed, StepError
from fusebench.files import folder_digest, json_parameter
from fusebench.fuse.leases import RUN_VARIABLE
from fusebench.fuse.specs import cell_resources, cell_spec, device_for, last_words_resources
from fusebench.markers import SHOWING_VARIABLE, attempts
from fusebench.metrics import resolve
from fusebench.registry import Dataset, Method, Registry, load_registry
from fusebench.registry.grids import CROPS_VARIABLE
from fusebench.sources import source_key

SOURCES = "resources/sources"
WEIGHTS = "resources/weights"
ENVIRONMENTS = "resources/envs"
DATASETS = "resources/datasets"
RUNS = "results/runs"
GENERATORS_FOLDER = Path(__file__).resolve().parent / "datasets" / "generated"

Cells = dict[str, Any]
"""``runs``, dataset -> methods, and ``skipped``, a list of [method, dataset, reason]."""

Batch = tuple[list[str], list[str]]
"""Methods, and the datasets that one job of each of them fuses."""

CELLS_WORTH_BATCHES = 200
"""From this number of cells on, a local run fuses the datasets of a method in one job."""

CELLS_IN_A_BATCH = 20
"""Their parameters stand on a command line, where one word may have 128 KiB."""

_SHOWING_RULES = {"tables", "figures", "report", "package", "archive"}
_SHOWING_FOLDERS = tuple(
    f"results/{name}" for name in ("tables/", "figures/", "statistics/", "speed/", "report/")
)
FAILURES = {"resources": "resources/failures", "results": "results/failures"}


@dataclass
class Plan:
    """Everything that the selected suites need, keyed as in the paths of the files it becomes."""

    registry: Registry
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    weights: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    cells: dict[tuple[str, str], tuple[Method, Dataset]] = field(default_factory=dict)
    _had_record: dict[tuple[str, str], bool] = field(default_factory=dict, init=False, repr=False)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, method: Method, dataset: Dataset) -> None:
        """Add a cell and whatever it needs; a method that cannot be run needs nothing."""
        self.datasets[dataset.name] = dataset
        if not method.is_active:
            return
        self.cells[method.name, dataset.name] = (method, dataset)
        self.keys_of(method)

    def keys_of(self, method: Method) -> dict[str, str]:
        """Return the keys of a method's source and environment; both can be made from now on."""
        if method.name not in self.keys:
            self.keys[method.name] = self._add_method(method)
        return self.keys[method.name]

    def cell(self, method: str, dataset: str) -> tuple[Method, Dataset]:
        """Return any cell of the registry: those outside the selected suites can be asked for by the name of a file."""
        cell = self.registry.methods[method], self.registry.datasets[dataset]
        self.keys_of(cell[0])
        return cell

    def _add_method(self, method: Method) -> dict[str, str]:
        source = source_key(method.code, method.commit, self.registry.root)
        self.sources[source] = {"code": method.code, "commit": method.commit}
        if any("url" in item or "page" in item for item in method.weights):
            self.weights[method.name] = method.weights
        return {"source": source, "environment": self._add_environment(method)}

    def _add_environment(self, method: Method) -> str:
        """Return the environment's key; one that is not locked gets a key of its own, and its state when it is built."""
        variant, key = _variant_and_key(
            self.registry.env_folder(method), device_for(method, self.registry.options)
        )
        self.environments[key] = {"env": method.env, "variant": variant}
        return key

    def cell_inputs(self, method: str, dataset: str) -> dict[str, str]:
        """Return the markers that a fusing job reads."""
        return {**self.method_inputs(method), "dataset": f"{DATASETS}/{dataset}.json"}

    def method_inputs(self, method: str) -> dict[str, str]:
        """Return the markers of a method's source, environment and, where it has to be fetched, weights."""
        keys = self.keys_of(self.registry.methods[method])
        markers = {
            "source": f"{SOURCES}/{keys['source']}.json",
            "environment": f"{ENVIRONMENTS}/{keys['environment']}.json",
        }
        return (
            {**markers, "weights": f"{WEIGHTS}/{method}.json"}
            if method in self.weights
            else markers
        )

    def cell_spec(self, method: str, dataset: str) -> str:
        """Return the parameters of a fusing job as JSON."""
        return json_parameter(cell_spec(*self.cell(method, dataset), self.registry))

    def cell_resource(self, method: str, dataset: str, resource: str, attempt: int) -> int:
        """Return what a fusing job asks of the scheduler; attempt 0 only writes down how the others died."""
        return self.run_resource(self.cell(method, dataset)[0], resource, attempt)

    def run_resource(self, method: Method, resource: str, attempt: int) -> int:
        """Return what any run of a method asks of the scheduler, as ``cell_resource`` does."""
        if attempt == 0:
            return last_words_resources(method, self.registry.options)[resource]
        return cell_resources(method, self.registry.options, attempt)[resource]

    def batches(self) -> list[Batch]:
        """Return methods and the datasets that one job of each of them fuses, where there are so many cells that jobs cost more.

        A job of its own for each cell runs more at once, and is what a cluster is given; starting it takes some tenths of a
        CPU second. Methods with the same datasets share a rule: Snakemake reads it once.
        """
        if len(self.cells) < self.registry.options.get("together_from", CELLS_WORTH_BATCHES):
            return []
        return [
            (methods, list(datasets[start : start + CELLS_IN_A_BATCH]))
            for datasets, methods in self._methods_by_datasets().items()
            for start in range(0, len(datasets), CELLS_IN_A_BATCH)
        ]

    def _methods_by_datasets(self) -> dict[tuple[str, ...], list[str]]:
        """Return the methods that are run on the same datasets."""
        datasets: dict[str, list[str]] = {}
        for method, dataset in sorted(self.cells):
            datasets.setdefault(method, []).append(dataset)
        together: dict[tuple[str, ...], list[str]] = {}
        for method, own in datasets.items():
            together.setdefault(tuple(own), []).append(method)
        return together

    def batch_paths(self, batches: list[Batch]) -> list[str]:
        """Return the files that stand for the records of batches: one for each job."""
        return [
            batch_path(method, number)
            for number, (methods, _) in enumerate(batches)
            for method in methods
        ]

    def batch_inputs(self, cells: list[tuple[str, str]]) -> list[str]:
        """Return the markers that the jobs of some cells read."""
        return sorted({marker for cell in cells for marker in self.cell_inputs(*cell).values()})

    def batch_spec(self, cells: list[tuple[str, str]]) -> str:
        """Return the parameters of a job that fuses several cells as JSON: each cell's, and its markers.

        What all cells have in common stands there once: Snakemake keeps the parameters for every record, and reads them
        at every start.
        """
        specs, common = _shared([cell_spec(*self.cell(*cell), self.registry) for cell in cells])
        markers, shared = _shared([self.cell_inputs(*cell) for cell in cells])
        return json_parameter(
            {"spec": common, "markers": shared, "cells": list(zip(specs, markers, strict=True))}
        )

    def had_no_record(self, method: str, dataset: str) -> bool:
        """Say whether a cell had no record when this was asked first: before its job, for which Snakemake removes it."""
        cell = (method, dataset)
        if cell not in self._had_record:
            self._had_record[cell] = (self.registry.root / record_path(*cell)).exists()
        return not self._had_record[cell]

    @property
    def absent_records(self) -> list[str]:
        """The records that are not there: a target asks for them, for Snakemake does not miss what lies under a table."""
        return [record_path(*cell) for cell in sorted(self.cells) if self.had_no_record(*cell)]

    def is_exclusive(self, method: str, dataset: str) -> bool:
        """Say whether a fusing job wants the machine for itself, for its times' sake."""
        return bool(cell_spec(*self.cell(method, dataset), self.registry).get("exclusive"))

    def methods_on(self, kind: str, batched: bool = False) -> str:
        """Return a regular expression for the methods that run on one kind of device.

        Args:
            kind: ``cpu`` or ``cuda``.
            batched: leave out the cells that jobs for several cells make; the expression then looks ahead to the dataset.
        """
        methods = [m for m in self.registry.methods.values() if m.is_active]
        on_gpu = {m.name for m in methods if device_for(m, self.registry.options) == "cuda"}
        chosen = among(on_gpu, negate=False) if kind == "cuda" else among(on_gpu, negate=True)
        return (self._not_batched() if batched else "") + chosen

    def _not_batched(self) -> str:
        """Return a look-ahead that refuses the cells of batches."""
        together = self._methods_by_datasets().items()
        return "".join(f"(?!{among(methods)}/{among(own)}/)" for own, methods in together)

    def cell_threads(self, method: str, dataset: str) -> int:
        """Return the CPU threads of a fusing job."""
        return int(cell_spec(*self.cell(method, dataset), self.registry)["threads"])

    def source_spec(self, key: str) -> str:
        """Return the parameters of a cloning job as JSON."""
        return json_parameter(self._known(self.sources, key))

    def environment_spec(self, key: str) -> str:
        """Return the parameters of a building job as JSON."""
        return json_parameter(self._known(self.environments, key))

    def weights_spec(self, method: str) -> str:
        """Return the parameters of a job that fetches weights as JSON."""
        return json_parameter(self._known(self.weights, method))

    def _known(self, table: dict[str, Any], key: str) -> Any:
        """Return what a key stands for; one of a method outside the selected suites is found among all methods."""
        if key not in table:
            for method in self.registry.methods.values():
                if method.is_active:
                    self.keys_of(method)
        return table[key]

    def dataset_spec(self, dataset: str) -> str:
        """Return the parameters of a preparing job as JSON: the definition with its list of names."""
        definition = dict(self.registry.datasets[dataset].definition)
        if definition["kind"] == "generated":
            definition["code"] = folder_digest(GENERATORS_FOLDER)
        names = pair_names(definition.get("pairs"), self.registry.root)
        return json_parameter({**definition, "pairs": names} if names else definition)

    def dataset_files(self, dataset: str) -> list[str]:
        """Return the user's own image files, so that a changed image prepares a local dataset again."""
        definition = self.registry.datasets[dataset].definition
        if definition["kind"] != "local":
            return []
        folder = local_folder(definition, self.registry.root)
        try:
            names = pair_names(definition.get("pairs"), self.registry.root) or find_names(
                folder, definition
            )
            paths = [
                image_path(folder, pattern, name)
                for pattern in patterns(definition).values()
                for name in names
            ]
        except StepError:
            return []
        return [str(path) for path in paths if path.is_file()]

    def records(self, dataset: str) -> list[str]:
        """Return the records of all runs on a dataset."""
        return [record_path(method, dataset) for method, other in self.cells if other == dataset]

    @property
    def fetched(self) -> list[str]:
        """Return the markers of everything that is fetched: clones, weights, environments, datasets."""
        return [
            *(f"{SOURCES}/{key}.json" for key in self.sources),
            *(f"{WEIGHTS}/{method}.json" for method in self.weights),
            *(f"{ENVIRONMENTS}/{key}.json" for key in self.environments),
            *(f"{DATASETS}/{dataset}.json" for dataset in self.datasets),
        ]

    @property
    def all_records(self) -> list[str]:
        """Return the records of all runs."""
        return [record_path(method, dataset) for method, dataset in self.cells]

    def unmeasured_records(self, suite: str, dataset: str) -> list[str]:
        """Return the records of a suite's runs on a dataset that are not measured as part of the selected suites."""
        if suite in {selected.name for selected in self.registry.selected}:
            return []
        methods = self.registry.suites[suite].methods_for(self.registry.datasets[dataset])
        return [record_path(method.name, dataset) for method in methods if method.is_active]

    def collect_spec(self) -> str:
        """Return all cells of the selected suites as JSON: those that run, and those that cannot."""
        selected = self.registry.selected
        cells = {(m.name, d.name): m for suite in selected for m, d in suite.cells()}
        collected = _cells((method, dataset) for (_, dataset), method in cells.items())
        named = {name for name, _ in cells}
        alone = {m.name: m for suite in selected for m in suite.methods if m.name not in named}
        collected["skipped"] += [[m.name, "", _why_alone(m)] for m in alone.values()]
        return json_parameter(collected)

    def table(self, suite: str, dataset: str) -> TableSpec:
        """Return what a table shows: its methods in order, its metrics, its digits."""
        chosen, known = self.registry.suites[suite], self.registry.datasets[dataset]
        labels = {method.name: method.label for method in chosen.methods_for(known)}
        metrics = [definition.id for definition in resolve(chosen.metrics_for(known))]
        return TableSpec(suite, dataset, known.title, labels, metrics, chosen.decimals)

    def table_cells(self, suite: str, dataset: str) -> Cells:
        """Return the cells of a table: those that run, and those that cannot."""
        return _cells(
            (method, dataset)
            for method in self.registry.suites[suite].methods_for(self.registry.datasets[dataset])
        )

    def table_spec(self, suite: str, dataset: str) -> str:
        """Return the parameters of a tabulating job as JSON."""
        # Not sorted by name: the order of the methods is the order of the table's rows.
        return json.dumps(
            {
                "table": asdict(self.table(suite, dataset)),
                "cells": self.table_cells(suite, dataset),
            },
            ensure_ascii=False,
        )

    def metrics(self, dataset: str) -> list[str]:
        """Return the ids of all metrics that the selected suites measure on a dataset."""
        known = self.datasets[dataset]
        asked = [
            name
            for suite in self.registry.selected
            if known in suite.datasets
            for name in suite.metrics_for(known)
        ]
        return [definition.id for definition in resolve(asked)]

    def speed_records(self, suite: str) -> list[str]:
        """Return the records of a suite's methods on the fixed pair that they are timed on."""
        cells = self.registry.suites[suite].speed_cells()
        return [
            f"{RUNS}/{method.name}/{dataset.name}/record.json"
            for method, dataset in cells
            if method.is_active
        ]

    def speed_spec(self, suite: str) -> str:
        """Return the parameters of a job that writes speed tables as JSON."""
        cells = [
            (method, dataset.name) for method, dataset in self.registry.suites[suite].speed_cells()
        ]
        return json_parameter(_cells(cells))

    @property
    def options_spec(self) -> str:
        """Options, as JSON, with which a job reads the registry as this run has read it, but those that change no result."""
        return json_parameter(self._telling_options)

    @property
    def configuration(self) -> str:
        """The same options in the order in which they are written, which is the order of a table's groups."""
        return json.dumps(self._telling_options, ensure_ascii=False)

    @property
    def _telling_options(self) -> dict[str, Any]:
        options = self.registry.options.items()
        return {key: value for key, value in options if key not in {"mirror", "try"}}

    @property
    def suite_tables(self) -> list[tuple[str, str]]:
        """The tables of the selected suites, as suite and dataset."""
        return [
            (suite.name, dataset.name)
            for suite in self.registry.selected
            for dataset in suite.datasets
        ]

    def measured_spec(self) -> str:
        """Return the parameters of a job that measures several datasets as JSON: their metrics, by the methods they share."""
        groups: dict[tuple[str, ...], dict[str, list[str]]] = {}
        for dataset in self.datasets:
            methods = tuple(method for method, other in self.cells if other == dataset)
            groups.setdefault(methods, {})[dataset] = self.metrics(dataset)
        return json_parameter(
            [{"methods": m, "datasets": datasets} for m, datasets in groups.items()]
        )

    def tabulated(self) -> str:
        """Return what one job tabulates for the selected suites, a line of JSON each: what it collects, and its tables."""
        return "\n".join(
            [self.collect_spec(), *(self.table_spec(*table) for table in self.suite_tables)]
        )

    @property
    def speed_tables(self) -> list[str]:
        """Return the speed tables of the selected suites."""
        timed = [suite.name for suite in self.registry.selected if suite.speed]
        return [f"results/speed/{suite}.{suffix}" for suite in timed for suffix in ("csv", "md")]

    @cached_property
    def tables(self) -> list[str]:
        """Return the tables of the selected suites."""
        return [
            f"results/tables/{suite}/{dataset}.{suffix}"
            for suite, dataset in self.suite_tables
            for suffix in ("csv", "md", "tex")
        ]


def _shared(dictionaries: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return what each dictionary has of its own, and what all have in common."""
    first, *others = dictionaries
    common = {
        key: value
        for key, value in first.items()
        if all(key in o and o[key] == value for o in others)
    }
    return [{key: d[key] for key in d if key not in common} for d in dictionaries], common


@cache
def _variant_and_key(folder: Path, device: str) -> tuple[str, str]:
    try:
        variant = choose_variant(folder, device)
        return variant, environment_key(folder, variant)
    except EnvironmentFailed:
        return "cpu", f"unlocked-{folder.name}"


def make_plan(root: Path, options: Mapping[str, Any], checked: bool = False) -> Plan:
    """Read the registry and plan what the selected suites need; ``checked`` as for ``load_registry``.

    Raises:
        RegistryError: a file of the registry is wrong.
    """
    plan = Plan(load_registry(root, options, checked))
    for suite in plan.registry.selected:
        for method, dataset in suite.cells():
            plan.add(method, dataset)
    return plan


def _cells(cells: Iterable[tuple[Method, str]]) -> Cells:
    """Return cells as ``fuse.records.all_records`` takes them."""
    runs: dict[str, list[str]] = {}
    skipped = []
    for method, dataset in cells:
        if method.is_active:
            runs.setdefault(dataset, []).append(method.name)
        else:
            skipped.append([method.name, dataset, f"{method.status}: {method.entry['reason']}"])
    return {"runs": runs, "skipped": skipped}


def _why_alone(method: Method) -> str:
    """Say why a method is in no table of the suites that name it."""
    if method.is_active:
        return f"no dataset of the selected suites is for {' or '.join(method.tasks)}"
    return f"{method.status}: {method.entry['reason']}"


def only_shows(targets: Iterable[str]) -> bool:
    """Say whether a run was asked for nothing but tables, figures and what is made of them."""
    asked = [*targets]
    return bool(asked) and all(
        target in _SHOWING_RULES or target.startswith(_SHOWING_FOLDERS) for target in asked
    )


def note_targets(targets: Iterable[str]) -> None:
    """Tell all jobs of this run whether more than tables and figures was asked for."""
    os.environ[SHOWING_VARIABLE] = "yes" if only_shows(targets) else ""


def prepare_process(plan: Plan) -> None:
    """Set the variables that the steps see.

    Steps run in the environment that Snakemake itself runs in, also where it was started without activating it. Where
    repositories are cloned from changes no result: it is no parameter of a job, so that a mirror reruns nothing. Nor do the
    crops of tables, which are checked as soon as a dataset's images are known.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ.setdefault(RUN_VARIABLE, f"{os.getpid()}-{os.urandom(4).hex()}")
    os.environ["FUSEBENCH_MIRROR"] = str(plan.registry.options.get("mirror", ""))
    crops = {name: table.entry.get("crops", {}) for name, table in plan.registry.tables.items()}
    os.environ[CROPS_VARIABLE] = json.dumps(crops)
    os.environ["FUSEBENCH_TRY"] = (
        "yes" if plan.registry.options.get("try") in {True, "true"} else ""
    )


def is_last_attempt(attempt: int, retries: int | None) -> bool:
    """Say whether an attempt is the one that only writes down how the others died; there is none without retries.

    Args:
        attempt: from 1 on.
        retries: None in the Snakemake of a job, which knows nothing of retries and is told by the one that submitted it.
    """
    if retries is not None:
        os.environ["FUSEBENCH_LAST_ATTEMPT"] = str(retries + 1 if retries else 0)
    return attempt == int(os.environ["FUSEBENCH_LAST_ATTEMPT"])


def among(names: Iterable[str], negate: bool = False) -> str:
    """Return a regular expression for one of some names, or for a name that is none of them."""
    choices = "|".join(re.escape(name) for name in sorted(names))
    if negate:
        return f"(?!(?:{choices})/)[^/]+" if choices else "[^/]+"
    return f"(?:{choices})" if choices else "(?!)"


def record_path(method: str, dataset: str) -> str:
    """Return the record of a cell, from the project's folder on."""
    return f"{RUNS}/{method}/{dataset}/record.json"


def batch_path(method: str, number: int) -> str:
    """Return the file that stands for the records that one job has made, with a hash of each."""
    return f"results/batches/{method}/{number}.json"


def makes_cell(named: Iterable[str], method: str, dataset: str, batches: Iterable[Batch]) -> bool:
    """Say whether some rules and files name the record of a cell, or what makes it.

    Args:
        named: rules, and files as a person may write them (``./results/...``).
        method: the cell's method.
        dataset: the cell's dataset.
        batches: the methods and datasets of each job that makes several cells.
    """
    makers = {"fuse", "fuse_on_gpu", record_path(method, dataset)}
    for number, (methods, datasets) in enumerate(batches):
        if method in methods and dataset in datasets:
            makers |= {f"fuse_batch_{number}", batch_path(method, number)}
    return not makers.isdisjoint(map(os.path.normpath, named))


def failures_before(area: str, step: str, key: str) -> int:
    """Return how often a step failed before; see ``markers.attempts``."""
    return attempts(failures_file(area, step, key))


def failures_file(area: str, step: str, key: str) -> Path:
    """Return the file that counts the failures of a step, below ``resources`` or ``results``."""
    return Path(FAILURES[area], step, f"{key}.json")

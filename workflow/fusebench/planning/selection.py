"""What the selected suites need: sources, environments, weights, datasets and cells.

Their keys are those in the paths of their files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from fusebench.contracts.base import DeviceKind
from fusebench.contracts.jobs.resources import EnvironmentJob, SourceJob, WeightsJob
from fusebench.contracts.markers import (
    EnvironmentMarker,
    Manifest,
    Marker,
    SourceMarker,
    WeightsMarker,
)
from fusebench.environments.key import choose_variant, environment_key
from fusebench.errors import EnvironmentFailed
from fusebench.layout import ENVIRONMENTS, SOURCES, WEIGHTS, dataset_marker
from fusebench.planning.cells import device_for
from fusebench.planning.trained import Planned, parts_of, planned_training
from fusebench.registry.datasets import Dataset
from fusebench.registry.fitting import why_not_on
from fusebench.registry.loading import Registry, load_registry
from fusebench.registry.methods import Method
from fusebench.registry.training import all_trained, pretrained_name
from fusebench.sources import source_key

Job = TypeVar("Job")

Cells = dict[tuple[str, str], tuple[Method, Dataset]]
"""By the names of method and dataset."""


@dataclass(frozen=True)
class Keys:
    """The keys of a method's source and environment."""

    source: str
    environment: str


@dataclass
class Selection:
    """Everything that the selected suites need.

    A method or dataset outside these suites can be asked for by the name of a file; it is added
    when it is looked up.

    Attributes:
        registry: of the project.
        device: of the session.
        sources: what is cloned, by its key.
        environments: what is built, by its key.
        weights: what is fetched, by method.
        trained: what is trained, by its marker.
        datasets: the datasets of the selected suites by name.
        trained_on: the datasets that are trained on, by name.
        cells: every method of the selected suites that can be run, with every dataset of its tasks.
    """

    registry: Registry
    device: DeviceKind
    sources: dict[str, SourceJob] = field(default_factory=dict)
    environments: dict[str, EnvironmentJob] = field(default_factory=dict)
    weights: dict[str, WeightsJob] = field(default_factory=dict)
    trained: dict[str, Planned] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    trained_on: dict[str, Dataset] = field(default_factory=dict)
    cells: Cells = field(default_factory=dict)
    _keys: dict[str, Keys] = field(default_factory=dict, init=False, repr=False)

    def add(self, method: Method, dataset: Dataset) -> None:
        """Add a cell and whatever it needs; a method that is not run on it needs nothing."""
        self.datasets[dataset.name] = dataset
        if not why_not_on(method, dataset):
            self.cells[method.name, dataset.name] = (method, dataset)
            self.keys_of(method)

    def keys_of(self, method: Method) -> Keys:
        """Return the keys of a method's source and environment; both can be made from now on."""
        if method.name not in self._keys:
            self._keys[method.name] = self._add_method(method)
        return self._keys[method.name]

    def _add_method(self, method: Method) -> Keys:
        source = source_key(method.code, method.commit, self.registry.root)
        self.sources[source] = SourceJob(code=method.code, commit=method.commit)
        keys = Keys(source, self._add_environment(method))
        if method.training:
            self._add_training(method, keys)
        elif any(item.is_external for item in method.weights):
            self.weights[method.name] = WeightsJob(weights=method.weights)
        return keys

    def _add_training(self, method: Method, keys: Keys) -> None:
        """Add the training of a method, and the pretrained parts that it starts from."""
        both = (keys.source, keys.environment)
        planned = planned_training(self.registry, method, both, self.device)
        self.trained[planned.marker] = planned
        parts = parts_of(self.registry, method)
        if any(item.is_external for item in parts):
            name = pretrained_name(planned.training.base)
            self.weights[name] = WeightsJob(weights=parts)
        for dataset in planned.spec.datasets:
            self.trained_on[dataset] = self.registry.datasets[dataset]

    def pretrained_marker(self, base: str) -> str | None:
        """Return the marker of the pretrained parts of a method; None where none are fetched."""
        name = pretrained_name(base)
        return f"{WEIGHTS}/{name}.json" if name in self.weights else None

    def _add_environment(self, method: Method) -> str:
        """Add the environment of a method and return its key.

        An environment that is not locked gets a key of its own; its state follows when it is built.
        """
        device = device_for(method, self.device)
        variant, key = _variant_and_key(self.registry.env_folder(method), device)
        self.environments[key] = EnvironmentJob(env=method.env, variant=variant)
        return key

    def markers_of(self, method: str) -> dict[str, str]:
        """Return the markers of a method's source, environment and weights.

        Weights have a marker only where they must be fetched.
        """
        known = self.registry.methods[method]
        keys = self.keys_of(known)
        markers = {
            "source": f"{SOURCES}/{keys.source}.json",
            "environment": f"{ENVIRONMENTS}/{keys.environment}.json",
        }
        if known.training:
            planned = (one for one in self.trained.values() if one.method.name == method)
            return {**markers, "weights": next(planned).marker}
        fetched = {"weights": f"{WEIGHTS}/{method}.json"} if method in self.weights else {}
        return {**markers, **fetched}

    def known(self, jobs: Mapping[str, Job], key: str) -> Job:
        """Return the job that a key stands for.

        A key of a method outside the selected suites is found among all methods.

        Raises:
            KeyError: nothing in the registry has this key.
        """
        if key not in jobs:
            methods = self.registry.methods
            for method in (*methods.values(), *all_trained(methods)):
                if method.is_active:
                    self.keys_of(method)
        return jobs[key]

    def methods_on(self, dataset: str) -> list[str]:
        """Return the methods of the selected suites that run on a dataset."""
        return [method for method, other in self.cells if other == dataset]

    def datasets_of(self, method: str) -> list[str]:
        """Return the datasets of the selected suites that a method runs on, sorted by name."""
        return sorted(dataset for other, dataset in self.cells if other == method)

    @property
    def methods(self) -> list[str]:
        """The methods that have a cell, in the order of their names."""
        return sorted({method for method, _ in self.cells})

    @property
    def fetched(self) -> dict[str, type[Marker]]:
        """The markers of everything that is fetched or built, and their kinds.

        These are clones, weights, environments and datasets.
        """
        return {
            **{f"{SOURCES}/{key}.json": SourceMarker for key in self.sources},
            **{f"{WEIGHTS}/{method}.json": WeightsMarker for method in self.weights},
            **{f"{ENVIRONMENTS}/{key}.json": EnvironmentMarker for key in self.environments},
            **{dataset_marker(name): Manifest for name in {**self.datasets, **self.trained_on}},
        }


@cache
def _variant_and_key(folder: Path, device: str) -> tuple[str, str]:
    try:
        variant = choose_variant(folder, device)
        return variant, environment_key(folder, variant)
    except EnvironmentFailed:
        return "cpu", f"unlocked-{folder.name}"


def select(registry: Registry, device: DeviceKind) -> Selection:
    """Collect what the selected suites of a registry need; ``device`` is that of the session."""
    selection = Selection(registry, device)
    for suite in registry.selected:
        for method, dataset in suite.cells():
            selection.add(method, dataset)
    return selection


def read_selection(
    root: Path, options: Mapping[str, Any], device: DeviceKind, copies: str = ""
) -> Selection:
    """Read a registry that was checked before, and collect what its selected suites need.

    Args:
        root: the project's folder.
        options: options that replace those of the configuration file.
        device: of the session.
        copies: the folder of the files as the run has read them, see ``Session``.

    Raises:
        RegistryError: a file of the registry is wrong.
    """
    return select(load_registry(root, options, checked=True, copies=copies), device)

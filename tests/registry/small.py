"""A project of a few lines of YAML, which a test changes before it is read."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml
from fusebench.contracts.datasets import DatasetEntry
from fusebench.contracts.methods import MethodEntry
from fusebench.errors import RegistryError
from fusebench.registry.datasets import Dataset
from fusebench.registry.loading import Registry, load_registry
from fusebench.registry.methods import Method

RUN: dict[str, Any] = {
    "script": "test.py",
    "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
    "collect": "{out}/{name}.png",
}
METHOD: dict[str, Any] = {
    "title": "A method",
    "tasks": ["infrared-visible"],
    "code": "https://example.org/lab/one",
    "commit": "0" * 40,
    "env": "small",
    "run": RUN,
}
SIDES: dict[str, Any] = {"a": {"files": "a/{name}.png"}, "b": {"files": "b/{name}.png"}}
DATASET: dict[str, Any] = {
    "title": "Pairs",
    "task": "infrared-visible",
    "kind": "local",
    "folder": "images",
    **SIDES,
}


def method(name: str = "one", **fields: Any) -> Method:
    """Return a method with these fields beside those of ``METHOD``; a field of None is left out."""
    entry = {key: value for key, value in {**METHOD, **fields}.items() if value is not None}
    return Method(name, msgspec.convert(entry, MethodEntry))


def dataset(name: str = "pairs", **fields: Any) -> Dataset:
    """Return a dataset with these fields beside those of ``DATASET``.

    A field of None is left out.
    """
    entry = {key: value for key, value in {**DATASET, **fields}.items() if value is not None}
    return Dataset(name, msgspec.convert(entry, DatasetEntry))


@dataclass
class SmallProject:
    """The three files of a project as plain data, and the folder that they are written to."""

    root: Path
    methods: dict[str, Any] = field(default_factory=lambda: {"one": copy.deepcopy(METHOD)})
    datasets: dict[str, Any] = field(default_factory=lambda: {"pairs": copy.deepcopy(DATASET)})
    config: dict[str, Any] = field(
        default_factory=lambda: {
            "suite": "s",
            "suites": {"s": {"methods": ["one"], "datasets": ["pairs"], "metrics": ["EN"]}},
        }
    )

    def write(self) -> None:
        """Write the files, without anchors, and one environment."""
        (self.root / "envs" / "small").mkdir(parents=True, exist_ok=True)
        files = {"methods": self.methods, "datasets": self.datasets, "config/config": self.config}
        for name, content in files.items():
            path = self.root / f"{name}.yaml"
            path.parent.mkdir(exist_ok=True)
            text = yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False)
            path.write_text(text, encoding="utf-8")

    def load(self, **overrides: Any) -> Registry:
        """Write and read the project."""
        self.write()
        return load_registry(self.root, overrides)

    def problems(self) -> list[str]:
        """Write and read the project; return what is wrong with it, without the folder's name."""
        try:
            self.load()
        except RegistryError as error:
            head, *lines = str(error).replace(f"{self.root}/", "").splitlines()
            assert head == "the registry has problems:"
            return lines
        return []

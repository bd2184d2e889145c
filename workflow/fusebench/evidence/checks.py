"""``selfcheck`` of an entry: which committed images are its inputs, which are its outputs, and how both are paired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from fusebench.fuse.placeholders import fields
from fusebench.images import SUFFIXES
from fusebench.registry.datasets import Dataset
from fusebench.registry.documents import Document, Place
from fusebench.registry.methods import Method

DEFAULT_NAME = "committed"
"""The name of an entry's only check."""

DEFAULT_TOLERANCE = 1
"""Gray levels by which every pixel may differ: rounding on another machine, or by another version of a library."""

SIDES = ("a", "b", "expect")


@dataclass(frozen=True)
class Check:
    """One self-check of a method; ``entry`` holds its fields as the schema describes them."""

    method: Method
    entry: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name among the checks of the method."""
        return str(self.entry.get("name", DEFAULT_NAME))

    @property
    def task(self) -> str:
        """The fusion task of its images."""
        return str(self.entry.get("task", self.method.tasks[0]))

    @property
    def tolerance(self) -> float:
        """Gray levels by which every pixel may differ and still count as ``within-tolerance``."""
        return float(self.entry.get("tolerance", {}).get("max_abs", DEFAULT_TOLERANCE))

    @property
    def runs(self) -> int:
        """How often the script is run, each time with another seed."""
        return int(self.entry.get("repeats", 1))

    def threads(self, run: int) -> int | None:
        """Return the CPU threads of a run (1 is the first), None where the entry does not say."""
        asked = self.entry.get("threads", [])
        return int(asked[(run - 1) % len(asked)]) if asked else None

    @cached_property
    def dataset(self) -> Dataset:
        """The check's images as a dataset, for what a fusing job is told of it."""
        modalities = self.entry.get("modalities", {})
        return Dataset(
            self.name,
            {
                "title": f"images committed with {self.method.label}",
                "task": self.task,
                "kind": "committed",
                "modalities": modalities,
            },
        )

    @property
    def definition(self) -> dict[str, Any]:
        """The fields that decide which images the check holds."""
        paths = {side: pattern_of(path) for side, path in self._paths().items()}
        return {**paths, "pairs": self.entry.get("pairs"), "unpack": self.entry.get("unpack", [])}

    def _paths(self) -> dict[str, str]:
        inputs = dict(self.entry.get("inputs", {}))
        return inputs | ({"expect": self.entry["expect"]} if "expect" in self.entry else {})


def pattern_of(path: str) -> str:
    """Return a path pattern; what does not end as an image does is a folder, and stands for all images in it.

    >>> pattern_of("runs/mri_ct")
    'runs/mri_ct/{name}.*'
    >>> pattern_of("results/v1.0")
    'results/v1.0/{name}.*'
    """
    if fields(path) & {"name"} or PurePosixPath(path).suffix.lower() in SUFFIXES:
        return path
    return f"{path.rstrip('/')}/{{name}}.*"


def checks_of(method: Method) -> list[Check]:
    """Return the self-checks of an entry: none, one, or several."""
    return [Check(method, entry) for entry in as_list(method.entry.get("selfcheck"))]


def as_list(entry: Any) -> list[Any]:
    """Return a field that holds one thing or a list of them as a list."""
    if entry is None:
        return []
    return entry if isinstance(entry, list) else [entry]


def check_problems(methods: Document) -> Iterator[str]:
    """Yield what the schema cannot see of every ``selfcheck`` in ``methods.yaml``."""
    for name, entry in methods.data.items():
        checks = as_list(entry.get("selfcheck"))
        names = [check.get("name", DEFAULT_NAME) for check in checks]
        for index, check in enumerate(checks):
            place: Place = (
                (name, "selfcheck", index)
                if isinstance(entry["selfcheck"], list)
                else (name, "selfcheck")
            )
            if names.index(names[index]) != index:
                yield f"{methods.where(place)}: the self-checks of an entry must have different names; found {names[index]!r} twice"
            if check.get("task", entry["tasks"][0]) not in entry["tasks"]:
                yield f"{methods.where((*place, 'task'))}: must be one of the method's tasks ({', '.join(entry['tasks'])}); found {check['task']!r}"
            yield from _pairing_problems(methods, place, check)


def _pairing_problems(methods: Document, place: Place, check: dict[str, Any]) -> Iterator[str]:
    """Yield images that cannot be paired: one file for several pairs, or a pair without a side."""
    pairs = check.get("pairs")
    for pair in pairs or []:
        if "/" in pair or pair.startswith("."):
            yield f"{methods.where((*place, 'pairs'))}: must be names that a file can have: without '/', and not beginning with '.'; found {pair!r}"
    if isinstance(pairs, dict):
        yield from _explicit_problems(methods, place, pairs, "expect" in check)
        return
    if "inputs" not in check:
        yield f"{methods.where(place)}: must have `inputs` (a, b), or `pairs` that give a and b for each name"
        return
    paths = {**check["inputs"], **({"expect": check["expect"]} if "expect" in check else {})}
    several = pairs is None or len(pairs) > 1
    for side, path in paths.items():
        if several and "name" not in fields(pattern_of(path)):
            yield (
                f"{methods.where((*place, side))}: must hold {{name}}, or be a folder, so that each pair has its own image; found the single file {path!r}; "
                "name the one pair that it belongs to in `pairs`"
            )


def _explicit_problems(
    methods: Document, place: Place, pairs: dict[str, Any], pattern: bool
) -> Iterator[str]:
    for name, pair in pairs.items():
        lacking = [side for side in ("a", "b") if side not in pair]
        if lacking:
            yield f"{methods.where((*place, 'pairs', name))}: must give both a and b; found no {' and no '.join(lacking)}"
        if pattern and "expect" in pair:
            yield f"{methods.where((*place, 'pairs', name))}: must leave `expect` to the check, which has a pattern for it, or the check to its pairs"
    files: dict[str, str] = {}
    for name, pair in pairs.items():
        expected = pair.get("expect")
        if expected in files and expected is not None:
            yield f"{methods.where((*place, 'pairs', name))}: the committed output {expected!r} must belong to one pair; it is given for {files[expected]!r} too"
        files.setdefault(expected, name)

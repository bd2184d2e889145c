"""Words in ``run`` that mean nothing: shims, placeholders and tasks that do not exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from fusebench.causes import shim_problem
from fusebench.contracts.causes import shims
from fusebench.contracts.methods import MethodEntry, RunPart
from fusebench.registry.documents import Document, Place, unknown
from fusebench.registry.placeholders import PLACEHOLDER
from fusebench.registry.selfchecks import placed_checks

Methods = Document[dict[str, MethodEntry]]

IN_PATHS = ("work", "out", "name", "index", "modality_a", "modality_b", "count", "device")
_BRACES = re.compile(r"\{(?P<word>[A-Za-z_]\w*)(?::[^{}]*)?\}")
NEAR = 0.7
"""In an ``edit``, braces are often the code's own: a word so similar to a placeholder is meant."""


def run_problems(methods: Methods) -> Iterator[str]:
    """Yield one line for each word that means nothing in ``run``, or in a part of it."""
    for name, entry in methods.data.items():
        for place, part in _parts(name, entry):
            yield from _shim_problems(methods, (*place, "compat"), part)
            yield from _placeholder_problems(methods, place, part)
        for task in (entry.run.per_task or {}) if entry.run else {}:
            if task not in entry.tasks:
                remedy = "add it to `tasks`"
                place = (name, "run", "per_task", task)
                yield unknown(methods, place, "task of this method", task, entry.tasks, remedy)


def _parts(name: str, entry: MethodEntry) -> Iterator[tuple[Place, RunPart]]:
    """Yield ``run``, its parts for tasks and datasets, and those of self-checks."""
    if entry.run:
        yield (name, "run"), entry.run
        for field in ("per_task", "per_dataset"):
            for key, part in (getattr(entry.run, field) or {}).items():
                yield (name, "run", field, key), part
    for place, check in placed_checks(name, entry):
        if check.entry.run:
            yield (*place, "run"), check.entry.run


def _shim_problems(methods: Methods, place: Place, part: RunPart) -> Iterator[str]:
    for index, written in enumerate(part.compat or []):
        problem = shim_problem(written)
        if problem == "unknown":
            known = shims()
            yield unknown(methods, (*place, index), "shim", written.partition(":")[0], known)
        elif problem:
            yield f"{methods.where((*place, index))}: {written} {problem}"


def _placeholder_problems(methods: Methods, place: Place, part: RunPart) -> Iterator[str]:
    stage = part.stage
    patterns = {
        ("stage", "a"): (stage.a or "") if stage else "",
        ("stage", "b"): (stage.b or "") if stage else "",
        ("collect",): part.collect or "",
        ("args",): part.args or "",
    }
    for field, pattern in patterns.items():
        for word in _words(pattern):
            yield unknown(methods, (*place, *field), "placeholder", word, IN_PATHS)
    for file, edits in (part.edit or {}).items():
        for old, new in edits:
            for word in set(_words(new)) - set(_words(old)):
                if difflib.get_close_matches(word, IN_PATHS, cutoff=NEAR):
                    yield unknown(methods, (*place, "edit", file), "placeholder", word, IN_PATHS)


def _words(pattern: str) -> Iterator[str]:
    """Yield the words in braces that are no placeholders."""
    for match in _BRACES.finditer(PLACEHOLDER.sub("", pattern)):
        yield match["word"]

"""Reads ``methods.yaml`` alone: jobs that need nothing else of the registry start faster."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fusebench.contracts.methods import MethodEntry, Methods
from fusebench.project import locate
from fusebench.registry.copies import copy_of
from fusebench.registry.documents import Document, converted, read_document
from fusebench.registry.methods import Method

METHODS = Path("methods.yaml")


def read_methods(root: Path, copies: str = "") -> dict[str, Method]:
    """Return the methods of a project that was checked before.

    Its datasets and configuration are not read.

    Args:
        root: the project's folder.
        copies: the folder of the files as the run has read them, see ``Session``.
    """
    file = locate(root, METHODS)
    text = copy_of(file, root / copies if copies else None)
    document = forget_inherited(read_document(file, text))
    entries: dict[str, MethodEntry] = converted(document, "methods", Methods).data
    return {name: Method(name, entry) for name, entry in entries.items()}


def forget_inherited(methods: Document[Any]) -> Document[Any]:
    """Remove from each method the merged fields that are about the results of another entry.

    A year in quotes becomes a number.
    """
    entries = methods.data if isinstance(methods.data, dict) else {}
    for name, entry in entries.items():
        for field in ("verified", "tried", "selfcheck", "claims"):
            if isinstance(entry, dict) and (name, field) not in methods.lines:
                entry.pop(field, None)
        paper = entry.get("paper") if isinstance(entry, dict) else None
        if isinstance(paper, dict) and _is_year(paper.get("year")):
            paper["year"] = int(paper["year"])  # the quotes change nothing
    return methods


def _is_year(stated: Any) -> bool:
    return isinstance(stated, str) and re.fullmatch(r"\s*[0-9]{4}\s*", stated) is not None

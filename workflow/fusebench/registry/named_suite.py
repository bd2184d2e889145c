"""A suite that is named on the command line: ``--config methods=a,b datasets=c``."""

from __future__ import annotations

from typing import Any

from fusebench.contracts.base import choices_of
from fusebench.contracts.methods import Task

NAMED = "named"
"""The name of that suite, in the paths of its tables."""


def add_named_suite(config: dict[str, object]) -> None:
    """Add the suite that the options ``methods`` and ``datasets`` name, and select it.

    What only one of them names is completed from the first suite that is selected otherwise.

    Args:
        config: the configuration as plain data; it is changed in place.
    """
    methods, datasets = _names(config.get("methods")), _names(config.get("datasets"))
    suites = config.get("suites")
    if not (methods or datasets) or not isinstance(suites, dict):
        return
    selected = _names(config.get("suite"))
    base = suites.get(selected[0] if selected else "")
    known = base if isinstance(base, dict) else {}
    entry = {
        "methods": _methods(methods) or known.get("methods", []),
        "datasets": datasets or known.get("datasets", []),
    }
    config["suites"] = {**suites, NAMED: entry}
    config["suite"] = NAMED


def _methods(names: list[str]) -> list[str] | str:
    """Return names of methods; a single task, or ``all``, as a suite has it."""
    words = {*choices_of(Task), "all"}
    return names[0] if len(names) == 1 and names[0] in words else names


def _names(told: Any) -> list[str]:
    parts = told if isinstance(told, list) else str(told or "").split(",")
    return [str(part).strip() for part in parts if str(part).strip()]

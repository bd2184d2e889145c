"""What Snakemake matches: the methods of a rule, and what a person forces or asks for by name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from fusebench.contracts.base import DeviceKind
from fusebench.layout import fusing_job, record_path
from fusebench.planning.cells import device_for
from fusebench.registry.methods import Method

EVERYTHING = "*"
"""Stands for every rule among what is forced."""

FUSING_RULES = frozenset({"fuse", "fuse_on_gpu", EVERYTHING})

_TABLE_RULES = frozenset({"tables", "figures", "report", "package", "archive"})
_TABLE_FOLDERS = tuple(
    f"results/{name}" for name in ("tables/", "figures/", "statistics/", "speed/", "report/")
)


def one_of(names: Iterable[str]) -> str:
    """Return a regular expression for one of some names; for no name, one that nothing matches."""
    choices = "|".join(re.escape(name) for name in sorted(names))
    return f"(?:{choices})" if choices else "(?!)"


def none_of(names: Iterable[str]) -> str:
    """Return a regular expression for a name that is none of some, in a path."""
    choices = "|".join(re.escape(name) for name in sorted(names))
    return f"(?!(?:{choices})/)[^/]+" if choices else "[^/]+"


def methods_on(methods: Iterable[Method], device: DeviceKind, kind: DeviceKind) -> str:
    """Return a regular expression for the methods that run on one kind of device.

    Args:
        methods: of the registry.
        device: of the session.
        kind: the kind asked for.
    """
    active = [method for method in methods if method.is_active]
    on_gpu = {method.name for method in active if device_for(method, device) == "cuda"}
    return one_of(on_gpu) if kind == "cuda" else none_of(on_gpu)


def tables_only(targets: Iterable[str]) -> bool:
    """Say whether a run was asked for nothing but tables, figures and what is made of them."""
    asked = [*targets]
    return bool(asked) and all(
        target in _TABLE_RULES or target.startswith(_TABLE_FOLDERS) for target in asked
    )


def is_forced(names: Iterable[str], method: str, cell: str, job: str) -> bool:
    """Say whether a cell is forced: by a rule, by its record, or by the output of its job.

    Args:
        names: rules, and files as a person may write them (``./results/...``).
        method: the method of the cell.
        cell: its name among the cells of the method.
        job: the name of its job.
    """
    asked = {os.path.normpath(name) for name in names}
    makers = {*FUSING_RULES, record_path(method, cell), fusing_job(method, job)}
    return not makers.isdisjoint(asked)

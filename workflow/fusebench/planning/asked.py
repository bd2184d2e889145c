"""What a person asked a run for, by the rules and files of its command line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from fusebench.layout import RECORD, RUNS, TABLES

EVIDENCE_RULES = frozenset({"selfcheck", "claims", "evidence", "spread"})

SUITE_TARGETS = frozenset(
    {"all", "tables", *(f"results/{name}" for name in ("measures.csv", "status.csv"))}
    | {f"results/{name}.txt" for name in ("verdict", "unfinished")}
)

PAGE_FILES = {
    "report": "results/report/index.html",
    "package": "results/datapackage.json",
    "archive": "results/fusebench-results.tar.gz",
}
"""Rule -> the file that it stands for."""

_RECORD = re.compile(rf"{RUNS}/(?P<method>[^/]+)/(?P<dataset>[^/]+)/{RECORD}")
_SUITE_TABLE = re.compile(rf"{TABLES}/(?P<suite>[^/]+)/(?P<dataset>[^/]+)\.(csv|md|tex)")


class AskedCell(NamedTuple):
    """A cell that was asked for by the path of its record."""

    method: str
    dataset: str


class AskedTable(NamedTuple):
    """A table of a suite that was asked for by the path of a file."""

    suite: str
    dataset: str


@dataclass(frozen=True)
class Asked:
    """What a run was asked for.

    Attributes:
        evidence: which rules of the evidence.
        suites: the selected suites: everything, or their tables.
        fetched: all that needs a network.
        figures: the figures of the selected suites.
        cells: single cells.
        tables: single tables of suites.
        files: all files but records, as paths from the project's folder on.
    """

    evidence: frozenset[str]
    suites: bool
    fetched: bool
    figures: bool
    cells: list[AskedCell]
    tables: list[AskedTable]
    files: list[str]

    @property
    def shows_suites(self) -> bool:
        """Whether something was asked for that is made from all cells of the selected suites."""
        return self.figures or not set(PAGE_FILES.values()).isdisjoint(self.files)


def asked_for(targets: Iterable[str]) -> Asked:
    """Sort rules and files by what they stand for.

    No target, and a rule that a person seldom names, stand for the selected suites.
    """
    names = list(dict.fromkeys(map(os.path.normpath, targets)))
    records = {name: match for name in names if (match := _RECORD.fullmatch(name))}
    tables = {name: match for name in names if (match := _SUITE_TABLE.fullmatch(name))}
    files = [PAGE_FILES.get(name, name) for name in names if name not in SUITE_TARGETS]
    rules = {name for name in names if "/" not in name}
    known = {*EVIDENCE_RULES, *PAGE_FILES, "fetch", "figures"}
    return Asked(
        evidence=EVIDENCE_RULES & rules,
        suites=not names or not SUITE_TARGETS.isdisjoint(names) or not rules <= known,
        fetched="fetch" in rules,
        figures="figures" in rules,
        cells=[AskedCell(*match.group("method", "dataset")) for match in records.values()],
        tables=list(
            dict.fromkeys(AskedTable(*match.group("suite", "dataset")) for match in tables.values())
        ),
        files=[name for name in files if "/" in name and name not in records],
    )

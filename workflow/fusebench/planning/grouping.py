"""How cells, datasets and tables are grouped into jobs.

A job handles a list; by default it has one member. Starting a job costs some tenths of a second. So
it is better to fuse many short cells in one job: on one machine from a number of cells on, on a
cluster where the configuration says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec import UNSET

from fusebench.contracts.configuration import Config
from fusebench.layout import fusing_job, measures_path
from fusebench.planning.selection import Selection

CELLS_TOGETHER = 20
"""Their parameters stand on a command line, where one word may have up to 128 KiB."""


@dataclass(frozen=True)
class Group:
    """What one job handles: the name of the job, and its members in their order.

    The name of a single member is its own. Names of methods and datasets hold no ``+``.
    """

    name: str
    members: tuple[str, ...]


def grouped(members: Sequence[str], size: int) -> list[Group]:
    """Return members in groups of a size, in their order.

    >>> [group.name for group in grouped(["a", "b", "c"], 2)]
    ['a+1', 'c']
    """
    parts = [tuple(members[start : start + size]) for start in range(0, len(members), size)]
    return [Group(f"{part[0]}+{len(part) - 1}" if part[1:] else part[0], part) for part in parts]


@dataclass(frozen=True)
class Grouping:
    """The jobs of a selection, and which of them a cell, a dataset or a table belongs to."""

    selection: Selection
    on_cluster: bool

    @property
    def config(self) -> Config:
        """The configuration of the project."""
        return self.selection.registry.config

    @cached_property
    def is_together(self) -> bool:
        """Whether one job measures all datasets, and one job writes all tables.

        This is so on one machine, where there are many cells (``together_from``).
        """
        return not self.on_cluster and len(self.selection.cells) >= self.config.together_from

    @cached_property
    def cells_per_job(self) -> int:
        """How many cells of a method one job fuses at most."""
        if self.config.cells_per_job is not UNSET:
            return self.config.cells_per_job
        return CELLS_TOGETHER if self.is_together else 1

    @cached_property
    def fusing(self) -> dict[str, list[Group]]:
        """The fusing jobs by method; their members are datasets."""
        return {
            method: grouped(self.selection.datasets_of(method), self.cells_per_job)
            for method in self.selection.methods
        }

    @cached_property
    def measuring(self) -> list[Group]:
        """The measuring jobs; their members are datasets."""
        names = list(self.selection.datasets)
        return grouped(names, len(names) if self.is_together and names else 1)

    @cached_property
    def _fusing_of(self) -> dict[tuple[str, str], Group]:
        return {
            (method, dataset): group
            for method, groups in self.fusing.items()
            for group in groups
            for dataset in group.members
        }

    @cached_property
    def _measuring_of(self) -> dict[str, Group]:
        return {dataset: group for group in self.measuring for dataset in group.members}

    def fused_by(self, method: str, dataset: str) -> str:
        """Return the output of the job that fuses a cell.

        A cell outside the selected suites has a job of its own.
        """
        group = self._fusing_of.get((method, dataset))
        return fusing_job(method, group.name if group else dataset)

    def measured_in(self, dataset: str) -> str:
        """Return the file that holds the per-image values of a dataset."""
        group = self._measuring_of.get(dataset)
        return measures_path(group.name if group else dataset)

    @property
    def all_measures(self) -> list[str]:
        """The files of per-image values of all datasets."""
        return [measures_path(group.name) for group in self.measuring]

    def fuse_group(self, method: str, job: str) -> Group:
        """Return the datasets of a fusing job by its name."""
        return _named(self.fusing.get(method, []), job)

    def measure_group(self, job: str) -> Group:
        """Return the datasets of a measuring job by its name."""
        return _named(self.measuring, job)


def _named(groups: Sequence[Group], name: str) -> Group:
    """Return a group by its name.

    A name of no group is that of a single member outside the selected suites.
    """
    return next((group for group in groups if group.name == name), Group(name, (name,)))

"""The fusing jobs: their cells, inputs, needs and parameters, by method and name of the job.

A job is named after the datasets that it fuses (``tno25``, ``tno25+9``), or after its single run: a
run of a self-check (``selfcheck/CHECK/RUN``) or a further run of a cell (``repeats/DATASET/RUN``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from fusebench.contracts.jobs.fusing import FuseJob, Run
from fusebench.contracts.jobs.session import Session
from fusebench.layout import committed_marker, dataset_marker
from fusebench.planning.attempts import cell_attempt
from fusebench.planning.cells import CellPlan, Needs, fuse_job, method_part, needs
from fusebench.planning.grouping import Grouping
from fusebench.planning.selection import Selection
from fusebench.registry.methods import Method, with_fields
from fusebench.registry.selfchecks import Check, checks_of

KEEP_SIZE = "crop-sources"
"""The size policy of self-checks: a result is compared as the script left it, and never scaled."""

FURTHER_HASH_SEEDS = {2: 13, 3: 9, 4: 134}
"""Of a further run -> its PYTHONHASHSEED.

Tried with 32 sets of two words of this field (``ir`` and ``vi``, ``mri`` and ``ct``, ...), on
Python 3.8 and 3.11. Compared with 0, the value 13 changes the order of 19 sets, and 13 or 9 that of
29 sets. With 0 and 1, the seeds of the frameworks, most sets keep their order.
"""


@dataclass(frozen=True)
class FusingJobs:
    """What the rule that fuses looks up; a job is known by its method and its name.

    Attributes:
        grouping: of the cells of the run.
    """

    grouping: Grouping

    @property
    def selection(self) -> Selection:
        """What is selected."""
        return self.grouping.selection

    def job(self, method: str, name: str) -> FuseJob:
        """Return the parameters of a job.

        Raises:
            RegistryError: the registry has no such method or dataset.
        """
        registry = self.selection.registry
        known = registry.methods[method]
        markers = self.selection.markers_of(method)
        part = method_part(known, markers, registry.config, self.selection.device)
        check, run = self._check(known, name)
        if check:
            part = replace(part, threads=check.threads(run) or part.threads)
        return fuse_job(part, self.cells(method, name), bool(known.resources.exclusive))

    def cells(self, method: str, name: str) -> list[CellPlan]:
        """Return the cells of a job, in the order in which they are run."""
        known = self.selection.registry.methods[method]
        check, run = self._check(known, name)
        if check:
            return [_selfcheck_cell(known, check, name, run)]
        kind, _, rest = name.partition("/")
        if kind == "repeats" and rest:
            dataset, _, number = rest.rpartition("/")
            return [self._cell(known, dataset, name, int(number))]
        members = self.grouping.fuse_group(method, name).members
        return [self._cell(known, dataset, dataset, 1) for dataset in members]

    def _cell(self, method: Method, dataset: str, name: str, number: int) -> CellPlan:
        images = self.selection.registry.datasets[dataset].images
        run = further_run(method.run_for(dataset, images.task), number)
        return CellPlan(name, images, dataset_marker(dataset), run)

    def _check(self, method: Method, name: str) -> tuple[Check | None, int]:
        """Return the self-check that a job runs, and the number of the run.

        None for any other job.
        """
        kind, _, rest = name.partition("/")
        if kind != "selfcheck" or not rest:
            return None, 1
        wanted, _, number = rest.rpartition("/")
        return next(check for check in checks_of(method) if check.name == wanted), int(number)

    def inputs(self, method: str, name: str) -> list[str]:
        """Return the markers that a job reads."""
        manifests = {cell.manifest for cell in self.cells(method, name)}
        return [*self.selection.markers_of(method).values(), *sorted(manifests)]

    def needs(self, method: str, name: str, attempt: int, session: Session) -> Needs:
        """Return what a job asks of the scheduler; Snakemake counts ``attempt`` from 1 on."""
        known = self.selection.registry.methods[method]
        final = attempt == session.final_attempt
        cells = len(self.cells(method, name))
        return needs(known, self.selection.device, cells, 0 if final else attempt)

    def is_exclusive(self, method: str, name: str) -> bool:
        """Say whether a job wants the machine for itself, so that its times are right."""
        return any(cell.exclusive for cell in self.job(method, name).cells)

    def threads(self, method: str, name: str, cores: int) -> int:
        """Return the CPU threads of a job.

        Without a scheduler, an exclusive job takes all cores, so that no other job runs beside it.

        Args:
            method: of the job.
            name: of the job.
            cores: of the machine.
        """
        if not self.grouping.on_cluster and self.is_exclusive(method, name):
            return cores
        return self.job(method, name).method.threads

    def attempts(self, method: str, name: str, session: Session) -> list[int]:
        """Return the attempt number of each cell of a job."""
        root: Path = self.selection.registry.root
        return [
            cell_attempt(root, method, cell.name, name, session)
            for cell in self.cells(method, name)
        ]


def _selfcheck_cell(method: Method, check: Check, name: str, number: int) -> CellPlan:
    run = with_fields(
        method.run_for(check.name, check.task), {"size": KEEP_SIZE}, check.entry.run or {}
    )
    marker = committed_marker(method.name, check.name)
    return CellPlan(name, check.images, marker, further_run(run, number))


def further_run(run: Run, number: int) -> Run:
    """Return the fields of the n-th run, whose seeds differ from those of the first."""
    if number == 1:
        return run
    seed = run.seed + number - 1
    return replace(run, seed=seed, hash_seed=FURTHER_HASH_SEEDS.get(number, 1000 + seed))

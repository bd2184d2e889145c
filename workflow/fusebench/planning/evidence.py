"""The evidence: self-checks, further runs and claims, and the parameters of their jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from msgspec import UNSET

import fusebench.evidence
from fusebench.contracts.evidence import Claim
from fusebench.contracts.files import as_parameter
from fusebench.contracts.jobs.evidence import ClaimedImages, ClaimsJob, SelfcheckJob, SpreadJob
from fusebench.contracts.training import RETRAINED
from fusebench.evidence.pages import entry_facts
from fusebench.hashes import folder_digest, sha256_of_file, sha256_of_json
from fusebench.layout import (
    EVIDENCE,
    REPEATS,
    SELFCHECKS,
    committed_marker,
    dataset_marker,
    fusing_job,
    record_path,
    repeat_cell,
    selfcheck_cell,
)
from fusebench.measure.runs import formulas_digest
from fusebench.metrics import default_metrics
from fusebench.planning.grouping import Grouping
from fusebench.planning.selection import Selection
from fusebench.planning.steps import StepJobs
from fusebench.project import locate
from fusebench.registry.claims import SELFCHECK, claims_of, why_no_claim
from fusebench.registry.methods import Method
from fusebench.registry.selfchecks import Check, checks_of


@dataclass(frozen=True)
class EvidencePlan:
    """Which evidence is asked for, and the files that it becomes.

    Attributes:
        selection: of the run, for sources and environments.
        grouping: of its cells.
        methods: the methods that evidence is asked for.
        trained: row of trained methods that are asked for -> the methods of its seeds.
    """

    selection: Selection
    grouping: Grouping
    methods: list[Method]
    trained: Mapping[str, list[Method]] = field(default_factory=dict)

    @cached_property
    def checks(self) -> dict[tuple[str, str], Check]:
        """The self-checks of every method that can be run, by method and name.

        Methods that are not asked for are included.
        """
        methods = self.selection.registry.methods.values()
        active = [method for method in methods if method.is_active]
        return {
            (method.name, check.name): check for method in active for check in checks_of(method)
        }

    @property
    def judged_checks(self) -> list[str]:
        """The files that judge the self-checks asked for."""
        names = {method.name for method in self.methods}
        asked = [key for key in self.checks if key[0] in names]
        return [f"{SELFCHECKS}/{method}/{check}.json" for method, check in asked]

    def check_runs(self, method: str, check: str) -> list[str]:
        """Return the names of the cells of a self-check, the first run first."""
        runs = range(1, self.checks[method, check].runs + 1)
        return [selfcheck_cell(check, run) for run in runs]

    def repeated_runs(self, method: str, dataset: str) -> list[str]:
        """Return the names of the cells of a method on a dataset.

        The first is the run that tables show, the others are the further runs.
        """
        further = range(2, self.repeats(method) + 1)
        return [dataset, *(repeat_cell(dataset, run) for run in further)]

    def repeats(self, method: str) -> int:
        """Return how often a method is run on a dataset.

        That is what its entry or the configuration asks for, whichever is more.
        """
        registry = self.selection.registry
        return max(registry.methods[method].entry.repeats or 1, registry.config.repeats)

    def fused_by(self, method: str, cells: list[str]) -> list[str]:
        """Return the outputs of the jobs that fuse some cells of a method."""
        return [
            fusing_job(method, cell) if "/" in cell else self.grouping.fused_by(method, cell)
            for cell in cells
        ]

    @cached_property
    def claimed(self) -> list[str]:
        """The methods asked for about which something is claimed."""
        own = [method.name for method in self.methods if method.entry.claims]
        return [*own, *(row for row in self.trained if self.entry_of(row).entry.claims)]

    def entry_of(self, name: str) -> Method:
        """Return a method, or the one whose claims are judged by a row of trained methods."""
        return self.selection.registry.methods[name.partition("@")[0]]

    @property
    def judged_claims(self) -> list[str]:
        """The files that judge the claims about the methods asked for."""
        return [f"{EVIDENCE}/claims/{method}.json" for method in self.claimed]

    @property
    def spreads(self) -> list[str]:
        """The files with the spread of each cell that is run more than once.

        Only cells of the selected suites.
        """
        cells = [cell for cell in self.selection.cells if self.repeats(cell[0]) > 1]
        return [f"{REPEATS}/{method}/{dataset}/spread.json" for method, dataset in cells]

    @property
    def pages(self) -> list[str]:
        """The pages of the methods asked for."""
        return [f"{EVIDENCE}/{method.name}.md" for method in self.methods]

    @property
    def names(self) -> list[str]:
        """The names of the methods asked for."""
        return [method.name for method in self.methods]

    def claims(self, method: str) -> list[Claim]:
        """Return the claims about a method."""
        known = self.entry_of(method)
        return claims_of(known.name, known.entry.claims or [], self.selection.registry.root)

    def claimed_cells(self, method: str) -> dict[str, tuple[str, list[str]]]:
        """Return dataset of a claim -> marker of its images, and the cells to compare it with.

        There are none for a method that cannot be run, and for one that is not the authors' code.
        """
        if _reason_of(self, method):
            return {}
        names = dict.fromkeys(claim.dataset for claim in self.claims(method) if claim.dataset)
        if method in self.trained:  # the committed outputs are those of the authors' weights
            names = {name: None for name in names if name.partition("/")[0] != SELFCHECK}
        return {name: self._cells_of(method, name) for name in names}

    def runs_of(self, name: str, cells: Sequence[str]) -> list[tuple[str, str]]:
        """Return method and cell of each run of a method, or of each seed of a trained row."""
        methods = [method.name for method in self.trained.get(name, ())] or [name]
        return [(method, cell) for method in methods for cell in cells]

    def _cells_of(self, method: str, name: str) -> tuple[str, list[str]]:
        kind, _, stated = name.partition("/")
        if kind == SELFCHECK:
            check = stated or next(known for owner, known in self.checks if owner == method)
            return committed_marker(method, check), self.check_runs(method, check)
        cells = [name] if method in self.trained else self.repeated_runs(method, name)
        return dataset_marker(name), cells


def _reason_of(plan: EvidencePlan, name: str) -> str:
    """Return why published numbers cannot be compared with a method, or with a trained row."""
    return why_no_claim(plan.trained[name][0] if name in plan.trained else plan.entry_of(name))


@dataclass(frozen=True)
class EvidenceJobs:
    """What the rules of the evidence look up.

    Attributes:
        plan: which evidence there is.
        steps: for the metrics that the selected suites measure.
    """

    plan: EvidencePlan
    steps: StepJobs

    @cached_property
    def code(self) -> str:
        """The digest of the rules of judgement and of the metrics.

        A changed rule judges again, and reruns no method.
        """
        rules = Path(str(fusebench.evidence.__file__)).parent
        return sha256_of_json([folder_digest(rules), formulas_digest()])

    def images(self, method: str, check: str) -> str:
        """Return the parameters of the job that copies the images of a check."""
        return as_parameter(self.plan.checks[method, check].job, keep_order=True)

    def selfcheck(self, method: str, check: str) -> str:
        """Return the parameters of the job that judges a self-check."""
        known = self.plan.checks[method, check]
        return as_parameter(
            SelfcheckJob(
                code=self.code,
                method=method,
                check=check,
                tolerance=known.tolerance,
                metrics=default_metrics(known.task),
            )
        )

    def spread(self, method: str, dataset: str) -> str:
        """Return the parameters of the job that writes the spread of a cell."""
        selection = self.plan.selection
        task = selection.registry.datasets[dataset].task
        selected = dataset in selection.datasets
        metrics = self.steps.metrics(dataset) if selected else default_metrics(task)
        return as_parameter(
            SpreadJob(code=self.code, method=method, dataset=dataset, metrics=metrics)
        )

    def claim_inputs(self, method: str) -> list[str]:
        """Return what is needed to judge the claims about a method.

        These are markers, and the outputs of the fusing jobs.
        """
        return [
            file
            for marker, cells in self.plan.claimed_cells(method).values()
            for file in (marker, *self._fused(method, cells))
        ]

    def claims(self, method: str) -> str:
        """Return the parameters of the job that judges the claims about a method.

        They name files of claims instead of the rows in them.
        """
        registry = self.plan.selection.registry
        known = self.plan.entry_of(method)
        files = [item.file for item in known.entry.claims or [] if item.file]
        job = ClaimsJob(
            code=self.code,
            method=method,
            claims=known.entry.claims or [],
            files={file: sha256_of_file(locate(registry.root, file)) for file in files},
            images={
                name: ClaimedImages(
                    manifest=marker,
                    records=[record_path(*run) for run in self.plan.runs_of(method, cells)],
                )
                for name, (marker, cells) in self.plan.claimed_cells(method).items()
            },
            reason=_reason_of(self.plan, method),
            entry=known.name if known.name != method else UNSET,
        )
        return as_parameter(job)

    def _fused(self, method: str, cells: list[str]) -> list[str]:
        runs = self.plan.runs_of(method, cells)
        names = dict.fromkeys(name for name, _ in runs)
        return [file for name in names for file in self.plan.fused_by(name, cells)]

    @property
    def pages_digest(self) -> str:
        """The digest of what the pages say about the entries asked for.

        The whole text is too long for a command.
        """
        return sha256_of_json([self.code, [entry_facts(method) for method in self.plan.methods]])


def make_evidence_plan(grouping: Grouping) -> EvidencePlan:
    """Plan the evidence of the methods of the selected suites, on whatever datasets."""
    suites = grouping.selection.registry.selected
    asked = {method.name: method for suite in suites for method in suite.methods}
    chosen = [method for method in asked.values() if not method.training]
    trained: dict[str, list[Method]] = {}
    for method in asked.values():
        if method.training and method.training.variant == RETRAINED:
            trained.setdefault(method.training.row or method.name, []).append(method)
    return EvidencePlan(grouping.selection, grouping, chosen, trained)

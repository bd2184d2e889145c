"""The plan of a run: all that the rules look up, made once when Snakemake reads the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fusebench.contracts.base import DeviceKind
from fusebench.contracts.jobs.session import Session
from fusebench.planning.ending import Ending
from fusebench.planning.evidence import EvidenceJobs, EvidencePlan, make_evidence_plan
from fusebench.planning.fusing import FusingJobs
from fusebench.planning.grouping import Grouping
from fusebench.planning.matching import methods_on, none_of, one_of
from fusebench.planning.papers import PaperJobs, PaperTables
from fusebench.planning.selection import Selection, select
from fusebench.planning.session import begun_session, told_session
from fusebench.planning.steps import StepJobs
from fusebench.planning.training import TrainingJobs
from fusebench.registry.copies import store_copies
from fusebench.registry.loading import load_registry
from fusebench.registry.training import all_trained
from fusebench.variables import put_python_first


@dataclass(frozen=True)
class Plan:
    """The parts of the plan.

    Attributes:
        grouping: how what is selected is grouped into jobs.
        session: as far as it is known when the configuration is read.
    """

    grouping: Grouping
    session: Session

    @property
    def selection(self) -> Selection:
        """What is selected."""
        return self.grouping.selection

    @cached_property
    def fusing(self) -> FusingJobs:
        """The fusing jobs."""
        return FusingJobs(self.grouping)

    @cached_property
    def training(self) -> TrainingJobs:
        """The jobs that train."""
        return TrainingJobs(self.selection)

    @cached_property
    def steps(self) -> StepJobs:
        """The other jobs of a suite."""
        return StepJobs(self.selection, self.grouping)

    @cached_property
    def papers(self) -> PaperTables:
        """The tables and figures of papers."""
        return PaperTables(self.grouping)

    @cached_property
    def paper_jobs(self) -> PaperJobs:
        """The jobs of tables and figures of papers."""
        return PaperJobs(self.papers)

    @cached_property
    def evidence(self) -> EvidencePlan:
        """Which evidence there is."""
        return make_evidence_plan(self.grouping)

    @cached_property
    def evidence_jobs(self) -> EvidenceJobs:
        """The jobs of the evidence."""
        return EvidenceJobs(self.evidence, self.steps)

    def methods_on(self, kind: DeviceKind) -> str:
        """Return a regular expression for the methods that run on one kind of device."""
        known = self.selection.registry.methods
        methods = (*known.values(), *all_trained(known))
        return methods_on(methods, self.selection.device, kind)

    def trained_on(self, kind: DeviceKind) -> str:
        """Return a regular expression for the entries that are trained on one kind of device."""
        on_gpu = self.training.methods_on("cuda")
        return one_of(on_gpu) if kind == "cuda" else none_of(on_gpu)

    def ending(self, session: Session) -> Ending:
        """Return what the end of the run says."""
        return Ending(self.steps, self.grouping, self.evidence, session.tables_only)


def make_plan(
    root: Path,
    options: Mapping[str, Any],
    on_cluster: bool = False,
) -> Plan:
    """Read the registry and plan a run.

    Args:
        root: the project's folder.
        options: the whole configuration, as Snakemake has it.
        on_cluster: each job gets its GPUs from a scheduler.

    Raises:
        RegistryError: a file of the registry is wrong.
    """
    told = told_session()
    copies = told.registry if told else ""
    registry = load_registry(root, options, copies=copies)
    copies = copies or store_copies(root, registry.texts)
    session = begun_session(registry.config, on_cluster, copies)
    put_python_first()
    grouping = Grouping(select(registry, session.device), session.on_cluster)
    return Plan(grouping, session)

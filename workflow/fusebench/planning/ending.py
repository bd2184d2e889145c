"""What a run prints at its end.

It prints the tables of the suites, what failed, and where the files are; or the results of the
evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fusebench.contracts.evidence import ClaimResults, SelfcheckResult
from fusebench.contracts.files import read_stored
from fusebench.contracts.tables import CellList
from fusebench.errors import UnreadableFile
from fusebench.evidence.comparison import VERDICTS as SELFCHECK_VERDICTS
from fusebench.evidence.judging import VERDICTS as CLAIM_VERDICTS
from fusebench.evidence.tables import counted
from fusebench.fuse.records import read_records
from fusebench.layout import record_path
from fusebench.planning.evidence import EvidencePlan
from fusebench.planning.grouping import Grouping
from fusebench.planning.steps import StepJobs, table_files

MOST_TABLES = 12
"""More tables than this are only listed: a terminal is no place to read them."""

EVIDENCE_TARGETS = frozenset({"selfcheck", "claims", "evidence", "spread"})


@dataclass(frozen=True)
class Ending:
    """What the end of a run says.

    Attributes:
        steps: what was asked for.
        grouping: of its datasets.
        evidence: which evidence there is.
        tables_only: nothing but tables and figures was asked for.
    """

    steps: StepJobs
    grouping: Grouping
    evidence: EvidencePlan
    tables_only: bool

    def text(self, targets: Iterable[str]) -> str:
        """Return the text that ends a run.

        It is about the evidence where that was asked for, else about the suites.
        """
        asked = EVIDENCE_TARGETS.intersection(targets)
        try:
            return "\n".join(["", *self._evidence(asked)]) if asked else self._suites()
        except UnreadableFile as error:
            return f"\n{error}"

    @property
    def root(self) -> Path:
        """The folder of the project."""
        return self.grouping.selection.registry.root

    def _suites(self) -> str:
        """Return the tables of the selected suites.

        Where cells have not been run yet, return only which ones are missing.
        """
        records = [record_path(*cell) for cell in self.grouping.selection.cells]
        missing = [record for record in records if not (self.root / record).exists()]
        if missing:
            return (
                f"\nnot finished: {len(missing)} of {len(records)} cells have not been run, first:"
                f" {missing[0]}"
            )
        failed = self._failed(self.steps.collected)
        return "\n\n".join(filter(None, ["", *self._tables(), failed, self._places()]))

    def _tables(self) -> Iterator[str]:
        from fusebench.compare import read_measures, terminal_table

        shown = self.steps.suite_tables
        for suite, dataset in shown if len(shown) <= MOST_TABLES else []:
            measures = self.root / self.grouping.measured_in(dataset)
            if measures.exists():
                job = self.steps.table(suite, dataset)
                records = read_records(job.cells, self.root)
                yield terminal_table(job.table, records, read_measures([measures]))

    def _failed(self, cells: CellList) -> str:
        from fusebench.compare import failures

        failed = failures(read_records(CellList(runs=cells.runs, skipped=[]), self.root))
        when = (
            "not tried again for tables and figures alone; `snakemake` tries them again"
            if self.tables_only
            else "and tried again by the next run"
        )
        return f"FAILED, {when}:\n{failed}" if failed else ""

    def _places(self) -> str:
        files = table_files(self.steps.suite_tables)
        tables = "\n".join(f"  {file}" for file in files if file.endswith(".md"))
        return (
            "values per image  results/measures.csv\n"
            "states            results/status.csv\n"
            "fused images      results/runs/<method>/<dataset>/fused/\n"
            f"tables (also .csv and .tex):\n{tables}"
        )

    def _evidence(self, asked: frozenset[str]) -> Iterator[str]:
        if asked & {"selfcheck", "evidence"}:
            yield from self._checks()
        if asked & {"claims", "evidence"}:
            files = [self.root / file for file in self.evidence.judged_claims]
            judged = [read_stored(file, ClaimResults) for file in files if file.exists()]
            verdicts = [row.verdict for results in judged for row in results.claims]
            yield f"claims: {counted(verdicts, CLAIM_VERDICTS)} (results/claims.md, .csv)"
        if "spread" in asked:
            count = len(self.evidence.spreads)
            yield f"means with their spread: {count} cells (results/spread.md, .csv)"
        if "evidence" in asked:
            yield "pages: results/evidence/summary.md and results/evidence/<method>.md"

    def _checks(self) -> Iterator[str]:
        files = [self.root / file for file in self.evidence.judged_checks]
        checks = [read_stored(file, SelfcheckResult) for file in files if file.exists()]
        yield from (_check_line(check) for check in checks)
        verdicts = counted([check.verdict for check in checks], SELFCHECK_VERDICTS)
        yield f"self-checks: {verdicts} of {len(files)} (results/selfcheck.md, .csv)"
        images = [image.verdict for check in checks for image in check.images]
        yield f"images: {counted(images, SELFCHECK_VERDICTS)}"


def _check_line(check: SelfcheckResult) -> str:
    runs = check.determinism
    repeated = f", {runs.verdict}" if len(runs.runs) > 1 else ""
    reason = " ".join(check.reason.split())
    line = f"{check.method} ({check.check}): {check.verdict}{repeated}"
    return line + (f": {reason}" if reason else "")

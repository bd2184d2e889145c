"""What a run prints at its end.

It speaks of what the run was asked for: the tables of the suites, what failed, and where the files
are; the results of the evidence; single cells; or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fusebench.compare.wording import SUSPICIOUS_RESULTS
from fusebench.contracts.evidence import ClaimResults, SelfcheckResult
from fusebench.contracts.files import read_stored
from fusebench.contracts.records import Record
from fusebench.contracts.tables import CellList
from fusebench.errors import UnreadableFile
from fusebench.evidence.comparison import VERDICTS as SELFCHECK_VERDICTS
from fusebench.evidence.judging import VERDICTS as CLAIM_VERDICTS
from fusebench.evidence.tables import counted
from fusebench.fuse.records import read_records
from fusebench.layout import FUSED, cell_folder, cell_log, record_path
from fusebench.planning.asked import Asked, AskedCell, asked_for
from fusebench.planning.evidence import EvidencePlan
from fusebench.planning.grouping import Grouping
from fusebench.planning.papers import PaperTables
from fusebench.planning.steps import StepJobs, table_files

MOST_TABLES = 12
"""More tables than this are only listed: a terminal is no place to read them."""


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

    def text(self, targets: Iterable[str], *, failed: bool = False) -> str:
        """Return the text that ends a run: a paragraph for each kind of thing that was asked for.

        Where there is evidence to tell, the tables of suites are not printed.

        Args:
            targets: the rules and files that were asked for; without any, the selected suites.
            failed: whether a job of the run failed.
        """
        try:
            return "\n" + "\n\n".join(filter(None, self._paragraphs(asked_for(targets), failed)))
        except UnreadableFile as error:
            return f"\n{error}"

    def _paragraphs(self, asked: Asked, failed: bool) -> Iterator[str]:
        if asked.evidence:
            yield "\n".join(self._evidence(asked.evidence))
        elif asked.suites:
            yield self._suites()
        if asked.fetched:
            yield self._fetched()
        if asked.figures:
            yield "\n".join(self._figures(failed))
        yield "\n".join(_file_line(self.root, file, failed) for file in asked.files)
        yield "\n".join(self._cells(asked.cells))
        yield self._failed(self._named(asked))

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
                f"not finished: {len(missing)} of {len(records)} cells have not been run, first:"
                f" {missing[0]}"
            )
        failed = self._failed(self.steps.collected)
        return "\n\n".join(filter(None, [*self._tables(), failed, self._places()]))

    def _named(self, asked: Asked) -> CellList:
        """Return the cells of single cells, tables and pages that were asked for, if they ran."""
        named: list[tuple[str, str]] = [*asked.cells]
        for table in asked.tables:
            methods = self.steps.table(*table).cells.runs.get(table.dataset, [])
            named += [(method, table.dataset) for method in methods]
        if asked.shows_suites and not asked.suites:
            named += self.grouping.selection.cells
        runs: dict[str, list[str]] = {}
        for method, dataset in dict.fromkeys(named):
            if (self.root / record_path(method, dataset)).exists():
                runs.setdefault(dataset, []).append(method)
        return CellList(runs=runs, skipped=[])

    def _cells(self, cells: Iterable[AskedCell]) -> Iterator[str]:
        """Yield how many images each cell has; cells without a result follow with their reason."""
        for cell in cells:
            path = self.root / record_path(*cell)
            record = read_stored(path, Record) if path.exists() else None
            if record is None:
                log = cell_log(*cell)
                yield f"not finished: {cell.method} on {cell.dataset} has not been run; log: {log}"
            elif record.is_ok:
                folder = f"{cell_folder(*cell)}/{FUSED}/"
                count = f"{len(record.images)} fused image{'s'[: len(record.images) != 1]}"
                yield f"{cell.method} on {cell.dataset}: ok, {count} in {folder}"

    def _fetched(self) -> str:
        """Return how much of what needs a network is here, and why the rest is not."""
        wanted = self.grouping.selection.fetched
        here = {
            path: read_stored(self.root / path, kind)
            for path, kind in wanted.items()
            if (self.root / path).exists()
        }
        missing = [
            *(f"{path}: {one.state}: {one.reason}" for path, one in here.items() if not one.is_ok),
            *(f"{path}: not finished" for path in wanted if path not in here),
        ]
        count = f"fetched or built: {len(wanted) - len(missing)} of {len(wanted)}"
        return "\n  ".join([f"{count}; without a result:" if missing else count, *missing])

    def _tables(self) -> Iterator[str]:
        from fusebench.compare import read_measures, terminal_table
        from fusebench.compare.terminal import terminal_width

        width = terminal_width()
        shown = self.steps.suite_tables
        for suite, dataset in shown if len(shown) <= MOST_TABLES else []:
            measures = self.root / self.grouping.measured_in(dataset)
            if measures.exists():
                job = self.steps.table(suite, dataset)
                records = read_records(job.cells, self.root)
                yield terminal_table(job.table, records, read_measures([measures]), width)

    def _failed(self, cells: CellList) -> str:
        from fusebench.compare import failures, suspicions

        records = read_records(CellList(runs=cells.runs, skipped=[]), self.root)
        failed, suspicious = failures(records), suspicions(records)
        when = (
            "not tried again for tables and figures alone; `snakemake` tries them again"
            if self.tables_only
            else "and tried again by the next run"
        )
        return "\n\n".join(
            f"{what}:\n{which}"
            for what, which in (
                (f"FAILED, {when}", failed),
                (f"SUSPICIOUS: {SUSPICIOUS_RESULTS}", suspicious),
            )
            if which
        )

    def _places(self) -> str:
        files = table_files(self.steps.suite_tables)
        tables = "\n".join(f"  {file}" for file in files if file.endswith(".md"))
        return (
            "values per image  results/measures.csv\n"
            "states            results/status.csv\n"
            "fused images      results/runs/<method>/<dataset>/fused/\n"
            f"tables (also .csv and .tex):\n{tables}"
        )

    def _figures(self, failed: bool) -> Iterator[str]:
        """Yield how many figures each folder has, and each figure that is missing."""
        folders: dict[str, list[str]] = {}
        for file in PaperTables(self.grouping).figure_files:
            folders.setdefault(file.rpartition("/")[0], []).append(file)
        for folder, files in folders.items():
            there = [file for file in files if (self.root / file).exists()]
            if there:
                count = f"{len(there)} figure{'s'[: len(there) != 1]} (PDF, PNG, data)"
                yield f"{_written(failed)}: {count} in {folder}/"
            yield from (f"not written: {file}" for file in files if file not in there)

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
        others = "" if files else "; --config suite=all asks for those of the whole registry"
        yield f"self-checks: {verdicts} of {len(files)} (results/selfcheck.md, .csv){others}"
        images = [image.verdict for check in checks for image in check.images]
        yield f"images: {counted(images, SELFCHECK_VERDICTS)}"


def _file_line(root: Path, file: str, failed: bool) -> str:
    """Say whether a file that was asked for is there."""
    if not (root / file).exists():
        return f"not written: {file}"
    line = f"{_written(failed)}: {file}"
    if file.endswith(".html"):
        line += f"\n  to open in a browser: {(root / file).resolve().as_uri()}"
    return line


def _written(failed: bool) -> str:
    return "perhaps of an earlier run" if failed else "written"


def _check_line(check: SelfcheckResult) -> str:
    runs = check.determinism
    repeated = f", {runs.verdict}" if len(runs.runs) > 1 else ""
    reason = " ".join(check.reason.split())
    line = f"{check.method} ({check.check}): {check.verdict}{repeated}"
    return line + (f": {reason}" if reason else "")

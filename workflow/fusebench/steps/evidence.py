"""The steps of the evidence: images of self-checks, verdicts, their tables and pages."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from fusebench.contracts.evidence import ClaimResults, SelfcheckResult, SpreadResult
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.jobs.evidence import ClaimsJob, CommittedJob, SelfcheckJob, SpreadJob
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import Manifest, SourceMarker
from fusebench.errors import DatasetUnavailable
from fusebench.markers import mark_step, print_left_out

ROOT = Path()
AUTHORS_ONLY = "the committed images are compared with the authors' weights alone"


def committed_images(job: CommittedJob, attempt: int, source: Path, marker: Path) -> None:
    """Copy the committed images of a self-check out of the method's clone.

    The log says which inputs belong to no pair.
    """
    from fusebench.evidence.committed import prepare_committed

    known, folder = read_stored(source, SourceMarker), marker.with_suffix("")
    manifest = mark_step(
        marker,
        attempt,
        lambda: prepare_committed(known, job, folder),
        lambda error: Manifest(state=error.state, reason=str(error)),
        DatasetUnavailable,
    )
    print_left_out(marker.stem, manifest)


def selfcheck(job: SelfcheckJob, images: Path, records: list[Path], output: Path) -> None:
    """Compare the runs of a self-check with the committed outputs, and with each other."""
    from fusebench.evidence.selfcheck import judge_selfcheck

    write_stored(output, judge_selfcheck(job, images, records))


def spread(job: SpreadJob, images: Path, records: list[Path], output: Path) -> None:
    """Compare the runs of a method on a dataset with each other."""
    from fusebench.evidence.determinism import judge_cell

    write_stored(output, judge_cell(job, images, records))


def claims(job: ClaimsJob, output: Path) -> None:
    """Compare the claims about a method with what is measured here."""
    from fusebench.evidence.judging import MeasuredHere, judge, measured_on
    from fusebench.registry.claims import claims_of

    found = [
        replace(claim, method=job.method)
        for claim in claims_of(job.entry or job.method, job.claims, ROOT)
    ]
    results = []
    for dataset, group in groupby(
        sorted(found, key=lambda claim: claim.dataset), key=lambda claim: claim.dataset
    ):
        here, images = list(group), job.images.get(dataset)
        measured = MeasuredHere(job.reason or (AUTHORS_ONLY if job.entry else ""))
        if images:
            records = [ROOT / record for record in images.records]
            measured = measured_on(here, ROOT / images.manifest, records)
        results += [judge(claim, measured, seeds=bool(job.entry)) for claim in here]
    write_stored(output, ClaimResults(claims=results))


def spread_table(spreads: list[Path], output: Path) -> None:
    """Write the means of all repeated cells with their spread, in CSV and Markdown."""
    from fusebench.evidence.tables import write_spreads

    write_spreads(output, [read_stored(path, SpreadResult) for path in spreads])


def claims_table(claims: list[Path], output: Path) -> None:
    """Write all claims as one table, in CSV and Markdown."""
    from fusebench.evidence.tables import write_claims

    write_claims(output, [row for path in claims for row in read_stored(path, ClaimResults).claims])


def selfcheck_table(checks: list[Path], output: Path) -> None:
    """Write all self-checks as one table, in CSV and Markdown."""
    from fusebench.evidence.tables import write_selfchecks

    write_selfchecks(output, [read_stored(path, SelfcheckResult) for path in checks])


def evidence_pages(
    methods: list[str],
    checks: list[Path],
    claims: list[Path],
    output: Path,
    session: Session | None = None,
) -> None:
    """Write one page for each method, and the summary."""
    from fusebench.evidence.pages import write_pages
    from fusebench.registry.methods_file import read_methods

    known = read_methods(ROOT, session.registry if session else "")
    write_pages(
        output.parent,
        [known[name] for name in methods],
        [read_stored(path, SelfcheckResult) for path in checks],
        [row for path in claims for row in read_stored(path, ClaimResults).claims],
    )

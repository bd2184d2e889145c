"""The result of a self-check: every image beside the committed one, further runs, and proof."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fusebench.contracts.evidence import (
    CheckedRun,
    ComparedImage,
    SelfcheckFiles,
    SelfcheckResult,
)
from fusebench.contracts.files import read_stored
from fusebench.contracts.jobs.evidence import SelfcheckJob
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.evidence.committed import NO_OUTPUT
from fusebench.evidence.comparison import VERDICTS, compare_run, worst
from fusebench.evidence.determinism import judge_runs
from fusebench.evidence.exchange import words_on_exchange
from fusebench.evidence.judging import proof_of
from fusebench.layout import EXCHANGED, FUSED
from fusebench.texts import first_of

MOST_NAMED = 5
"""More names than this are only counted in a reason; the page has them all."""


def judge_selfcheck(job: SelfcheckJob, marker: Path, records: Sequence[Path]) -> SelfcheckResult:
    """Return what a self-check found.

    Args:
        job: which check, with which tolerance.
        marker: of the committed images.
        records: of the runs, the first one first.

    Raises:
        UnreadableFile: the marker or a record is damaged, or of another version.
    """
    manifest = read_stored(marker, Manifest)
    contents = [read_stored(path, Record) for path in records]
    first, folders = contents[0], [path.parent for path in records]
    images = compare_run(manifest, first, folders[0] / FUSED, job.tolerance)
    verdicts = [image.verdict for image in images]
    verdict = worst(verdicts)
    other = folders[0].parent / EXCHANGED
    words = words_on_exchange(manifest, first, other, job.tolerance, verdict)
    return SelfcheckResult(
        method=job.method,
        check=job.check,
        verdict=verdict,
        reason="; ".join(filter(None, [_reason(images, first), words, _left_over(manifest)])),
        tolerance=job.tolerance,
        counts={word: verdicts.count(word) for word in VERDICTS if word in verdicts},
        images=images,
        unpaired=manifest.unpaired or [],
        files=SelfcheckFiles(marker=str(marker), fused=str(folders[0] / FUSED)),
        determinism=judge_runs(manifest, contents, folders, job.metrics),
        record=_checked_run(first),
        proof=proof_of(first, manifest),
    )


def _checked_run(record: Record) -> CheckedRun:
    return CheckedRun(**{name: getattr(record, name) for name in CheckedRun.__struct_fields__})


def _left_over(manifest: Manifest) -> str:
    """Name the committed outputs that belong to no pair: nothing was compared with them."""
    names = manifest.unpaired or []
    return f"committed outputs without inputs: {first_of(names, MOST_NAMED)}" if names else ""


def _reason(images: Sequence[ComparedImage], record: Record) -> str:
    """Return the reason of a verdict, where the verdict alone does not tell it."""
    if not record.is_ok:
        return f"{record.state}: {record.reason}"
    if all(image.reason == NO_OUTPUT for image in images):
        return "the authors committed no output for these inputs"
    told = (f"{image.name}: {image.reason}" for image in images if image.reason)
    return "; ".join(dict.fromkeys(told))

"""The tables of all self-checks and claims: CSV with every digit, Markdown for readers."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from fusebench.compare.markdown import escaped
from fusebench.contracts.evidence import (
    ClaimResult,
    ComparedImage,
    Proof,
    SelfcheckResult,
    SpreadResult,
)
from fusebench.evidence.comparison import VERDICTS as SELFCHECK_VERDICTS
from fusebench.evidence.comparison import worst_image
from fusebench.evidence.judging import VERDICTS as CLAIM_VERDICTS
from fusebench.files import write_text

Columns = Mapping[str, object]
"""Name of a column -> its value in one row."""

CLAIM_COLUMNS = (
    *(
        "method",
        "dataset",
        "images",
        "image",
        "metric",
        "definition",
        "value",
        "decimals",
        "measured",
        "difference",
    ),
    *("tolerance", "spread", "verdict", "reason", "where", "source", "inputs"),
    *("outputs", "commit", "environment", "weights"),
)
CHECK_COLUMNS = (
    *(
        "method",
        "check",
        "image",
        "verdict",
        "max_abs",
        "mean_abs",
        "psnr",
        "differing",
        "lossy",
        "reason",
        "inputs",
    ),
    *("ours", "theirs", "commit", "environment", "weights"),
)
SPREAD_COLUMNS = (
    "method",
    "dataset",
    "verdict",
    "runs",
    "metric",
    "mean",
    "range",
    "range_of_one_image",
    "reason",
)
MOST_ROWS = 400
"""More claims than this are only counted in Markdown; the CSV file has all of them."""


def write_claims(path: Path, rows: Sequence[ClaimResult]) -> None:
    """Write claims as ``path`` (CSV) and beside it in Markdown."""
    _write_csv(path, CLAIM_COLUMNS, [_claim_columns(row) for row in rows])
    lines = [
        "# Claims",
        "",
        counted([row.verdict for row in rows], CLAIM_VERDICTS),
        "",
        *claims_table(_shown(rows)),
    ]
    write_text(path.with_suffix(".md"), "\n".join(lines) + "\n")


def _claim_columns(row: ClaimResult) -> Columns:
    return {**_columns(row), **_proof_columns(row.proof)}


def _columns(row: msgspec.Struct) -> Columns:
    """Return the fields of a structure as columns; what is not known is left empty."""
    return {name: getattr(row, name) for name in row.__struct_fields__}


def _shown(rows: Sequence[ClaimResult]) -> list[ClaimResult]:
    """Return the rows to show: where there are too many, those of whole sets of images."""
    return [row for row in rows if len(rows) <= MOST_ROWS or not row.image]


def write_selfchecks(path: Path, checks: Sequence[SelfcheckResult]) -> None:
    """Write self-checks as ``path`` (CSV) and beside it in Markdown.

    The CSV file has one line for each image, the Markdown one line for each check.
    """
    _write_csv(path, CHECK_COLUMNS, [row for check in checks for row in _image_rows(check)])
    images = [image.verdict for check in checks for image in check.images]
    lines = [
        "# Self-checks",
        "",
        f"Checks: {counted([check.verdict for check in checks], SELFCHECK_VERDICTS)}.",
        f"Images: {counted(images, SELFCHECK_VERDICTS)}.",
        "",
        *selfcheck_table(checks),
    ]
    write_text(path.with_suffix(".md"), "\n".join(lines) + "\n")


def _image_rows(check: SelfcheckResult) -> Iterator[Columns]:
    shared = {"method": check.method, "check": check.check, **_proof_columns(check.proof)}
    if not check.images:
        yield {**shared, "verdict": check.verdict, "reason": check.reason}
    for image in check.images:
        columns = _columns(image)
        lossy = image.lossy if image.max_abs is not None else None
        theirs = image.theirs or None
        inputs = " ".join(image.inputs.values())
        yield {
            **shared,
            **columns,
            "image": image.name,
            "inputs": inputs,
            "lossy": lossy,
            "theirs": theirs,
        }


def _proof_columns(proof: Proof | None) -> Columns:
    """Return what a verdict rests on as columns; a source without a commit is named by its tree."""
    if proof is None:
        return {}
    return {
        "inputs": proof.inputs,
        "outputs": proof.outputs,
        "commit": proof.commit or proof.tree,
        "environment": proof.environment.key,
        "weights": " ".join(f"{path}:{digest}" for path, digest in proof.weights.items()),
    }


def selfcheck_table(checks: Iterable[SelfcheckResult]) -> list[str]:
    """Return self-checks as lines of a Markdown table."""
    heads = [
        *("method", "images", "verdict", "by image", "worst image", "max", "mean", "PSNR"),
        *("differing", "repeated", "why"),
    ]
    return markdown_table(heads, [_check_row(check) for check in checks])


def _check_row(check: SelfcheckResult) -> list[str]:
    worst = worst_image(check.images)
    numbers = difference_shown(worst) if worst else [""] * 5
    counts = ", ".join(f"{count} {word}" for word, count in check.counts.items())
    runs = check.determinism
    reason = " ".join((check.reason or (runs.reason if len(runs.runs) > 1 else "")).split())
    return [check.method, check.check, check.verdict, counts, *numbers, runs.verdict, reason]


def difference_shown(image: ComparedImage) -> list[str]:
    """Return the columns of a compared image as text.

    They are its name, greatest and mean difference, PSNR and share of differing pixels.
    """
    return [
        image.name,
        str(image.max_abs),
        f"{image.mean_abs or 0:.4f}",
        "" if image.psnr is None else f"{image.psnr:.1f}",
        f"{100 * (image.differing or 0):.3f} %",
    ]


def claims_table(rows: Iterable[ClaimResult]) -> list[str]:
    """Return claims as lines of a Markdown table."""
    heads = [
        *("method", "images", "metric", "claimed", "measured", "difference", "tolerance"),
        *("verdict", "why", "where"),
    ]
    return markdown_table(heads, [_claim_row(row) for row in rows])


def _claim_row(row: ClaimResult) -> list[str]:
    digits = row.decimals + 2
    numbers = (row.measured, row.difference, row.tolerance)
    where = ", ".join(filter(None, [row.where, row.source]))
    return [
        row.method,
        (row.dataset or row.images) + (f" {row.image}" if row.image else ""),
        row.id,
        f"{row.value:.{row.decimals}f}",
        *("" if number is None else f"{number:.{digits}f}" for number in numbers),
        row.verdict,
        row.reason,
        where,
    ]


def write_spreads(path: Path, cells: Sequence[SpreadResult]) -> None:
    """Write repeated cells as ``path`` (CSV) and beside it in Markdown.

    The CSV file has one line for each metric, the Markdown one row for each cell.
    """
    _write_csv(path, SPREAD_COLUMNS, [row for cell in cells for row in _spread_rows(cell)])
    metrics = list(dict.fromkeys(name for cell in cells for name in cell.determinism.metrics))
    rows = [
        [
            cell.method,
            cell.dataset,
            f"{cell.determinism.verdict} ({len(cell.determinism.runs)} runs)",
            *(_mean(cell, name) for name in metrics),
        ]
        for cell in cells
    ]
    lines = [
        "# Means and their spread",
        "",
        "Mean over the runs, plus or minus half the range of the means.",
        "",
        *markdown_table(["method", "dataset", "verdict", *metrics], rows),
    ]
    write_text(path.with_suffix(".md"), "\n".join(lines) + "\n")


def _spread_rows(cell: SpreadResult) -> list[Columns]:
    """Return one row for each metric of a repeated cell, or one with the reason if it has none."""
    found = cell.determinism
    shared: Columns = {
        "method": cell.method,
        "dataset": cell.dataset,
        "verdict": found.verdict,
        "runs": len(found.runs),
        "reason": found.reason,
    }
    rows: list[Columns] = [
        {**shared, "metric": name, **_columns(one)} for name, one in found.metrics.items()
    ]
    return rows or [shared]


def _mean(cell: SpreadResult, name: str) -> str:
    value = cell.determinism.metrics.get(name)
    return f"{value.mean:.4f} ± {value.range / 2:.4f}" if value else ""


def counted(verdicts: Iterable[str], order: Iterable[str]) -> str:
    """Return the number of each verdict, in words: ``3 exact, 1 close``."""
    counts = Counter(verdicts)
    return ", ".join(f"{counts[word]} {word}" for word in order if counts[word]) or "none"


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table as lines of Markdown; the cells are escaped."""
    lines = [
        heads,
        ["---"] * len(heads),
        *([escaped(" ".join(cell.split())) for cell in row] for row in rows),
    ]
    return [f"| {' | '.join(line)} |" for line in lines]


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Columns]) -> None:
    import csv

    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, stream.getvalue())

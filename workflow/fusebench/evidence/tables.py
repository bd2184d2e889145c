"""The tables of all self-checks and all claims, in CSV with every digit and in Markdown to be read."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fusebench.compare.markdown import escaped
from fusebench.evidence.comparison import VERDICTS as SELFCHECK_VERDICTS
from fusebench.evidence.comparison import worst_image
from fusebench.evidence.judging import VERDICTS as CLAIM_VERDICTS
from fusebench.files import write_text

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


def write_claims(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write claims as ``path`` (CSV) and beside it in Markdown."""
    _write_csv(path, CLAIM_COLUMNS, [{**row, **_proof_columns(row["proof"])} for row in rows])
    lines = [
        "# Claims",
        "",
        counted([row["verdict"] for row in rows], CLAIM_VERDICTS),
        "",
        *claims_table(_shown(rows)),
    ]
    write_text(path.with_suffix(".md"), "\n".join(lines) + "\n")


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that a reader is shown: where there are too many, those of whole sets of images."""
    return rows if len(rows) <= MOST_ROWS else [row for row in rows if not row["image"]]


def write_selfchecks(path: Path, checks: list[dict[str, Any]]) -> None:
    """Write self-checks as ``path`` (CSV, one line for each image) and beside it in Markdown, one line for each check."""
    _write_csv(path, CHECK_COLUMNS, [row for check in checks for row in _image_rows(check)])
    images = [image["verdict"] for check in checks for image in check["images"]]
    lines = [
        "# Self-checks",
        "",
        f"Checks: {counted([check['verdict'] for check in checks], SELFCHECK_VERDICTS)}.",
        f"Images: {counted(images, SELFCHECK_VERDICTS)}.",
        "",
        *selfcheck_table(checks),
    ]
    write_text(path.with_suffix(".md"), "\n".join(lines) + "\n")


def _image_rows(check: dict[str, Any]) -> Iterable[dict[str, Any]]:
    shared = {"method": check["method"], "check": check["check"], **_proof_columns(check["proof"])}
    if not check["images"]:
        yield {**shared, "verdict": check["verdict"], "reason": check["reason"]}
    for image in check["images"]:
        inputs = " ".join(image["inputs"].values())
        yield {**shared, **image, "image": image["name"], "inputs": inputs}


def _proof_columns(proof: dict[str, Any]) -> dict[str, Any]:
    """Return what a verdict rests on as columns; a source without a commit is told by its tree."""
    if not proof:
        return {}
    return {
        "inputs": proof["inputs"],
        "outputs": proof["outputs"],
        "commit": proof["commit"] or proof["tree"],
        "environment": proof["environment"]["key"],
        "weights": " ".join(f"{path}:{digest}" for path, digest in proof["weights"].items()),
    }


def selfcheck_table(checks: Iterable[dict[str, Any]]) -> list[str]:
    """Return self-checks as lines of a Markdown table."""
    heads = [
        "method",
        "images",
        "verdict",
        "by image",
        "worst image",
        "max",
        "mean",
        "PSNR",
        "differing",
        "repeated",
        "why",
    ]
    return markdown_table(heads, [_check_row(check) for check in checks])


def _check_row(check: dict[str, Any]) -> list[str]:
    worst = worst_image(check["images"])
    numbers = difference_shown(worst) if worst else [""] * 5
    counts = ", ".join(f"{count} {word}" for word, count in check["counts"].items())
    runs = check["determinism"]
    reason = " ".join(
        (check["reason"] or (runs["reason"] if len(runs["runs"]) > 1 else "")).split()
    )
    return [
        check["method"],
        check["check"],
        check["verdict"],
        counts,
        *numbers,
        runs["verdict"],
        reason,
    ]


def difference_shown(image: dict[str, Any]) -> list[str]:
    """Return name, greatest and mean difference, PSNR and share of differing pixels of one image as text."""
    psnr = "" if image["psnr"] is None else f"{image['psnr']:.1f}"
    return [
        image["name"],
        str(image["max_abs"]),
        f"{image['mean_abs']:.4f}",
        psnr,
        f"{100 * image['differing']:.3f} %",
    ]


def claims_table(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Return claims as lines of a Markdown table."""
    heads = [
        "method",
        "images",
        "metric",
        "claimed",
        "measured",
        "difference",
        "tolerance",
        "verdict",
        "why",
        "where",
    ]
    return markdown_table(heads, [_claim_row(row) for row in rows])


def _claim_row(row: dict[str, Any]) -> list[str]:
    images = row["dataset"] or row["images"]
    measured = ["", "", ""]
    if "measured" in row:
        digits = row["decimals"] + 2
        measured = [f"{row[key]:.{digits}f}" for key in ("measured", "difference", "tolerance")]
    where = ", ".join(filter(None, [row["where"], row["source"]]))
    image = f" {row['image']}" if row["image"] else ""
    return [
        row["method"],
        images + image,
        row["id"],
        f"{row['value']:.{row['decimals']}f}",
        *measured,
        row["verdict"],
        row["reason"],
        where,
    ]


def write_spreads(path: Path, cells: list[dict[str, Any]]) -> None:
    """Write repeated cells as ``path`` (CSV, one line for each metric) and beside it in Markdown, a row for each cell."""
    _write_csv(path, SPREAD_COLUMNS, [row for cell in cells for row in _spread_rows(cell)])
    metrics = list(dict.fromkeys(name for cell in cells for name in cell["metrics"]))
    rows = [
        [
            cell["method"],
            cell["dataset"],
            f"{cell['verdict']} ({len(cell['runs'])} runs)",
            *(_mean(cell, name) for name in metrics),
        ]
        for cell in cells
    ]
    lines = [
        "# Means and their spread",
        "",
        "Mean over the runs, plus or minus half the range of the means.",
        "",
    ]
    write_text(
        path.with_suffix(".md"),
        "\n".join([*lines, *markdown_table(["method", "dataset", "verdict", *metrics], rows)])
        + "\n",
    )


def _spread_rows(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each metric of a repeated cell; a cell without values has one that says why."""
    shared = {**cell, "runs": len(cell["runs"])}
    return [{**shared, "metric": name, **value} for name, value in cell["metrics"].items()] or [
        shared
    ]


def _mean(cell: dict[str, Any], name: str) -> str:
    value = cell["metrics"].get(name)
    return f"{value['mean']:.4f} ± {value['range'] / 2:.4f}" if value else ""


def counted(verdicts: Iterable[str], order: Iterable[str]) -> str:
    """Return how many there are of each verdict, in words: ``3 exact, 1 close``."""
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


def _write_csv(path: Path, columns: Sequence[str], rows: list[dict[str, Any]]) -> None:
    import csv

    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, stream.getvalue())

"""The judgement of a self-check: every image beside the committed one, further runs, and the proof of what was compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fusebench.evidence.committed import NO_OUTPUT
from fusebench.evidence.comparison import VERDICTS, compare_pair, worst
from fusebench.evidence.determinism import judge_runs
from fusebench.evidence.judging import proof_of
from fusebench.files import read_json
from fusebench.markers import OK

RECORD_FIELDS = (
    "state",
    "reason",
    "seconds",
    "versions",
    "deviations",
    "shims",
    "compat",
    "edits",
    "notes",
    "log",
)

MOST_NAMED = 5
"""More names than this are only counted in a reason; the page has them all."""


def judge_selfcheck(spec: dict[str, Any], marker: Path, records: list[Path]) -> dict[str, Any]:
    """Return what a self-check found.

    Args:
        spec: ``method``, ``check``, ``tolerance`` in gray levels, and ``metrics`` for the spread of further runs.
        marker: of the committed images.
        records: of the runs, the first one first.
    """
    manifest, contents = read_json(marker), [read_json(path) for path in records]
    first, folders = contents[0], [path.parent for path in records]
    images = _compared(manifest, first, folders[0], spec["tolerance"])
    verdict = worst([image["verdict"] for image in images])
    return {
        "method": spec["method"],
        "check": spec["check"],
        "verdict": verdict,
        "reason": "; ".join(filter(None, [_reason(images, first), _left_over(manifest)])),
        "tolerance": spec["tolerance"],
        "counts": {
            word: count
            for word in VERDICTS
            if (count := sum(image["verdict"] == word for image in images))
        },
        "images": images,
        "unpaired": manifest.get("unpaired", []),
        "files": {"marker": str(marker), "fused": str(folders[0] / "fused")},
        "determinism": judge_runs(manifest, contents, folders, spec["metrics"]),
        "record": {key: first.get(key) for key in RECORD_FIELDS},
        "proof": proof_of(first, manifest),
    }


def _compared(
    manifest: dict[str, Any], record: dict[str, Any], folder: Path, tolerance: float
) -> list[dict[str, Any]]:
    if manifest["state"] != OK or record["state"] != OK:
        return []
    ours = {image["name"]: image for image in record["images"]}
    return [
        compare_pair(pair, Path(manifest["path"]), ours[pair["name"]], folder / "fused", tolerance)
        for pair in manifest["pairs"]
    ]


def _left_over(manifest: dict[str, Any]) -> str:
    """Name the committed outputs that belong to no pair: nothing was compared with them."""
    names = manifest.get("unpaired", [])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"committed outputs without inputs: {', '.join(names[:MOST_NAMED])}{more}" if names else ""
    )


def _reason(images: list[dict[str, Any]], record: dict[str, Any]) -> str:
    """Say why a self-check gives what it gives, where the verdict alone does not."""
    if record["state"] != OK:
        return f"{record['state']}: {record['reason']}"
    if all(image.get("reason") == NO_OUTPUT for image in images):
        return "the authors committed no output for these inputs"
    return "; ".join(
        dict.fromkeys(
            f"{image['name']}: {image['reason']}" for image in images if image.get("reason")
        )
    )

"""What a run that asked for evidence prints at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fusebench.evidence.comparison import VERDICTS as SELFCHECK_VERDICTS
from fusebench.evidence.judging import VERDICTS as CLAIM_VERDICTS
from fusebench.evidence.tables import counted
from fusebench.files import read_json

if TYPE_CHECKING:
    from fusebench.evidence.plan import EvidencePlan

TARGETS = frozenset({"selfcheck", "claims", "evidence", "spread"})


def evidence_summary(evidence: EvidencePlan, targets: Iterable[str]) -> str:
    """Return the text that ends a run; ``""`` where none of the targets is one of the evidence's."""
    asked = TARGETS.intersection(targets)
    return "\n".join(["", *_lines(evidence, asked)]) if asked else ""


def _lines(evidence: EvidencePlan, asked: frozenset[str]) -> Iterator[str]:
    root = evidence.plan.registry.root
    if asked & {"selfcheck", "evidence"}:
        checks = [
            read_json(root / path) for path in evidence.judged_checks if (root / path).exists()
        ]
        yield from (_check_line(check) for check in checks)
        yield f"self-checks: {counted([check['verdict'] for check in checks], SELFCHECK_VERDICTS)} of {len(evidence.judged_checks)} (results/selfcheck.md, .csv)"
        images = [image["verdict"] for check in checks for image in check["images"]]
        yield f"images: {counted(images, SELFCHECK_VERDICTS)}"
    if asked & {"claims", "evidence"}:
        files = [
            read_json(root / path) for path in evidence.judged_claims if (root / path).exists()
        ]
        verdicts = [row["verdict"] for rows in files for row in rows]
        yield f"claims: {counted(verdicts, CLAIM_VERDICTS)} (results/claims.md, .csv)"
    if "spread" in asked:
        yield f"means with their spread: {len(evidence.spreads)} cells (results/spread.md, .csv)"
    if "evidence" in asked:
        yield "pages: results/evidence/summary.md and results/evidence/<method>.md"


def _check_line(check: dict[str, object]) -> str:
    runs = check["determinism"]
    repeated = f", {runs['verdict']}" if isinstance(runs, dict) and len(runs["runs"]) > 1 else ""
    reason = " ".join(str(check["reason"]).split())
    return f"{check['method']} ({check['check']}): {check['verdict']}{repeated}" + (
        f": {reason}" if reason else ""
    )

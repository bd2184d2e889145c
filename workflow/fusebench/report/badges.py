"""Badges that an author can put into a README: what was found here, and the rule behind each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from fusebench.evidence.comparison import EXACT
from fusebench.evidence.marks import REPRODUCED, worst_verdict
from fusebench.report.contents import Facts
from fusebench.states import OK

RULES = {
    "runs": "the authors' code ran on every dataset asked for, and its results are plausible",
    "exact": "self-checks give the authors' own committed images, byte for byte in their pixels",
    "reproduced": "self-checks give the authors' committed images, exactly or within tolerance",
    "numbers reproduced": "every published mean that can be compared is what is measured here",
}
"""Badge -> the rule behind it. A badge is given only where its rule holds."""

LETTER = 6.6
"""The width of a letter in 11 pixel Verdana or DejaVu Sans, on average."""
GREEN = "#1f7a3d"


def badges_of(method: Facts, runs: Sequence[Facts]) -> Iterator[str]:
    """Yield the badges of a method.

    Args:
        method: facts of the method, see ``contents.method_facts``.
        runs: facts of its runs, see ``contents.run_facts``.
    """
    verdict = worst_verdict(method["selfcheck"]) if method["selfcheck"] else ""
    compared = [c["verdict"] for c in method["claims"] if c["verdict"] in COMPARED]
    if runs and all(run["state"] == OK for run in runs):
        yield "runs"
    if verdict == EXACT:
        yield "exact"
    if verdict in REPRODUCED:
        yield "reproduced"
    if compared and set(compared) == {"reproduced"}:
        yield "numbers reproduced"


COMPARED = frozenset({"reproduced", "close", "not-reproduced"})
"""Verdicts of claims that something was compared for."""


def badge(text: str) -> str:
    """Return a badge as SVG: ``fusebench``, and a text on green."""
    left, right = _width("fusebench"), _width(text)
    label, width = escape(f"fusebench: {text}"), left + right
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img"',
            f' aria-label="{label}"><title>{label}</title>',
            f'<rect width="{width}" height="20" rx="3" fill="#444"/>',
            f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3}z"',
            f' fill="{GREEN}"/>',
            '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif"',
            f' font-size="11"><text x="{left / 2:g}" y="14">fusebench</text>',
            f'<text x="{left + right / 2:g}" y="14">{escape(text)}</text></g></svg>\n',
        ]
    )


def _width(text: str) -> int:
    return round(LETTER * len(text)) + 12

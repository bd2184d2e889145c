"""The mark of a method in tables and on the page.

It comes from the method's self-check, or else from ``verified`` in the registry.
"""

from __future__ import annotations

from fusebench.evidence.comparison import CLOSE, EXACT, VERDICTS, WITHIN, worst
from fusebench.evidence.comparison import NOTHING as NOTHING_COMPARED
from fusebench.registry.methods import Method

NOTHING = "–"
REPRODUCED = frozenset({EXACT, WITHIN, CLOSE})
"""Verdicts of a self-check that confirm a method."""


def evidence_mark(method: Method, self_check: str) -> str:
    """Return the mark of a method.

    Args:
        method: of the registry.
        self_check: its line in the evidence's summary, ``test: exact; more: close``; ``""`` where
            nothing was compared.
    """
    if self_check:
        return self_check
    return f"ran {method.verified.date}" if method.verified else NOTHING


def is_borne_out(method: Method, self_check: str) -> bool:
    """Say whether a method is confirmed, by the same facts as ``evidence_mark``."""
    return worst_verdict(self_check) in REPRODUCED if self_check else method.verified is not None


def compared_something(self_check: str) -> bool:
    """Say whether any image was compared for a line of the evidence's summary."""
    return worst_verdict(self_check) != NOTHING_COMPARED


def worst_verdict(self_check: str) -> str:
    """Return the worst verdict of a line of the summary.

    Such a line is ``test: exact; more: close``, or ``none``.
    """
    words = [check.rpartition(": ")[2] for check in self_check.split("; ")]
    return worst([word for word in VERDICTS if word in words])

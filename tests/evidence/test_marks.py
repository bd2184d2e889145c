"""The mark of a method is the verdict of its self-check, else that it ran."""

from __future__ import annotations

from typing import Any

import pytest
from fusebench.contracts.methods import Verified
from fusebench.evidence.comparison import VERDICTS
from fusebench.evidence.marks import (
    compared_something,
    evidence_mark,
    is_borne_out,
    worst_verdict,
)
from msgspec import UNSET

from tests.evidence.makers import idle_method

VERIFIED = Verified(date="2026-02-03", device="cpu", dataset="d", outputs_sha256="0" * 64)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("test: exact", "exact"),
        ("test: exact; more: close", "close"),
        ("one: differs; two: within-tolerance; three: exact", "differs"),
        ("test: size-differs; more: differs", "size-differs"),
        ("test: nothing-to-compare; more: exact", "exact"),
        ("test: nothing-to-compare", "nothing-to-compare"),
        ("none", "nothing-to-compare"),
        ("", "nothing-to-compare"),
        ("differs: exact", "exact"),
        ("within: tolerance: close", "close"),
    ],
)
def test_the_worst_verdict_of_a_line(line: str, verdict: str) -> None:
    """Names of checks are no verdicts.

    Checks without a comparison do not hide the others.
    """
    assert worst_verdict(line) == verdict
    assert compared_something(line) == (verdict != "nothing-to-compare")


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("verified", [None, VERIFIED])
def test_a_self_check_decides_over_what_ran(verdict: str, verified: Verified | None) -> None:
    """A date of a run does not confirm a method whose images differ from its authors'."""
    method = idle_method(verified=verified or "none")
    line = f"committed: {verdict}"
    assert evidence_mark(method, line) == line
    assert is_borne_out(method, line) == (verdict in ("exact", "within-tolerance", "close"))


@pytest.mark.parametrize(
    ("verified", "mark", "borne_out"),
    [(VERIFIED, "ran 2026-02-03", True), ("none", "–", False), (UNSET, "–", False)],
)
def test_without_a_self_check_the_registry_says_when_it_ran(
    verified: Any, mark: str, borne_out: bool
) -> None:
    """An entry without ``verified``, or with ``none``, has nothing to show."""
    method = idle_method(verified=verified)
    assert evidence_mark(method, "") == mark
    assert is_borne_out(method, "") is borne_out

"""Published numbers beside weights that were trained here with several seeds."""

from __future__ import annotations

import pytest
from fusebench.contracts.evidence import Claim
from fusebench.evidence.judging import MeasuredHere, judge


def claim(value: float) -> Claim:
    """Return a claim about the entropy of one pair."""
    return Claim(
        method="m@retrained",
        dataset="d",
        metric="EN",
        definition="canonical",
        value=value,
        decimals=2,
    )


def seeds(*values: float) -> MeasuredHere:
    """Return the values of some seeds on one pair."""
    return MeasuredHere("", tuple({"EN": {"p": value}} for value in values))


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(7.0, "within-seeds"), (7.2, "within-seeds"), (7.21, "outside-seeds"), (6.7, "outside-seeds")],
)
def test_a_claim_is_judged_by_the_spread_of_the_seeds(value: float, verdict: str) -> None:
    """It may lie twice their standard deviation, and half a digit, from their mean."""
    result = judge(claim(value), seeds(6.9, 7.0, 7.1), seeds=True)
    assert result.verdict == verdict
    assert result.measured == pytest.approx(7.0) and result.spread == pytest.approx(0.2)
    assert result.tolerance == pytest.approx(0.205)
    assert result.reason == "trained here with 3 seeds, standard deviation 0.10"


def test_the_same_number_is_no_reproduction() -> None:
    """The weights are others than those of the paper; one seed says nothing of the spread."""
    result = judge(claim(7.0), seeds(7.0), seeds=True)
    assert result.verdict == "within-seeds" and result.spread is None
    assert "with 1 seed," in result.reason
    assert judge(claim(7.0), seeds(7.0)).verdict == "reproduced"

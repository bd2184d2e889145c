"""One row for all seeds of a method that is trained here."""

from __future__ import annotations

import pytest
from fusebench.compare.contents import tabulate
from fusebench.compare.latex import latex
from fusebench.compare.markdown import markdown
from fusebench.compare.means import Mean
from fusebench.contracts.records import FusedImage, Record
from fusebench.contracts.tables import TableSpec
from fusebench.contracts.training import TrainedWith
from msgspec import convert
from msgspec.structs import replace

SPEC = TableSpec(
    suite="s",
    dataset="d",
    title="Pairs",
    methods={"m@retrained": "M (retrained, 2 seeds)", "other": "Other"},
    seeds={"m@retrained": ["m@retrained-seed1", "m@retrained-seed2"]},
    metrics=["EN"],
    decimals=2,
)
IMAGE = FusedImage(name="p", size=(4, 4), fused="p.png", mode="gray", sha256="0")


def record(method: str, state: str = "ok", reason: str = "") -> Record:
    """Return the record of a run on one pair."""
    made = Record(method=method, dataset="d", state="ok", reason=reason, images=[IMAGE])
    return (
        made
        if state == "ok"
        else Record(method=method, dataset="d", state="crashed", reason=reason)
    )


MEANS = {
    ("d", "m@retrained-seed1", "EN", "canonical"): Mean(6.0, 1),
    ("d", "m@retrained-seed2", "EN", "canonical"): Mean(7.0, 1),
    ("d", "other", "EN", "canonical"): Mean(6.2, 1),
}


def test_a_row_shows_mean_and_deviation_of_the_seeds() -> None:
    """It is ranked by its mean; the caption says what stands after the sign."""
    records = [record(name) for name in ("m@retrained-seed1", "m@retrained-seed2", "other")]
    table = tabulate(SPEC, records, MEANS)
    assert [row.method for row in table.rows] == ["m@retrained", "other"]
    cell = table.rows[0].cells[0]
    assert (cell.printed, cell.between, cell.rank) == ("6.50", " ± 0.71", 1)
    assert cell.mean == 6.5 and cell.source.between == pytest.approx(0.7071, abs=1e-4)
    text = markdown(table)
    assert "**6.50** ± 0.71" in text and "standard deviation over trainings" in text
    assert r" $\pm$ 0.71" in latex(table)


def test_a_row_with_a_seed_that_failed_has_its_state() -> None:
    """It says which seed, and how many."""
    runs = [record("m@retrained-seed1"), record("m@retrained-seed2", "crashed", "no GPU")]
    row = tabulate(SPEC, [*runs, record("other")], MEANS).rows[0]
    assert row.state == "crashed" and row.reason == "1 of 2 seeds: no GPU"


def test_one_seed_has_no_deviation() -> None:
    """Nothing can be said of how much a training depends on its seed."""
    alone = TableSpec(
        suite="s",
        dataset="d",
        title="Pairs",
        methods={"m@smoke": "M"},
        seeds={"m@smoke": ["m@retrained-seed1"]},
        metrics=["EN"],
    )
    cell = tabulate(alone, [record("m@retrained-seed1")], MEANS).rows[0].cells[0]
    assert cell.mean == 6.0 and cell.between == ""


def test_a_training_of_minutes_is_not_ranked() -> None:
    """Its numbers are shown with a footnote, and the best of the others stays the best."""
    told = {"seed": 1, "variant": "smoke", "selected": "test", "receipt": "r", "images": "i"}
    smoke = replace(record("m@retrained-seed1"), training=convert(told, TrainedWith))
    other = record("m@retrained-seed2")
    rows = tabulate(SPEC, [smoke, other, record("other")], MEANS).rows
    assert [row.cells[0].rank for row in rows] == [None, 1]
    assert rows[0].caveat == (
        "trained for minutes only (smoke): its numbers say nothing of the method; the checkpoint"
        " was chosen on test images (selected on test)"
    )

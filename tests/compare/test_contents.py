"""What a table says before it is written: means, ranks and problems."""

from __future__ import annotations

import pytest
from fusebench.compare.contents import NOT_RUN, Cell, Row, printed, ranks_of, table_of, tabulate
from fusebench.compare.means import Mean
from fusebench.contracts.tables import TableSpec
from fusebench.errors import MetricError
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.compare.made import long, record

SPEC = TableSpec(
    suite="s",
    dataset="d",
    title="D",
    methods={"a": "Alpha", "b": "Beta", "c": "Gamma"},
    metrics=["EN", "Q_CV"],
)
GOOD = [record(method, "d") for method in "abc"]
numbers = st.lists(st.floats(-1e6, 1e6).map(lambda value: printed(value, 2)), max_size=12)


@given(numbers, st.sampled_from(["higher", "lower"]))
def test_a_rank_is_one_more_than_the_better_ones(shown: list[str], direction: str) -> None:
    """Equal digits share a rank, and the best have 1, in both directions."""
    ranks = ranks_of(shown, direction)
    turn = 1 if direction == "higher" else -1
    for text, rank in zip(shown, ranks, strict=True):
        assert rank == 1 + sum(turn * float(other) > turn * float(text) for other in shown)
    assert not shown or min(rank or 0 for rank in ranks) == 1


@given(numbers)
def test_nothing_is_ranked_without_a_direction(shown: list[str]) -> None:
    """A metric without a better direction has no best value."""
    assert ranks_of(shown, "none") == [None] * len(shown)


@given(st.floats(-1e9, 1e9), st.integers(0, 12))
def test_a_printed_value_is_the_rounded_one(value: float, decimals: int) -> None:
    """It has the given decimals, is off by half a unit at most, and zero has no sign."""
    text = printed(value, decimals)
    assert len(text.partition(".")[2]) == decimals
    assert abs(float(text) - value) <= 0.5 * 10.0**-decimals * (1 + 1e-6) + abs(value) * 1e-15
    assert not (text.startswith("-") and float(text) == 0)


def test_rows_and_columns_are_in_the_order_asked_for() -> None:
    """Methods are in the order of the table, not of the records; metrics as in ``metrics``."""
    table = table_of(SPEC, GOOD[::-1], long({("c", "EN"): [1.0, 2.0]}))
    assert [(row.method, row.label) for row in table.rows] == [*SPEC.methods.items()]
    assert [definition.id for definition in table.definitions] == ["EN", "Q_CV"]
    assert [row.cells[0].mean for row in table.rows] == [None, None, 1.5]


@pytest.mark.parametrize(("told", "pairs"), [(7, 7), (None, 3), (0, 3)])
def test_the_number_of_pairs_is_told_or_the_most_that_a_run_has(
    told: int | None, pairs: int
) -> None:
    """Without the dataset's own number of pairs, the most images of any run count."""
    records = [record("a", "d", pairs="12"), record("b", "d", pairs="123")]
    table = tabulate(replace(SPEC, pairs=told), records, {})
    assert table.pairs == pairs


def test_without_any_record_there_are_no_pairs() -> None:
    """Without any record every method is shown as skipped, with one reason."""
    table = tabulate(SPEC, [], {})
    assert table.pairs == 0
    assert {(row.state, row.reason) for row in table.rows} == {("skipped", NOT_RUN)}


def test_a_record_of_another_dataset_is_none_of_this() -> None:
    """A record of the same method on another dataset is ignored."""
    (first, *_) = tabulate(SPEC, [record("a", "elsewhere")], {}).rows
    assert first.state == "skipped"


def test_an_incomplete_mean_takes_no_rank_from_the_others() -> None:
    """A best mean of one pair of two has no rank, and the next methods are ranked from 1."""
    means = {
        ("d", "a", "EN", "canonical"): Mean(9.0, 1),
        ("d", "b", "EN", "canonical"): Mean(8.0, 2),
        ("d", "c", "EN", "canonical"): Mean(7.0, 2),
    }
    table = tabulate(SPEC, GOOD, means)
    assert [row.cells[0].rank for row in table.rows] == [None, 1, 2]


def test_digits_may_be_told_for_each_metric() -> None:
    """Ranks of a metric follow the digits that are printed for it."""
    means = {
        ("d", method, metric, "canonical"): Mean(value, 2)
        for metric in ("EN", "Q_CV")
        for method, value in (("a", 1.24), ("b", 1.21), ("c", 1.4))
    }
    table = tabulate(replace(SPEC, decimals={"EN": 1, "Q_CV": 2}), GOOD, means)
    assert [(cell.printed, cell.rank) for row in table.rows for cell in row.cells] == [
        *(("1.2", 2), ("1.24", 2)),
        *(("1.2", 2), ("1.21", 1)),
        *(("1.4", 1), ("1.40", 3)),
    ]


@pytest.mark.parametrize(
    ("mean", "problem"),
    [
        (Mean(1.0, 2), ""),
        (Mean(1.0, 1, "flat"), "EN: 1 of 2 pairs have a value (flat)"),
        (Mean(1.0, 1), "EN: 1 of 2 pairs have a value (the others were not measured)"),
        (Mean(None, 0), "EN: 0 of 2 pairs have a value (the others were not measured)"),
        (None, "EN: 0 of 2 pairs have a value (the others were not measured)"),
    ],
)
def test_what_is_not_measured_of_a_good_run_is_told(mean: Mean | None, problem: str) -> None:
    """The problem says how many pairs have a value, and why the others have none, if known."""
    means = {("d", "a", "EN", "canonical"): mean} if mean else {}
    cell = tabulate(replace(SPEC, metrics=["EN"]), GOOD, means).rows[0].cells[0]
    assert cell.problem == problem


def test_the_reason_of_a_row_is_that_of_its_run_or_of_its_cells() -> None:
    """It lists each problem of the cells once; for a failed run it is the record's reason."""
    cells = (Cell(1.0, 1, "1", problem="x"), Cell(1.0, 1, "1", problem="x"), Cell(2.0, 2, "2"))
    more = (*cells, Cell(None, 0, "", problem="y"))
    assert Row("a", "A", record("a"), cells).reason == "x"
    assert Row("a", "A", record("a"), more).reason == "x; y"
    assert Row("a", "A", record("a", state="timeout", reason="60 s"), more).reason == "60 s"


def test_definitions_are_kept_apart() -> None:
    """A metric of an evaluator and the canonical one have one column each."""
    measures = long({("a", "SSIM"): [0.5, 0.5], ("a", "SSIM@cddfuse"): [1.5, 1.5]})
    table = table_of(replace(SPEC, metrics=["SSIM@cddfuse", "SSIM"]), GOOD, measures)
    assert [cell.mean for cell in table.rows[0].cells] == [1.5, 0.5]


def test_an_unknown_metric_is_told_with_the_near_ones() -> None:
    """An unknown metric raises an error with near names before any row is made."""
    with pytest.raises(MetricError, match="unknown metric 'SSIMM'; near names: SSIM"):
        tabulate(replace(SPEC, metrics=["SSIMM"]), [], {})

"""The wording of numbers, devices and footnotes."""

from __future__ import annotations

import re

import pytest
from fusebench.compare.contents import Cell, Table, tabulate
from fusebench.compare.means import Mean, Means
from fusebench.compare.wording import (
    NOTE_LENGTH,
    NOTHING,
    caption,
    cost_heads,
    costs,
    definition_shown,
    incomplete,
    mark,
    name_shown,
    notes,
    parameters,
    seconds,
    shortened,
    three_digits,
    times_by_device,
)
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec
from fusebench.metrics import resolve
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.made import on_cpu, on_gpu, record

SPEC = TableSpec(
    suite="s",
    dataset="d",
    title="D",
    methods={"a": "Alpha", "b": "Beta", "c": "Gamma"},
    metrics=["EN"],
)
SIZES = {"": 1, " k": 1e3, " M": 1e6, " G": 1e9, " T": 1e12}


def table(*records: Record, means: Means | None = None) -> Table:
    """The table of ``SPEC``."""
    return tabulate(SPEC, records, means or {})


def digits(text: str) -> int:
    """How many significant digits a number is written with, trailing zeros included."""
    return len(text.replace(".", "").lstrip("0"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, NOTHING),
        (0.0, "0.0000"),
        (0.0000999, "<0.0001"),
        (0.0001, "0.0001"),
        (0.09996, "0.100"),
        (0.99949, "0.999"),
        (0.9996, "1.00"),
        (9.996, "10.0"),
        (99.96, "100"),
        (86400.0, "86400"),
    ],
)
def test_seconds_at_the_ends_of_their_ranges(value: float | None, shown: str) -> None:
    """A number that rounds up to the next power of ten has one decimal less."""
    assert seconds(value) == shown


@given(st.floats(0.0001, 1e6))
def test_seconds_have_three_digits_and_four_decimals_at_most(value: float) -> None:
    """From 0.1 up there are three digits; large numbers have all digits before the point."""
    text = seconds(value)
    assert re.fullmatch(r"\d+(\.\d{1,4})?", text)
    assert float(text) == pytest.approx(value, rel=0.006 if value >= 0.01 else 0.51)
    if value >= 0.1:
        assert digits(text) == max(3, len(text.partition(".")[0]))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, NOTHING),
        (0, "0"),
        (999, "999"),
        (999.6, "1 k"),
        (12.0, "12"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (999_500_000, "1 G"),
        (2.5e12, "2.5 T"),
        (2.5e15, "2500 T"),
    ],
)
def test_parameters_at_the_ends_of_their_ranges(value: float | None, shown: str) -> None:
    """A number that rounds up to a thousand has the next unit; T exists for large FLOPs."""
    assert parameters(value) == shown


@given(st.floats(1, 9e14))
def test_parameters_have_a_number_below_a_thousand_and_a_unit(value: float) -> None:
    """The printed number is off by half of the third digit at most."""
    parts = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)( [kMGT])?", parameters(value))
    assert parts
    number, unit = parts.groups("")
    assert digits(number) <= 3
    assert float(number) * SIZES[unit] == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(10.0, "10"), (1234.5, "1230"), (0.000012345, "0.0000123"), (2.5, "2.5"), (0.0, "0")],
)
def test_three_digits_are_no_power_of_ten(value: float, shown: str) -> None:
    """A number of any size is printed without an exponent."""
    assert three_digits(value) == shown


@given(st.integers(0, 20_000))
def test_footnotes_are_lettered_as_columns_of_a_sheet(number: int) -> None:
    """a to z, then aa to zz, and so on: the letters are the note's number to the base 26."""
    place = 0
    for letter in mark(number):
        place = place * 26 + ord(letter) - ord("a") + 1
    assert place == number + 1


@given(st.text(max_size=2 * NOTE_LENGTH))
def test_a_long_text_is_cut_and_says_so(text: str) -> None:
    """A text is never longer than a footnote may be; a short one stays as it is."""
    cut = shortened(text)
    assert len(cut) == min(len(text), NOTE_LENGTH)
    assert cut == text if len(text) <= NOTE_LENGTH else text.startswith(cut[:-3])
    assert len(text) <= NOTE_LENGTH or cut.endswith("...")


def test_a_column_is_named_by_metric_and_definition() -> None:
    """The canonical definition is not named; an evaluator's name of a metric stays."""
    shown = [(name_shown(d), definition_shown(d)) for d in resolve(["SSIM", "VIFF@cddfuse"])]
    assert shown == [("SSIM", ""), ("VIFF", "cddfuse")]


def test_a_mean_of_all_pairs_is_not_counted() -> None:
    """Only a mean of fewer pairs says how many it is of."""
    shown = table(record("a", "d"))
    assert incomplete(Cell(1.0, 2, "1"), shown) == ""
    assert incomplete(Cell(1.0, 1, "1"), shown) == " (1 of 2)"


def test_costs_of_one_device() -> None:
    """Both times are in the table, and the caption names the device."""
    one = table(record("a", "d", **on_cpu(), model_seconds=0.5, parameters=12), record("b", "d"))
    assert cost_heads(one) == ("model s", "total s", "params")
    assert [costs(row, one) for row in one.rows] == [
        ["0.500", NOTHING, "12"],
        [NOTHING] * 3,
        [NOTHING] * 3,
    ]
    assert times_by_device(one) == {}
    assert "Seconds per image on Xeon (2 threads) of the model alone" in caption(one)


def test_costs_of_several_devices() -> None:
    """Times are grouped by device in the order of the rows, also for only some of the rows."""
    several = table(
        record("a", "d", **on_gpu(), model_seconds=0.5),
        record("b", "d", **on_cpu(threads=1), seconds_per_image=2.0),
        record("c", "d", **on_gpu(), model_seconds=0.25),
    )
    assert cost_heads(several) == ("params",)
    assert costs(several.rows[0], several) == [NOTHING]
    on_h100 = [["Alpha", "0.500", NOTHING], ["Gamma", "0.250", NOTHING]]
    on_xeon = [["Beta", NOTHING, "2.00"]]
    assert times_by_device(several) == {"H100": on_h100, "Xeon (1 thread)": on_xeon}
    assert times_by_device(several, several.rows[2:]) == {"H100": on_h100[1:]}
    assert "not to be compared between devices" in caption(several)


def test_a_caption_without_any_time_names_no_device() -> None:
    """Without any time the caption names no device and warns of none."""
    assert "Seconds per image of the model alone" in caption(table(record("a", "d")))


def test_footnotes_say_what_is_missing() -> None:
    """They are one line; a missing reason is said to be missing; a complete run has none."""
    means = {("d", "a", "EN", "canonical"): Mean(1.0, 2)}
    crash = record("b", "d", state="crashed", reason="Traceback:\n  x\n\n  y")
    silent = record("c", "d", state="crashed", reason="")
    told = notes(table(record("a", "d"), crash, silent, means=means))
    assert told == {"b": "Traceback: x y", "c": "no reason was recorded"}

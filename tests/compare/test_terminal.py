"""What is printed at the end of a run."""

from __future__ import annotations

from fusebench.compare.terminal import failures, grid, terminal_table
from fusebench.contracts.tables import TableSpec
from msgspec.structs import replace

from tests.compare.made import long, on_cpu, on_gpu, record

SPEC = TableSpec(
    suite="s",
    dataset="d",
    title="Night",
    methods={"a": "Alpha", "b": "Beta", "c": "Gamma"},
    metrics=["EN", "Q_CV"],
    decimals=1,
)
MEASURES = long(
    {
        ("a", "EN"): [1.0, 2.0],
        ("a", "Q_CV"): [10.0, 20.0],
        ("b", "EN"): [3.0, 4.0],
        ("b", "Q_CV"): [100.0, None],
    }
)
RECORDS = [
    record("a", "d", **on_cpu(), model_seconds=0.5, parameters=1000),
    record("b", "d", **on_cpu()),
    record("c", "d", state="timeout", reason="60 s"),
]


def test_the_whole_table() -> None:
    """Numbers are right-aligned below their heads, with marks, counts and states."""
    assert terminal_table(SPEC, RECORDS, MEASURES).splitlines() == [
        "Night, mean over 2 pairs (* best, + second)",
        "method      EN↑            Q_CV↓  model s  total s  params",
        "----------------------------------------------------------",
        "Alpha      1.5+            15.0*    0.500        –     1 k",
        "Beta       3.5*  100.0 (1 of 2)         –        –       –",
        "Gamma   timeout                -        –        –       –",
        "Beta: Q_CV: 1 of 2 pairs have a value (flat)",
    ]


def test_times_of_each_device_stand_below() -> None:
    """Each device has a grid of its own, and the table above has no times."""
    records = [RECORDS[0], record("b", "d", **on_gpu(), seconds_per_image=2.0)]
    lines = terminal_table(replace(SPEC, metrics=["EN"]), records, MEASURES).splitlines()
    assert lines[1].split() == ["method", "EN↑", "params"]
    assert lines[-10:] == [
        "",
        "seconds per image on Xeon (2 threads)",
        "method  model s  total s",
        "------------------------",
        "Alpha     0.500        –",
        "",
        "seconds per image on H100",
        "method  model s  total s",
        "------------------------",
        "Beta          –     2.00",
    ]


def test_a_value_that_is_missing_altogether_is_told() -> None:
    """A run that ended well but was not measured has no number."""
    lines = terminal_table(replace(SPEC, methods={"x": "X"}), [record("x", "d")], MEASURES)
    assert "no value" in lines and lines.endswith(
        "Q_CV: 0 of 2 pairs have a value (the others were not measured)"
    )


def test_a_failure_has_a_paragraph() -> None:
    """It has the reason in one line and the log, if there are any; a good run has none."""
    told = failures(
        [
            *RECORDS[:2],
            record("c", "d", state="crashed", reason="first\n  second", log="logs/c.log"),
            record("e", "d", state="skipped", reason="", log=""),
        ]
    )
    assert told.splitlines() == [
        "c on d: crashed",
        "    first second",
        "    log: logs/c.log",
        "e on d: skipped",
    ]
    assert failures(RECORDS[:2]) == ""


def test_a_table_that_is_too_wide_is_printed_in_parts() -> None:
    """Each part begins with the methods, no line is longer than the terminal, and it says so."""
    lines = terminal_table(SPEC, RECORDS, MEASURES, width=34).splitlines()
    assert lines[1:6] == [
        "method      EN↑            Q_CV↓",
        "--------------------------------",
        "Alpha      1.5+            15.0*",
        "Beta       3.5*  100.0 (1 of 2)",
        "Gamma   timeout                -",
    ]
    assert lines[6:9] == ["", "method  model s  total s  params", "-" * 32]
    assert "(6 columns in 2 parts, to fit 34 characters)" in lines
    assert lines[-2:] == ["Beta: Q_CV: 1 of 2 pairs have a", "    value (flat)"]
    assert max(map(len, lines[1:12])) <= 34


def test_a_table_that_fits_is_printed_as_one() -> None:
    """Nothing says that there are parts where there is one."""
    wide = terminal_table(SPEC, RECORDS, MEASURES, width=58)
    assert wide == terminal_table(SPEC, RECORDS, MEASURES)


def test_a_column_wider_than_the_terminal_stands_alone() -> None:
    """There is a part for each column then, and never an endless loop."""
    assert grid(["m", "a", "b"], [["x", "1" * 9, "2" * 9]], width=5) == [
        "m          a",
        "-" * 12,
        "x  111111111",
        "",
        "m          b",
        "-" * 12,
        "x  222222222",
        "(3 columns in 2 parts, to fit 5 characters)",
    ]

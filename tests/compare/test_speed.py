"""Speed tables: one line for each method and size, one table for each device."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from fusebench.compare.speed import (
    CAPTION,
    COLUMNS,
    HEADS,
    SpeedRow,
    speed_markdown,
    speed_row,
    write_speed_tables,
)
from fusebench.contracts.records import Host, Record, TimeSpread, Timing
from msgspec.structs import replace

from tests.compare.made import on_cpu, on_gpu, record

SMALL, LARGE = "speed-640x480-infrared-visible", "speed-1024x768-infrared-visible"


def timing(model: float | None = 0.004, total: float | None = 0.5, **more: Any) -> Timing:
    """Times whose 95th percentile is twice the median."""
    fields: dict[str, Any] = {
        "startup_seconds": 1.25,
        "peak_rss_bytes": 2_000_000_000,
        "peak_device_bytes": 500_000_000,
        "exclusive": True,
        **more,
    }
    return Timing(
        protocol="2",
        batch=1,
        repeats=20,
        warmup_excluded=1,
        model_seconds=spread(model),
        seconds=spread(total),
        **fields,
    )


def spread(median: float | None) -> TimeSpread | None:
    """The spread of times around a median."""
    return None if median is None else TimeSpread(median=median, p95=2 * median)


def timed(method: str, dataset: str = SMALL, model: float | None = 0.004, **more: Any) -> Record:
    """The record of a run on a processor, unless it says otherwise."""
    fields: dict[str, Any] = {"timing": timing(model), **on_cpu(), **more}
    return record(method, dataset, **fields)


def lines_of(text: str) -> list[list[str]]:
    """The cells of all rows of Markdown that are neither heads nor rules."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [row for row in rows if row[0] not in ("method", "---")]


def test_a_row_holds_what_is_known_of_a_run() -> None:
    """Times are in milliseconds, memory in megabytes, frames per second of the model alone."""
    host = Host(node="n", system="Linux", cpus=2, slurm_job=None, load_per_cpu=[0.5, None, 0.75])
    row = speed_row(timed("a", parameters=1000, flops=2e9, host=host))
    assert row == SpeedRow(
        device="Xeon",
        method="a",
        threads=2,
        state="ok",
        size="640x480",
        model_ms_median=4.0,
        model_ms_p95=8.0,
        fps=250.0,
        total_ms_median=500.0,
        total_ms_p95=1000.0,
        startup_s=1.25,
        repeats=20,
        parameters=1000,
        flops=2e9,
        peak_device_mb=500.0,
        peak_rss_mb=2000.0,
        load_per_cpu=0.75,
        exclusive=True,
        reason="",
    )


def test_what_is_not_known_is_none() -> None:
    """A failed run has no times; a run whose model was not timed has only its total."""
    failed = speed_row(record("a", LARGE, state="out-of-memory", reason="24 GB"))
    assert (failed.device, failed.size, failed.reason) == ("not run", "1024x768", "24 GB")
    known = {"device", "method", "state", "size", "reason"}
    assert {getattr(failed, column) for column in COLUMNS if column not in known} == {None}
    unseen = speed_row(timed("a", model=None))
    assert (unseen.model_ms_median, unseen.fps, unseen.total_ms_median) == (None, None, 500.0)


def test_a_model_that_takes_no_time_has_no_rate() -> None:
    """A measured time of 0 s causes no division by zero."""
    assert speed_row(timed("a", model=0.0)).fps is None


def test_each_device_has_a_table() -> None:
    """Devices keep their order; each table has the heads, and the caption is above all."""
    rows = [
        speed_row(timed("a", **on_gpu("H_100"))),
        speed_row(timed("b")),
        speed_row(timed("c", **on_gpu("H_100"))),
    ]
    text = speed_markdown(rows)
    caption, on_h100, on_xeon = text.split("### ")
    assert caption.strip() == CAPTION
    assert on_h100.startswith("H\\_100\n") and on_xeon.startswith("Xeon\n")
    assert [row[0] for row in lines_of(on_h100)] == ["a", "c"]
    assert [row[0] for row in lines_of(on_xeon)] == ["b"]
    assert text.count("| " + " | ".join(HEADS) + " |") == 2


def test_the_fastest_of_each_size_comes_first() -> None:
    """Sizes stay together; a method whose model was not timed is sorted by its total."""
    rows = [
        speed_row(timed("slow", model=0.4)),
        speed_row(timed("slow", LARGE, model=0.9)),
        speed_row(timed("unseen", model=None)),
        speed_row(timed("fast", LARGE, model=0.01)),
        speed_row(timed("fast", model=0.004)),
    ]
    assert [(row[0], row[2]) for row in lines_of(speed_markdown(rows))] == [
        ("fast", "640x480"),
        ("slow", "640x480"),
        ("unseen", "640x480"),
        ("fast", "1024x768"),
        ("slow", "1024x768"),
    ]


def test_numbers_are_shown_with_three_digits() -> None:
    """Parameters have a unit, megabytes are whole numbers, and unknown values are dashes."""
    full = timed(
        "a_1", parameters=1_190_000, flops=2.5e12, timing=timing(peak_device_bytes=500_400_000)
    )
    fast = timed("b", model=0.0004, timing=timing(0.0004, None, peak_device_bytes=None))
    two, one = (
        " ".join(row) for row in lines_of(speed_markdown([speed_row(full), speed_row(fast)]))
    )
    assert one == ("a\\_1 2 640x480 0.0040 0.0080 250 0.500 1.00 1.25 20 1.19 M 2.5 T 500 2000")
    assert two == "b 2 640x480 0.0004 0.0008 2500 – – 1.25 20 – – – 2000"


def test_runs_without_times_are_listed() -> None:
    """They are below the tables with size, state and reason; without them there is no list."""
    failed = record("a_1", LARGE, state="timeout", reason="60 s | x")
    text = speed_markdown([speed_row(timed("b")), speed_row(failed)])
    assert text.endswith("Without times:\n\n- a\\_1 at 1024x768: timeout: 60 s \\| x\n")
    assert "Without times" not in speed_markdown([speed_row(timed("b"))])
    assert "###" not in speed_markdown([speed_row(failed)])


def test_whole_numbers_stay_whole_in_the_file(tmp_path: Path) -> None:
    """They stay whole if some are unknown; the columns are the fields of a row."""
    records = [
        timed("a", parameters=1000),
        timed("b", SMALL, **on_gpu()),
        record("c", SMALL, state="timeout", reason="x"),
    ]
    write_speed_tables(tmp_path, "s", records)
    rows = list(csv.DictReader((tmp_path / "s.csv").open(encoding="utf-8")))
    assert list(rows[0]) == COLUMNS
    assert [(row["threads"], row["parameters"], row["repeats"]) for row in rows] == [
        ("2", "1000", "20"),
        ("", "", "20"),
        ("", "", ""),
    ]
    assert (rows[0]["model_ms_median"], rows[0]["exclusive"]) == ("4.0", "True")
    assert (tmp_path / "s.md").read_text(encoding="utf-8") == speed_markdown(
        [speed_row(one) for one in records]
    )


def test_a_suite_without_methods_has_heads(tmp_path: Path) -> None:
    """Both files exist, because they are outputs of the rule."""
    write_speed_tables(tmp_path, "s", [])
    assert (tmp_path / "s.csv").read_text() == ",".join(COLUMNS) + "\n"
    assert (tmp_path / "s.md").read_text() == CAPTION + "\n"


def test_the_load_is_the_highest_that_was_seen() -> None:
    """It is the higher load of before and after the run; unknown if neither was measured."""
    host = Host(node="n", system="Linux", cpus=2, slurm_job=None)
    loads: list[list[float | None]] = [[1.5, 0.5], [None, 0.25], [None, None], []]
    rows = [speed_row(timed("a", host=replace(host, load_per_cpu=load))) for load in loads]
    assert [row.load_per_cpu for row in rows] == [1.5, 0.25, None, None]

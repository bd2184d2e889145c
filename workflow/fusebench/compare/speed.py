"""Speed tables: one for each device, because times of two devices cannot be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from fusebench.compare.devices import device_of, threads_of
from fusebench.compare.markdown import escaped
from fusebench.compare.wording import NOTHING, parameters, seconds, three_digits
from fusebench.contracts.records import Record, TimeSpread
from fusebench.files import write_text
from fusebench.states import OK


@dataclass(frozen=True)
class SpeedRow:
    """What a speed table says of one run: a line of its CSV file.

    The fields are in the order of the columns. Times are in milliseconds or, where named ``_s``, in
    seconds; memory is in megabytes. None means unknown.
    """

    device: str
    method: str
    threads: int | None
    state: str
    size: str
    model_ms_median: float | None
    model_ms_p95: float | None
    fps: float | None
    total_ms_median: float | None
    total_ms_p95: float | None
    startup_s: float | None
    repeats: int | None
    parameters: int | None
    flops: float | None
    peak_device_mb: float | None
    peak_rss_mb: float | None
    load_per_cpu: float | None
    exclusive: bool | None
    reason: str


COLUMNS = [field.name for field in fields(SpeedRow)]
WHOLE_NUMBERS = ("threads", "repeats", "parameters")
HEADS = (
    "method",
    "threads",
    "size",
    "model s",
    "p95",
    "frames/s",
    "total s",
    "p95",
    "start-up s",
    "repeats",
    "params",
    "FLOPs",
    "device MB",
    "RSS MB",
)
CAPTION = (
    "Median seconds per image over the repeats, the warm-up excluded: of the model alone (its"
    " outermost calls, the device synchronised before and after), and in total, reading and writing"
    " included. Frames per second are 1 / model s. FLOPs are of one image, a multiply-add counting"
    " as two. See docs/clock.md."
)


def write_speed_tables(folder: Path, suite: str, records: Iterable[Record]) -> None:
    """Write ``<folder>/<suite>.csv`` and ``<folder>/<suite>.md``.

    The CSV file has one line for each method and size, the Markdown file one table for each device.

    Args:
        folder: of the speed tables.
        suite: name of the suite.
        records: of its methods on the ``speed-`` datasets.
    """
    import pandas as pd

    rows = [speed_row(record) for record in records]
    # Without this, columns of whole numbers become floats if one of the numbers is not known.
    frame = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(WHOLE_NUMBERS, "Int64"))
    write_text(folder / f"{suite}.csv", frame.to_csv(index=False, lineterminator="\n"))
    write_text(folder / f"{suite}.md", speed_markdown(rows))


def speed_row(record: Record) -> SpeedRow:
    """Return what a speed table says of one run."""
    times = record.timing
    model, total = (times.model_seconds, times.seconds) if times else (None, None)
    loads = [load for load in (record.host.load_per_cpu if record.host else ()) if load is not None]
    return SpeedRow(
        device=device_of(record),
        method=record.method,
        threads=threads_of(record),
        state=record.state,
        size=record.dataset.split("-")[1],
        model_ms_median=_milliseconds(model, "median"),
        model_ms_p95=_milliseconds(model, "p95"),
        fps=1 / model.median if model and model.median else None,
        total_ms_median=_milliseconds(total, "median"),
        total_ms_p95=_milliseconds(total, "p95"),
        startup_s=times.startup_seconds if times else None,
        repeats=times.repeats if times else None,
        parameters=record.parameters,
        flops=record.flops,
        peak_device_mb=_scaled(times.peak_device_bytes, 1e-6) if times else None,
        peak_rss_mb=_scaled(times.peak_rss_bytes, 1e-6) if times else None,
        load_per_cpu=max(loads, default=None),
        exclusive=times.exclusive if times else None,
        reason=record.reason,
    )


def _milliseconds(spread: TimeSpread | None, which: str) -> float | None:
    return _scaled(getattr(spread, which), 1000) if spread else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def speed_markdown(rows: Sequence[SpeedRow]) -> str:
    """Return the caption, one table for each device, and the states of runs without times."""
    ran = [row for row in rows if row.state == OK]
    tables = [
        _table(device, [row for row in ran if row.device == device])
        for device in dict.fromkeys(row.device for row in ran)
    ]
    failed = [
        f"- {escaped(row.method)} at {row.size}: {row.state}: {escaped(row.reason)}"
        for row in rows
        if row.state != OK
    ]
    without = ["Without times:\n\n" + "\n".join(failed)] if failed else []
    return "\n\n".join([CAPTION, *tables, *without]) + "\n"


def _table(device: str, rows: Sequence[SpeedRow]) -> str:
    ordered = sorted(
        rows,
        key=lambda row: (row.size != rows[0].size, row.model_ms_median or row.total_ms_median or 0),
    )
    lines = [HEADS, ["---", *["---:"] * (len(HEADS) - 1)], *(_shown(row) for row in ordered)]
    return "\n".join([f"### {escaped(device)}", "", *(f"| {' | '.join(line)} |" for line in lines)])


def _shown(row: SpeedRow) -> list[str]:
    return [
        escaped(row.method),
        NOTHING if row.threads is None else str(row.threads),
        row.size,
        seconds(_scaled(row.model_ms_median, 0.001)),
        seconds(_scaled(row.model_ms_p95, 0.001)),
        NOTHING if row.fps is None else three_digits(row.fps),
        seconds(_scaled(row.total_ms_median, 0.001)),
        seconds(_scaled(row.total_ms_p95, 0.001)),
        seconds(row.startup_s),
        _whole(row.repeats),
        parameters(row.parameters),
        parameters(row.flops),
        _whole(row.peak_device_mb),
        _whole(row.peak_rss_mb),
    ]


def _whole(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0f}"

"""Speed tables: methods at one size, one table for each device, since times of two devices cannot be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fusebench.compare.devices import device_of, threads_of
from fusebench.compare.markdown import escaped
from fusebench.compare.wording import NOTHING, parameters, seconds
from fusebench.files import write_text
from fusebench.markers import OK

COLUMNS = [
    "device",
    "method",
    "threads",
    "state",
    "size",
    "model_ms_median",
    "model_ms_p95",
    "fps",
    "total_ms_median",
    "total_ms_p95",
    "startup_s",
    "repeats",
    "parameters",
    "flops",
    "peak_device_mb",
    "peak_rss_mb",
    "load_per_cpu",
    "exclusive",
    "reason",
]
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
    "Median seconds per image over the repeats, the warm-up excluded: of the model alone (its outermost calls, the device"
    " synchronised before and after), and in total, reading and writing included. Frames per second are 1 / model s. FLOPs"
    " are of one image, a multiply-add counting as two. See docs/clock.md."
)


def write_speed_tables(folder: Path, suite: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Write ``<folder>/<suite>.csv``, one line for each method and size, and ``.md``, one table for each device.

    Args:
        folder: of the speed tables.
        suite: name of the suite.
        records: of its methods on the ``speed-`` datasets.
    """
    import pandas as pd

    rows = [speed_row(record) for record in records]
    write_text(
        folder / f"{suite}.csv",
        pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, lineterminator="\n"),
    )
    write_text(folder / f"{suite}.md", speed_markdown(rows))


def speed_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a speed table says of one run."""
    times, model, total = (
        _part(record, "timing"),
        _part(record, "timing", "model_seconds"),
        _part(record, "timing", "seconds"),
    )
    return {
        "device": device_of(record),
        "method": record["method"],
        "threads": threads_of(record),
        "state": record["state"],
        "size": record["dataset"].split("-")[1],
        "model_ms_median": _scaled(model.get("median"), 1000),
        "model_ms_p95": _scaled(model.get("p95"), 1000),
        "fps": 1 / model["median"] if model.get("median") else None,
        "total_ms_median": _scaled(total.get("median"), 1000),
        "total_ms_p95": _scaled(total.get("p95"), 1000),
        "startup_s": times.get("startup_seconds"),
        "repeats": times.get("repeats"),
        "parameters": record.get("parameters"),
        "flops": record.get("flops"),
        "peak_device_mb": _scaled(times.get("peak_device_bytes"), 1e-6),
        "peak_rss_mb": _scaled(times.get("peak_rss_bytes"), 1e-6),
        "load_per_cpu": max(
            (load for load in _part(record, "host").get("load_per_cpu", []) if load is not None),
            default=None,
        ),
        "exclusive": times.get("exclusive"),
        "reason": record["reason"],
    }


def _part(record: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    value: Any = record
    for key in keys:
        value = value.get(key) or {}
    return dict(value)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def speed_markdown(rows: list[dict[str, Any]]) -> str:
    """Return one table for each device, each with its caption and the states of what has no times."""
    ran = [row for row in rows if row["state"] == OK]
    tables = [
        _table(device, [row for row in ran if row["device"] == device])
        for device in dict.fromkeys(row["device"] for row in ran)
    ]
    failed = [
        f"- {escaped(row['method'])} at {row['size']}: {row['state']}: {escaped(row['reason'])}"
        for row in rows
        if row["state"] != OK
    ]
    return (
        "\n\n".join(
            [CAPTION, *tables, *(["Without times:\n\n" + "\n".join(failed)] if failed else [])]
        )
        + "\n"
    )


def _table(device: str, rows: list[dict[str, Any]]) -> str:
    ordered = sorted(
        rows,
        key=lambda row: (
            row["size"] != rows[0]["size"],
            row["model_ms_median"] or row["total_ms_median"] or 0,
        ),
    )
    lines = [HEADS, ["---", *["---:"] * (len(HEADS) - 1)], *(_shown(row) for row in ordered)]
    return "\n".join([f"### {escaped(device)}", "", *(f"| {' | '.join(line)} |" for line in lines)])


def _shown(row: Mapping[str, Any]) -> list[str]:
    times = [
        _scaled(row[key], 0.001)
        for key in ("model_ms_median", "model_ms_p95", "total_ms_median", "total_ms_p95")
    ]
    model, model_p95, total, total_p95 = (seconds(value) for value in times)
    whole = [
        NOTHING if row[key] is None else f"{row[key]:.0f}"
        for key in ("repeats", "peak_device_mb", "peak_rss_mb")
    ]
    fps = NOTHING if row["fps"] is None else f"{row['fps']:.3g}"
    counts = [parameters(row["parameters"]), parameters(row["flops"])]
    head = [
        escaped(row["method"]),
        NOTHING if row["threads"] is None else str(row["threads"]),
        row["size"],
        model,
        model_p95,
        fps,
        total,
        total_p95,
        seconds(row["startup_s"]),
    ]
    return [*head, whole[0], *counts, *whole[1:]]

"""On which device a run's times were taken: times of two devices are never put side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fusebench.compare.contents import Row

NOT_RUN = "not run"
TIMES = ("model_seconds", "seconds_per_image")


def device_of(record: Mapping[str, Any]) -> str:
    """Return the device that a run's times belong to: the GPU's name or the processor's."""
    hardware = record.get("hardware") or {}
    if record.get("device") == "cuda":
        return str(hardware.get("gpu") or "a GPU without a name")
    return (
        str(hardware.get("cpu") or "a processor without a name")
        if record.get("device")
        else NOT_RUN
    )


def threads_of(record: Mapping[str, Any]) -> int | None:
    """Return how many threads a run on a processor had; None for one on a GPU."""
    return (record.get("hardware") or {}).get("threads") if record.get("device") == "cpu" else None


def rows_by_device(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows that have a time, by their device."""
    by_device: dict[str, list[Row]] = {}
    for row in rows:
        if any(row.record.get(key) is not None for key in TIMES):
            by_device.setdefault(device_of(row.record), []).append(row)
    return by_device


def with_threads(device: str, rows: Iterable[Row]) -> str:
    """Return a device with the threads that the methods had on it: ``Xeon (2 threads)``, ``Xeon (1 or 2 threads)``."""
    counts = sorted({threads for row in rows if (threads := threads_of(row.record)) is not None})
    if not counts:
        return device
    return f"{device} ({' or '.join(map(str, counts))} thread{'' if counts == [1] else 's'})"

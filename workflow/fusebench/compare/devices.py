"""On which device a run's times were taken: times of two devices are never put side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fusebench.compare.contents import Row

NOT_RUN = "not run"
TIMES = ("model_seconds", "seconds_per_image")


def device_of(record: Mapping[str, Any]) -> str:
    """Return the device that a run's times belong to: the GPU, or the processor and its threads."""
    hardware = record.get("hardware") or {}
    if record.get("device") == "cuda":
        return str(hardware.get("gpu") or "a GPU without a name")
    if record.get("device") is None:
        return NOT_RUN
    return f"{hardware.get('cpu') or 'a processor without a name'}, {hardware.get('threads', '?')} threads"


def rows_by_device(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows that have a time, by their device."""
    by_device: dict[str, list[Row]] = {}
    for row in rows:
        if any(row.record.get(key) is not None for key in TIMES):
            by_device.setdefault(device_of(row.record), []).append(row)
    return by_device

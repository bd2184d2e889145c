"""On which device a run's times were measured: times of two devices are never put side by side."""

from __future__ import annotations

from collections.abc import Iterable

from fusebench.compare.contents import Row
from fusebench.contracts.records import Record

NOT_RUN = "not run"
UNUSED = " (no memory of it used)"


def left_the_gpu_unused(record: Record) -> bool:
    """Say whether a run ended well on a GPU of which its torch took no memory.

    Such a script computes on the processor, or in child processes, which the launcher does not see.
    """
    took = record.timing.peak_device_bytes if record.timing else None
    return record.device == "cuda" and record.is_ok and took == 0


def device_of(record: Record) -> str:
    """Return the device that a run's times belong to: the GPU's name or the processor's."""
    if record.device is None:
        return NOT_RUN
    if record.device == "cuda":
        gpu = (record.hardware and record.hardware.gpu) or "a GPU without a name"
        return f"{gpu}{UNUSED}" if left_the_gpu_unused(record) else gpu
    return (record.hardware and record.hardware.cpu) or "a processor without a name"


def threads_of(record: Record) -> int | None:
    """Return how many threads a run on a processor had; None for one on a GPU."""
    return record.hardware.threads if record.device == "cpu" and record.hardware else None


def rows_by_device(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows that have a time, by their device."""
    by_device: dict[str, list[Row]] = {}
    for row in rows:
        times = (row.record.model_seconds, row.record.seconds_per_image)
        if any(time is not None for time in times):
            by_device.setdefault(device_of(row.record), []).append(row)
    return by_device


def with_threads(device: str, rows: Iterable[Row]) -> str:
    """Return a device with the threads that its methods had, such as ``Xeon (1 or 2 threads)``."""
    counts = sorted({threads for row in rows if (threads := threads_of(row.record)) is not None})
    if not counts:
        return device
    return f"{device} ({' or '.join(map(str, counts))} thread{'' if counts == [1] else 's'})"

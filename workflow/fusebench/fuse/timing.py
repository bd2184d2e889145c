"""What a record says about time and memory; ``docs/clock.md`` states the protocol."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from fusebench.contracts.harness import LaunchReport
from fusebench.contracts.records import FusedImage, Hardware, TimeSpread, Timing

Number = TypeVar("Number", int, float)

PROTOCOL = "fusebench clock 1"
"""Changes when times of another version can no longer be compared."""


def timing(
    images: Sequence[FusedImage],
    reports: Sequence[LaunchReport],
    exclusive: bool,
    peak_seen: int | None = None,
) -> Timing:
    """Return the times and the memory of a run.

    Args:
        images: of the record, with their times.
        reports: of the launcher, one for each process.
        exclusive: whether the job had the machine for itself.
        peak_seen: the largest memory of a process that was seen from outside, in bytes; the
            launcher of an honest script saw as much, or more.
    """
    timed = [image for image in images if not image.warmup] or images
    memory = [
        size
        for report in reports
        for size in (report.peak_rss_bytes, report.peak_rss_children_bytes)
    ]
    return Timing(
        protocol=PROTOCOL,
        batch=1,
        repeats=len(timed),
        warmup_excluded=len(images) - len(timed),
        model_seconds=spread(image.model_seconds for image in timed),
        seconds=spread(image.seconds for image in timed),
        startup_seconds=_largest(report.startup_seconds for report in reports),
        peak_rss_bytes=_largest([*memory, peak_seen]),
        peak_device_bytes=_largest(report.peak_device_bytes for report in reports),
        exclusive=exclusive,
    )


def spread(seconds: Iterable[float | None]) -> TimeSpread | None:
    """Return median and 95th percentile (linear interpolation); None if any time is unknown."""
    known = list(seconds)
    if not known or any(value is None for value in known):
        return None
    values = [float(value) for value in known if value is not None]
    last_twentieth = statistics.quantiles(
        values * 2 if len(values) == 1 else values, n=20, method="inclusive"
    )[-1]
    return TimeSpread(median=statistics.median(values), p95=last_twentieth)


def _largest(values: Iterable[Number | None]) -> Number | None:
    return max((value for value in values if value is not None), default=None)


def hardware(gpu: str, reports: Sequence[LaunchReport], threads: int) -> Hardware:
    """Return what the times of a run depend on, apart from the method.

    Args:
        gpu: the ids of the GPUs that were used, as the driver counts, between commas; empty on the
            CPU.
        reports: of the launcher.
        threads: that the job was given.
    """
    first = reports[0] if reports else LaunchReport()
    cudnn = first.versions.get("cudnn")
    versions = {name: str(value) for name, value in first.versions.items() if value is not None}
    return Hardware(
        cpu=cpu_model(),
        gpu=(first.device_name or _of_gpu(gpu, "name")) if gpu else None,
        driver=_of_gpu(gpu, "driver_version") if gpu else None,
        cuda=versions.get("cuda"),
        cudnn=cudnn,
        torch=versions.get("torch"),
        tensorflow=versions.get("tensorflow"),
        threads=threads,
        threads_seen=first.threads,
    )


@cache
def cpu_model() -> str:
    """Return the processor's name as the kernel gives it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _of_gpu(gpu: str, field: str) -> str | None:
    """Ask the driver about a GPU: libraries other than torch do not tell what they ran on."""
    query = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader", "-i", gpu]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        return None
    lines = done.stdout.splitlines()  # one for each GPU of the job, all of one kind
    return lines[0].strip() if lines and done.returncode == 0 else None


def load_per_cpu() -> float:
    """Return how many processes waited for each CPU in the last minute.

    Above 1, other processes slow the job down.
    """
    return round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)

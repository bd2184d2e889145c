"""What a record says of time and memory; ``docs/clock.md`` states the protocol."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

PROTOCOL = "fusebench clock 1"
"""Changes when times of another version can no longer be compared."""


def timing(
    images: list[dict[str, Any]], reports: list[dict[str, Any]], spec: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the times and the memory of a run, with all that they depend on.

    Args:
        images: of the record: ``model_seconds``, ``seconds`` and ``warmup`` of each.
        reports: of the launcher, one for each process.
        spec: of the cell.
    """
    timed = [image for image in images if not image.get("warmup")] or images
    return {
        "protocol": PROTOCOL,
        "batch": 1,
        "repeats": len(timed),
        "warmup_excluded": len(images) - len(timed),
        "model_seconds": spread(image["model_seconds"] for image in timed),
        "seconds": spread(image["seconds"] for image in timed),
        "startup_seconds": _largest(reports, "startup_seconds"),
        "peak_rss_bytes": _largest(reports, "peak_rss_bytes", "peak_rss_children_bytes"),
        "peak_device_bytes": _largest(reports, "peak_device_bytes"),
        "exclusive": bool(spec.get("exclusive")),
    }


def spread(seconds: Iterable[float | None]) -> dict[str, float] | None:
    """Return median and 95th percentile (linear between neighbours); None where any time is not known."""
    known = list(seconds)
    if not known or any(value is None for value in known):
        return None
    values = [float(value) for value in known if value is not None]
    last_twentieth = statistics.quantiles(
        values * 2 if len(values) == 1 else values, n=20, method="inclusive"
    )[-1]
    return {"median": statistics.median(values), "p95": last_twentieth}


def _largest(reports: list[dict[str, Any]], *keys: str) -> float | None:
    found = (report.get(key) for report in reports for key in keys)
    return max((value for value in found if value is not None), default=None)


def hardware(gpu: str, reports: list[dict[str, Any]], threads: int) -> dict[str, Any]:
    """Return what the times of a run depend on, apart from the method: processor, GPU, driver, libraries, threads.

    Args:
        gpu: the ids of the GPUs that were used, as the driver counts, between commas; empty on the CPU.
        reports: of the launcher.
        threads: that the job was given.
    """
    first = reports[0] if reports else {}
    versions = first.get("versions", {})
    return {
        "cpu": cpu_model(),
        "gpu": (first.get("device_name") or _of_gpu(gpu, "name")) if gpu else None,
        "driver": _of_gpu(gpu, "driver_version") if gpu else None,
        **{name: versions.get(name) for name in ("cuda", "cudnn", "torch", "tensorflow")},
        "threads": threads,
        "threads_seen": first.get("threads", {}),
    }


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
    """Return how many processes waited for each CPU in the last minute: above 1, others slow the job down."""
    return round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)

"""What a fusing job is told of its method and dataset: only what changes a result, so that a typo in a title reruns nothing."""

from __future__ import annotations

from typing import Any

from fusebench.fuse.devices import device_kind
from fusebench.registry import Dataset, Method, Registry

DEFAULT_THREADS = 2
DEFAULT_MINUTES = 60.0


def device_for(method: Method, options: dict[str, Any]) -> str:
    """Return ``cuda`` or ``cpu``: what the configuration asks for, among what the script can do; no GPU asked is the CPU."""
    devices = method.entry.get("run", {}).get("devices", ["cpu", "cuda"])
    asked = (
        "cpu" if method.resources.get("gpu") == 0 else device_kind(options.get("device", "auto"))
    )
    return asked if asked in devices else devices[0]


def cell_spec(method: Method, dataset: Dataset, registry: Registry) -> dict[str, Any]:
    """Return the fields of an entry that decide what a run gives.

    Neither title nor paper, claims, memory or address are among them; the source's and environment's keys are in the paths
    of the job's inputs.
    """
    gpus = cell_resources(method, registry.options)["gpu"]
    return {
        "method": method.name,
        "dataset": dataset.name,
        "run": method.run_for(dataset.name, dataset.task),
        "weights": [
            {key: item[key] for key in ("path", "sha256") if key in item} for item in method.weights
        ],
        "modalities": list(dataset.modalities),
        "threads": method.resources.get(
            "threads", registry.options.get("threads", DEFAULT_THREADS)
        ),
        "minutes": method.resources.get("runtime", DEFAULT_MINUTES),
        "device": device_for(method, registry.options),
        **({"gpus": gpus} if gpus > 1 else {}),
        **(
            {"exclusive": True}
            if method.resources.get("exclusive") or dataset.entry.get("exclusive")
            else {}
        ),
    }


def cell_resources(method: Method, options: dict[str, Any], attempt: int = 1) -> dict[str, int]:
    """Return what the scheduler must give: GPUs unless the job runs on the CPU, and memory and minutes for each attempt.

    The minutes have slack, so that a script that reaches its own limit ends as ``timeout`` before the scheduler kills the
    job. A first attempt that was killed is followed by one with twice the memory and time, and so on. The script's own limit,
    ``minutes`` of the cell, stays what it is.
    """
    asked = method.resources
    on_gpu = device_for(method, options) == "cuda"
    return {
        "gpu": asked.get("gpu", 1) if on_gpu else 0,
        "mem_mb": attempt * asked.get("mem_mb", 8000),
        "runtime": attempt * (int(asked.get("runtime", DEFAULT_MINUTES)) + 10),
    }


def last_words_resources(method: Method, options: dict[str, Any]) -> dict[str, int]:
    """Return what a job needs that only writes down how the jobs before it died; it runs where they were to run."""
    return {"gpu": min(1, cell_resources(method, options)["gpu"]), "mem_mb": 2000, "runtime": 10}

"""Made-up records and values, in the form that tables, figures and pages read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from fusebench.contracts.records import FusedImage, Hardware, Record
from fusebench.states import State

PAIRS = ("01", "02")
COLUMNS = ("method", "dataset", "image", "metric", "definition", "value", "reason")

Values = Mapping[tuple[str, str], Sequence[float | None]]
"""By method and id of a metric, the values of its pairs; None where there is none."""


def record(
    method: str,
    dataset: str = "tno_25",
    state: State = "ok",
    pairs: Iterable[str] = PAIRS,
    **more: Any,
) -> Record:
    """Return a record; a run that did not end well has no images."""
    fields: dict[str, Any] = {
        "reason": "",
        "images": [fused(name) for name in pairs] if state == "ok" else [],
        "log": f"logs/{method}.log",
        **more,
    }
    return Record(method=method, dataset=dataset, state=state, **fields)


def fused(name: str) -> FusedImage:
    """Return what a record says of one fused image."""
    return FusedImage(
        name=name,
        size=(48, 40),
        fused=f"{name}.png",
        mode="gray",
        sha256=f"sha256 of {name}",
        model_seconds=0.1,
        seconds=0.2,
    )


def on_cpu(cpu: str = "Xeon", threads: int = 2) -> dict[str, Any]:
    """Return the fields of a record that say that it ran on a processor."""
    hardware = Hardware(cpu=cpu, gpu=None, driver=None, threads=threads)
    return {"device": "cpu", "hardware": hardware}


def on_gpu(gpu: str | None = "H100") -> dict[str, Any]:
    """Return the fields of a record that say that it ran on a GPU."""
    hardware = Hardware(cpu="Xeon", gpu=gpu, driver="580", threads=2)
    return {"device": "cuda", "hardware": hardware}


def long(values: Values, dataset: str = "d", reason: str = "flat") -> pd.DataFrame:
    """Return a long table; a missing value has a reason."""
    rows = [
        (
            method,
            dataset,
            f"{number:02}",
            *named(metric),
            value,
            "" if value is not None else reason,
        )
        for (method, metric), of_pairs in values.items()
        for number, value in enumerate(of_pairs, 1)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def named(metric: str) -> tuple[str, str]:
    """Return metric and definition of an id."""
    name, _, definition = metric.partition("@")
    return name, definition or "canonical"

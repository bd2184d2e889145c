"""The device that a run's times belong to."""

from __future__ import annotations

from typing import Any

import pytest
from fusebench.compare.contents import Row
from fusebench.compare.devices import device_of, rows_by_device, threads_of, with_threads
from fusebench.contracts.records import TimeSpread, Timing
from fusebench.states import State
from msgspec.structs import replace

from tests.compare.made import on_cpu, on_gpu, record


def row(method: str, **more: Any) -> Row:
    """A row without metrics."""
    return Row(method, method.title(), record(method, **more), ())


@pytest.mark.parametrize(
    ("fields", "device", "threads"),
    [
        ({}, "not run", None),
        (on_cpu("Xeon", threads=3), "Xeon", 3),
        (on_gpu("H100"), "H100", None),
        (on_gpu(None), "a GPU without a name", None),
        ({"device": "cuda"}, "a GPU without a name", None),
        ({"device": "cpu"}, "a processor without a name", None),
        (on_cpu("", threads=1), "a processor without a name", 1),
    ],
)
def test_a_run_names_its_device(fields: dict[str, Any], device: str, threads: int | None) -> None:
    """A run has its GPU, or its processor with the threads; a name may be unknown."""
    told = record("a", **fields)
    assert (device_of(told), threads_of(told)) == (device, threads)


@pytest.mark.parametrize(
    ("state", "took", "device"),
    [
        ("ok", 0, "H100 (no memory of it used)"),
        ("ok", 4096, "H100"),
        ("ok", None, "H100"),
        ("out-of-memory", 0, "H100"),
    ],
)
def test_a_gpu_that_was_not_used_is_another_device(
    state: State, took: int | None, device: str
) -> None:
    """A script that leaves its GPU alone computes on the processor: its times are apart.

    Other libraries than torch do not tell what they took; a run that failed may have begun nothing.
    """
    spread = TimeSpread(median=0.5, p95=1.0)
    timing = Timing(
        protocol="1",
        batch=1,
        repeats=1,
        warmup_excluded=0,
        model_seconds=None,
        seconds=spread,
        startup_seconds=None,
        peak_rss_bytes=None,
        peak_device_bytes=took,
        exclusive=False,
    )
    told = record("a", state=state, **on_gpu("H100"), timing=timing)
    assert device_of(told) == device
    used = replace(told, timing=replace(timing, peak_device_bytes=4096), seconds_per_image=0.1)
    rows = [Row("u", "U", used, ()), Row("a", "A", replace(told, seconds_per_image=0.5), ())]
    assert list(rows_by_device(rows)) == list(dict.fromkeys(["H100", device]))


def test_only_rows_with_a_time_have_a_device() -> None:
    """Rows keep the table's order; one of the two times is enough, and 0 s counts as a time."""
    rows = [
        row("a", **on_cpu(), model_seconds=0.0),
        row("b", **on_gpu(), seconds_per_image=1.0),
        row("c", **on_cpu()),
        row("d", **on_cpu(), seconds_per_image=2.0),
    ]
    found = rows_by_device(rows)
    assert {device: [row.method for row in own] for device, own in found.items()} == {
        "Xeon": ["a", "d"],
        "H100": ["b"],
    }
    assert list(found) == ["Xeon", "H100"]


@pytest.mark.parametrize(
    ("threads", "shown"),
    [
        ([], "Xeon"),
        ([1], "Xeon (1 thread)"),
        ([2, 2], "Xeon (2 threads)"),
        ([8, 1, 2, 1], "Xeon (1 or 2 or 8 threads)"),
    ],
)
def test_threads_are_told_with_the_device(threads: list[int], shown: str) -> None:
    """The numbers of threads are listed once each, in ascending order."""
    rows = [row(f"m{place}", **on_cpu(threads=count)) for place, count in enumerate(threads)]
    assert with_threads("Xeon", rows) == shown


def test_threads_beside_a_gpu_are_not_told() -> None:
    """A GPU is named without threads, because they do not decide its times."""
    assert with_threads("H100", [row("a", **on_gpu())]) == "H100"

"""What records and speed tables say about time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fusebench.compare.speed import write_speed_tables
from fusebench.contracts.harness import LaunchReport
from fusebench.contracts.records import FusedImage, Hardware, Host, Record, TimeSpread, Timing
from fusebench.fuse.timing import PROTOCOL, hardware, spread, timing
from fusebench.states import State


def images(*seconds: float, warmup: int = 1) -> list[FusedImage]:
    """Return the images of a run with these times."""
    return [
        FusedImage(
            name=f"p{index}",
            size=(6, 4),
            fused=f"p{index}.png",
            mode="gray",
            sha256="",
            model_seconds=value / 2,
            seconds=value,
            warmup=index < warmup,
        )
        for index, value in enumerate(seconds)
    ]


def median(spread: TimeSpread | None) -> float:
    """Return the median of times that are known."""
    assert spread is not None
    return spread.median


def test_the_warm_up_is_excluded() -> None:
    """Median, p95 and repeats are those of the images after the first."""
    report = LaunchReport(startup_seconds=4.0, peak_rss_bytes=7)
    found = timing(images(9.0, 1.0, 2.0, 3.0), [report], exclusive=False)
    assert (found.repeats, found.warmup_excluded) == (3, 1)
    assert median(found.seconds) == 2.0
    assert median(found.model_seconds) == 1.0
    assert found.startup_seconds == 4.0


def test_a_child_with_more_memory_counts() -> None:
    """Peak resident memory is that of the process or of its largest child, whichever is larger."""
    reports = [
        LaunchReport(peak_rss_bytes=7, peak_rss_children_bytes=9),
        LaunchReport(peak_rss_bytes=8),
    ]
    assert timing(images(1.0), reports, exclusive=False).peak_rss_bytes == 9


def test_a_gpu_has_a_name_whatever_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If torch does not name the GPU, the driver does; a run on the CPU has no GPU."""
    smi = tmp_path / "nvidia-smi"
    smi.write_text('#!/bin/sh\ncase "$1" in *name) echo "NVIDIA H100";; *) echo 555.1;; esac\n')
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = hardware("0", [LaunchReport(device_name=None)], 2)
    assert (found.gpu, found.driver) == ("NVIDIA H100", "555.1")
    assert hardware("", [LaunchReport(device_name="A processor")], 2).gpu is None


def test_where_every_image_is_a_warm_up_all_count() -> None:
    """A script that takes one pair per process has only first images."""
    found = timing(images(1.0, 3.0, warmup=2), [], exclusive=False)
    assert (found.repeats, found.warmup_excluded, median(found.seconds)) == (2, 0, 2.0)


@pytest.mark.parametrize("values", [[0.5], [1.0, 2.0], [3.0, 1.0, 2.0, 8.0, 5.0]])
def test_p95_is_numpys(values: list[float]) -> None:
    """The 95th percentile is interpolated linearly, as in numpy."""
    found = spread(values)
    assert found is not None
    assert found.p95 == pytest.approx(np.percentile(values, 95))


def test_an_unknown_time_makes_no_median() -> None:
    """A median over only some images would be another quantity."""
    assert spread([1.0, None]) is None
    assert spread([]) is None


def record(method: str, gpu: str | None, seconds: float, state: State = "ok") -> Record:
    """Return the part of a record that a speed table reads."""
    times = TimeSpread(median=seconds, p95=seconds)
    return Record(
        method=method,
        dataset="speed-640x480-infrared-visible",
        state=state,
        reason="" if state == "ok" else "no time",
        device="cuda" if gpu else "cpu",
        timing=Timing(
            protocol=PROTOCOL,
            batch=1,
            repeats=10,
            warmup_excluded=1,
            model_seconds=times,
            seconds=times,
            startup_seconds=None,
            peak_rss_bytes=None,
            peak_device_bytes=None,
            exclusive=False,
        ),
        hardware=Hardware(cpu="A processor", gpu=gpu, driver=None, threads=2),
        host=Host(node="n", system="Linux", cpus=2, slurm_job=None, load_per_cpu=[0.1, 0.2]),
    )


def test_two_devices_are_two_tables(tmp_path: Path) -> None:
    """Times of different devices are in different tables.

    A run without times is listed with its state.
    """
    records = [
        record("one", "H200", 0.01),
        record("two", None, 0.5),
        record("three", "A100", 0.02),
        record("four", "H200", 0.005),
        record("five", "H200", 1.0, "timeout"),
    ]
    write_speed_tables(tmp_path, "suite", records)
    text = (tmp_path / "suite.md").read_text()
    parts = text.split("### ")[1:]
    assert [part.splitlines()[0] for part in parts] == ["H200", "A processor", "A100"]
    assert "one" in parts[0] and "four" in parts[0] and "two" not in parts[0]
    assert parts[0].index("four") < parts[0].index("one")
    assert "five at 640x480: timeout: no time" in text
    frame = pd.read_csv(tmp_path / "suite.csv")
    assert dict(zip(frame["method"], frame["fps"], strict=True))["four"] == pytest.approx(200)

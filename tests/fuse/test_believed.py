"""Times that a script's process tells are believed as far as the parent cannot see otherwise."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from fusebench.contracts.harness import ImageTimes, LaunchReport
from fusebench.fuse.believed import disbelief
from fusebench.fuse.launching import Launch
from fusebench.fuse.staging import StagedPair
from fusebench.sandbox.levels import Sandbox
from fusebench.sandbox.starting import Ended


def launched(seconds: list[float | None], wall: float = 10.0, startup: float = 0.5) -> Launch:
    """Return a process that told these seconds for the images p0, p1, ..."""
    images = {f"p{i}": ImageTimes(seconds=told) for i, told in enumerate(seconds)}
    report = LaunchReport(images=images, startup_seconds=startup)
    return Launch(0, "", report, Ended(0, wall, "", None, Sandbox("userns")))


@pytest.fixture
def staged(tmp_path: Path) -> list[StagedPair]:
    """Three pairs whose results were written within little time."""
    pairs = []
    for i in range(3):
        result = tmp_path / f"p{i}.png"
        result.touch()
        pairs.append(StagedPair(f"p{i}", tmp_path, tmp_path, result, ()))
    return pairs


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ([3.0, 2.0, 3.0], ""),
        ([None, None, None], ""),
        ([1.0, None, 1.0], ""),
        ([0.5, -1.0, 0.5], "a time is negative, or no number"),
        ([0.5, float("nan"), 0.5], "a time is negative, or no number"),
        ([5.0, 5.0, 5.0], "they are 15.5 s in all, and it ran for 10.0 s"),
    ],
)
def test_times_are_held_against_the_wall_time(
    staged: list[StagedPair], seconds: list[float | None], told: str
) -> None:
    """Images and start-up together take no longer than the process."""
    found = disbelief(launched(seconds), staged)
    assert told in found and bool(found) == bool(told)


def test_times_are_held_against_the_files(
    staged: list[StagedPair], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seconds that are too few for the time in which the results were written are not believed.

    The time of a file's last change is the kernel's; a script can set only the other times.
    """
    later = time.time() + 6
    real = os.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        found = real(path, **options)
        if path.name != "p2.png":
            return found
        return os.stat_result([*found[:9], later], {"st_ctime": later})

    monkeypatch.setattr(Path, "stat", stat)
    assert disbelief(launched([1e-9, 1e-9, 1e-9]), staged) == (
        "the times that the script's process told cannot be right: they are 0.0 s for all images"
        " after the first, and these were written within 6.0 s; they are left out"
    )
    assert disbelief(launched([0.5, 3.0, 3.0]), staged) == ""

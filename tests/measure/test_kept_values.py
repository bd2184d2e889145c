"""Measured values are kept although the measuring is killed, and are not measured again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import ImageFile, Manifest, Pair
from fusebench.contracts.records import CachedMeasures, FusedImage, Record
from fusebench.images import pixel_sha256, write_png
from fusebench.measure import runs
from fusebench.measure.runs import Task, Values, measure_dataset

NAMES = ["p1", "p2", "p3"]
SIZE = (24, 20)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Return a dataset of three pairs."""
    rng = np.random.default_rng(0)
    pairs = []
    for name in NAMES:
        files = []
        for side in "ab":
            pixels = rng.integers(0, 256, SIZE[::-1], dtype=np.uint8)
            write_png(tmp_path / "set" / side / f"{name}.png", pixels)
            sha256 = pixel_sha256(pixels)
            files.append(ImageFile(file=f"{side}/{name}.png", mode="gray", sha256=sha256))
        pairs.append(Pair(name=name, size=SIZE, a=files[0], b=files[1]))
    return Manifest(path=str(tmp_path / "set"), pairs=pairs, sha256="1")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Return the record of a run on the dataset."""
    rng, images = np.random.default_rng(1), []
    for name in NAMES:
        pixels = rng.integers(0, 256, SIZE[::-1], dtype=np.uint8)
        write_png(tmp_path / "run" / "fused" / f"{name}.png", pixels)
        sha256 = pixel_sha256(pixels)
        images.append(
            FusedImage(name=name, size=SIZE, fused=f"{name}.png", mode="gray", sha256=sha256)
        )
    path = tmp_path / "run" / "record.json"
    write_stored(path, Record(method="m", dataset="set", state="ok", reason="", images=images))
    return path


def kept(record: Path) -> list[str]:
    """Return the images of which values are kept."""
    return sorted(read_stored(record.parent / "measures.json", CachedMeasures).values)


def stop_at(name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the measuring of a pair end in an error; return the list of those that are measured."""
    whole, measured = runs.measure_pair, list[str]()

    def stopping(task: Task) -> list[Values]:
        if task.pair.name == name:
            raise KeyboardInterrupt
        measured.append(task.pair.name)
        return whole(task)

    monkeypatch.setattr(runs, "measure_pair", stopping)
    return measured


def test_what_was_measured_before_an_interruption_is_kept(
    manifest: Manifest, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run measures the rest, and its values are those of an undisturbed run."""
    undisturbed = measure_dataset(manifest, [record], ["EN", "SD"], 1)
    (record.parent / "measures.json").unlink()
    measured = stop_at("p3", monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        measure_dataset(manifest, [record], ["EN", "SD"], 1)
    assert kept(record) == measured == ["p1", "p2"]
    monkeypatch.undo()
    measured = stop_at("none", monkeypatch)
    assert measure_dataset(manifest, [record], ["EN", "SD"], 1) == undisturbed
    assert measured == ["p3"]


def test_values_are_written_while_others_are_measured(
    manifest: Manifest, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that is killed, without a chance to write, has kept what is older than the interval."""
    monkeypatch.setattr(runs, "KEEP_SECONDS", 0.0)
    whole, found = runs.measure_pair, list[list[str]]()

    def looking(task: Task) -> list[Values]:
        found.append(kept(record) if (record.parent / "measures.json").exists() else [])
        return whole(task)

    monkeypatch.setattr(runs, "measure_pair", looking)
    measure_dataset(manifest, [record], ["EN"], 1)
    assert found == [[], ["p1"], ["p1", "p2"]]

"""Runs on datasets of arrays are measured with the metrics of bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fusebench.arrays.values import array_sha256
from fusebench.contracts.datasets import Cube, SideReading
from fusebench.contracts.files import write_stored
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import ArrayFacts
from fusebench.contracts.records import FusedImage, Record
from fusebench.datasets.preparation import prepare_dataset
from fusebench.datasets.prepared import read_prepared
from fusebench.measure.memory import memory_mb
from fusebench.measure.runs import measure_dataset
from fusebench.metrics import BandPair, resolve

METRICS = ["SAM", "ERGAS", "Q2n", "D_lambda", "HQNR", "EN"]


def test_values_are_those_of_the_formulas(tmp_path: Path) -> None:
    """The prepared arrays and the result reach the formulas with all their digits."""
    random = np.random.default_rng(3)
    (tmp_path / "scenes").mkdir()
    bands = random.integers(1, 2048, (64, 64, 4)).astype(np.uint16)
    pan = np.kron(bands.mean(axis=2), np.ones((4, 4))).round()
    np.savez(tmp_path / "scenes" / "one.npz", pan=pan, ms=bands)
    cube = Cube(ratio=4, bands=4, sensor="QB", peak=2047, derive="wald")
    job = DatasetJob(
        kind="local",
        folder="scenes",
        patterns={"a": "{name}.npz", "b": "{name}.npz"},
        readings={"a": SideReading(key="pan", axes="hw"), "b": SideReading(key="ms", axes="hwc")},
        cube=cube,
    )
    manifest = prepare_dataset("d", job, tmp_path / "data", tmp_path)
    fused = bands + random.normal(0, 30, bands.shape)
    folder = tmp_path / "run" / "fused"
    folder.mkdir(parents=True)
    np.save(folder / "one.npy", fused)
    facts = ArrayFacts(shape=(64, 64, 4), dtype="float64", picture="one.png", limits=[(0, 1)])
    image = FusedImage(
        name="one",
        size=(64, 64),
        fused="one.npy",
        mode="array",
        sha256=array_sha256(fused),
        array=facts,
    )
    record = Record(method="m", dataset="d", state="ok", reason="", images=[image])
    write_stored(tmp_path / "run" / "record.json", record)
    rows = measure_dataset(manifest, [tmp_path / "run" / "record.json"], METRICS, 1)
    sides = {
        name: read_prepared(tmp_path / "data", part)
        for name, part in manifest.pairs[0].sides.items()
    }
    pair = BandPair(sides["b"], sides["a"][..., 0], bands, ratio=4, sensor="QB")
    wanted = pair.measure(fused, resolve(METRICS[:-1]))
    assert {row.metric: row.value for row in rows[:-1]} == pytest.approx(wanted, rel=1e-12)
    assert "is defined for gray images" in rows[-1].reason


def test_bands_take_memory(tmp_path: Path) -> None:
    """A scene of many bands asks for as much memory as that many images."""
    from fusebench.contracts.markers import ImageFile, Manifest, Pair

    def manifest(count: int) -> Manifest:
        facts = ArrayFacts(shape=(256, 256, count), dtype="uint16", picture="", limits=[])
        part = ImageFile(file="", mode="array", sha256="", array=facts)
        return Manifest(pairs=[Pair(name="x", size=(1024, 1024), a=part, b=part)])

    few, many = (memory_mb([(manifest(count), ["SAM"])], 1) for count in (4, 100))
    assert many > few + 10_000

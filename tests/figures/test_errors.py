"""Maps of errors on arrays: one colour bar for each kind, and the error by band."""

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
from fusebench.contracts.tables import CellList
from fusebench.datasets.preparation import prepare_dataset
from fusebench.figures import errors
from fusebench.images import write_png
from fusebench.layout import FUSED, cell_folder, dataset_marker, record_path

from tests.figures.made import draw, figure_spec, inputs_of, texts

OFF = {"one": 10.0, "two": 30.0}


@pytest.fixture
def truth(tmp_path: Path) -> np.ndarray:
    """A dataset of one scene, and the results of two methods that are off by a constant."""
    truth = np.random.default_rng(1).integers(1, 2000, (16, 16, 3)).astype(np.uint16)
    (tmp_path / "scenes").mkdir()
    np.savez(tmp_path / "scenes" / "x.npz", pan=np.ones((64, 64)), ms=truth)
    job = DatasetJob(
        kind="local",
        folder="scenes",
        patterns={"a": "{name}.npz", "b": "{name}.npz"},
        readings={"a": SideReading(key="pan", axes="hw"), "b": SideReading(key="ms", axes="hwc")},
        cube=Cube(ratio=4, bands=3, peak=2047, rgb=(3, 2, 1), derive="wald"),
    )
    marker = tmp_path / dataset_marker("d")
    manifest = prepare_dataset("d", job, marker.with_suffix(""), tmp_path)
    write_stored(marker, manifest)
    for method, off in OFF.items():
        fused = truth + off
        folder = tmp_path / cell_folder(method, "d") / FUSED
        folder.mkdir(parents=True)
        np.save(folder / "x.npy", fused)
        write_png(folder / "x.png", np.zeros((16, 16, 3), np.uint8))
        facts = ArrayFacts(shape=(16, 16, 3), dtype="float64", picture="x.png", limits=[(0, 1)])
        image = FusedImage(
            name="x",
            size=(16, 16),
            fused="x.npy",
            mode="array",
            sha256=array_sha256(fused),
            array=facts,
        )
        record = Record(method=method, dataset="d", state="ok", reason="", images=[image])
        write_stored(tmp_path / record_path(method, "d"), record)
    return truth


def test_maps_of_one_kind_share_a_colour_bar(tmp_path: Path, truth: np.ndarray) -> None:
    """Each method has false colours and two maps; the error by band is in the data."""
    cells = CellList(runs={"d": ["one", "two"]}, skipped=[])
    spec = figure_spec("errors", ("one", "two"), ["SAM"], cells=cells)
    values = {method: {"SAM": [1.0 + place]} for place, method in enumerate(OFF)}
    figure, data = draw(errors, (spec, inputs_of(tmp_path, spec, d=values)))
    assert {"ONE", "TWO", "mean absolute error", "spectral angle (degree)"} <= {*texts(figure)}
    images = [panel.images[0] for part in figure.subfigs for panel in part.axes if panel.images]
    limits = {image.get_clim() for image in images}
    assert (0, 30) in limits
    assert data.groupby("method")["rmse"].mean().to_dict() == pytest.approx(
        {name.upper(): off for name, off in OFF.items()}
    )


def test_a_dataset_without_results_says_so(tmp_path: Path, truth: np.ndarray) -> None:
    """There is nothing to draw before a method ended well."""
    spec = figure_spec("errors", ("one",), ["SAM"])
    figure, data = draw(errors, (spec, inputs_of(tmp_path, spec, d={"one": {"SAM": [1.0]}})))
    assert "no method has results with a ground truth on this dataset" in texts(figure)
    assert data.empty

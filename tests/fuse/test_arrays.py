"""Arrays that a script reads and writes: staged as it wants them, collected with all digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from fusebench.arrays.files import read_array, write_arrays
from fusebench.arrays.values import array_sha256
from fusebench.contracts.datasets import Cube, SideReading
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import Manifest
from fusebench.contracts.methods import Result, Stage, StagedArray
from fusebench.datasets.preparation import prepare_dataset
from fusebench.errors import BadOutput, Crashed
from fusebench.fuse.collected_arrays import collect_array
from fusebench.fuse.staged_arrays import GIVEN_REFERENCE
from fusebench.fuse.staging import StagedPair, clear_folders, stage_pairs
from fusebench.images import read_image
from fusebench.simulation.enlargement import enlarged

RANDOM = np.random.default_rng(5)
PAN = RANDOM.integers(1, 2048, (32, 48)).astype(np.uint16)
BANDS = RANDOM.integers(1, 2048, (8, 12, 4)).astype(np.uint16)
CUBE = Cube(ratio=4, bands=4, sensor="QB", peak=2047, rgb=(3, 2, 1))
VALUES = {"work": "", "out": ""}


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """A dataset of one scene, in its normal form."""
    scenes = tmp_path / "scenes"
    scenes.mkdir()
    np.savez(scenes / "one.npz", pan=PAN, ms=BANDS)
    job = DatasetJob(
        kind="local",
        folder=str(scenes),
        patterns={"a": "{name}.npz", "b": "{name}.npz"},
        readings={"a": SideReading(key="pan", axes="hw"), "b": SideReading(key="ms", axes="hwc")},
        cube=CUBE,
    )
    return prepare_dataset("d", job, tmp_path / "data", tmp_path)


def staged(
    root: Path, manifest: Manifest, arrays: dict[str, dict[str, StagedArray]], **stage: Any
) -> tuple[StagedPair, Path]:
    """Stage the scene; return it and the scratch copy."""
    work = root / "scratch" / "work"
    work.mkdir(parents=True, exist_ok=True)
    run = Run(script="x.py", stage=Stage(arrays=arrays, **stage), collect="out/{name}.mat")
    return stage_pairs(manifest.pairs, root / "data", run, work, VALUES, CUBE)[0], work


def test_arrays_are_staged_as_the_script_wants_them(tmp_path: Path, manifest: Manifest) -> None:
    """Key, axes, type and scale of each array are those of the entry."""
    asked = {
        "in/{name}.h5": {
            "ms": StagedArray(source="b", axes="nchw", dtype="float64"),
            "pan": StagedArray(source="a", axes="n1hw", scale="unit"),
            "lms": StagedArray(source="enlarged", axes="hwc"),
            "gt": StagedArray(source="stand-in", axes="chw", dtype="float32"),
            "ratio": StagedArray(source="ratio"),
        }
    }
    pair, work = staged(tmp_path, manifest, asked)
    assert pair.inputs == (work / "in/one.h5",)
    with h5py.File(work / "in/one.h5") as held:
        np.testing.assert_array_equal(held["ms"], np.moveaxis(BANDS, 2, 0)[None].astype(float))
        assert held["ms"].dtype == np.float64
        np.testing.assert_allclose(held["pan"][0, 0], PAN / 2047)
        np.testing.assert_allclose(held["lms"], enlarged(BANDS, 4))
        assert held["gt"].shape == (4, 32, 48)
        assert held["ratio"][0, 0] == 4


def test_each_file_has_its_arrays(tmp_path: Path, manifest: Manifest) -> None:
    """PAN and bands may lie in files of their own, .mat files of version 7.3 too."""
    asked = {
        "pan/{name}.mat": {"pan": StagedArray(source="a", axes="hw")},
        "ms/{name}.tif": {"ms": StagedArray(source="b")},
    }
    pair, work = staged(tmp_path, manifest, asked, matlab="7.3")
    assert {path.parent.name for path in pair.inputs} == {"pan", "ms"}
    assert h5py.is_hdf5(work / "pan/one.mat")
    np.testing.assert_array_equal(read_array(work / "pan/one.mat", "pan"), PAN)
    np.testing.assert_array_equal(read_array(work / "ms/one.tif"), BANDS)


def test_a_script_that_reads_the_ground_truth_is_told(tmp_path: Path, manifest: Manifest) -> None:
    """It makes its own low-resolution source; a scene without a ground truth has none to give."""
    asked = {"in/{name}.npy": {"x": StagedArray(source="reference")}}
    with pytest.raises(Crashed, match=r"the scene has \(a, b, enlarged.*found `from: reference`"):
        staged(tmp_path, manifest, asked)
    assert "its own low-resolution source" in GIVEN_REFERENCE


def test_committed_arrays_are_taken_away_first(tmp_path: Path) -> None:
    """A sample that the authors committed is not fused beside the dataset's scenes."""
    work = tmp_path / "work"
    (work / "in").mkdir(parents=True)
    np.save(work / "in" / "sample.npy", PAN)
    asked = {"in/{name}.npy": {"x": StagedArray(source="a")}}
    run = Run(script="x.py", stage=Stage(arrays=asked), collect="out/{name}.npy")
    clear_folders(run, work, VALUES)
    assert not (work / "in" / "sample.npy").exists()


@pytest.fixture
def collect(tmp_path: Path, manifest: Manifest) -> Callable[..., Any]:
    """Collect an array that a script left under the key ``sr`` of a .mat file."""

    def collected(values: np.ndarray, axes: str = "hwc", key: str = "sr", **result: Any) -> Any:
        file = tmp_path / "one.mat"
        write_arrays(file, {"sr": values})
        run = Run(
            stage=Stage(a="a", b="b"), collect="", result=Result(axes=axes, key=key, **result)
        )
        pair = StagedPair("one", file, file, file, ())
        return collect_array(pair, manifest.pairs[0], run, CUBE, tmp_path / "fused" / "one.png")

    return collected


FUSED = RANDOM.normal(1000, 200, (32, 48, 4))


def test_results_keep_all_their_digits(tmp_path: Path, collect: Callable[..., Any]) -> None:
    """The array is stored as the script wrote it, with a picture beside it."""
    image, small = collect(np.moveaxis(FUSED, 2, 0), "chw")
    kept = np.load(tmp_path / "fused" / image.fused)
    np.testing.assert_array_equal(kept, FUSED)
    assert image.sha256 == array_sha256(kept)
    assert (image.mode, image.size, image.shown) == ("array", (48, 32), "one.png")
    assert read_image(tmp_path / "fused" / image.shown)[0].shape == (32, 48, 3)
    assert small.shape == (64, 64)


def test_unit_results_are_brought_to_the_numbers_of_the_dataset(
    tmp_path: Path, collect: Callable[..., Any]
) -> None:
    """``scale: unit`` multiplies by the peak; values outside are told and not clipped."""
    values = FUSED / 2047
    values[0, 0, 0] = -0.5
    image, _ = collect(values, scale="unit")
    kept = np.load(tmp_path / "fused" / image.fused)
    assert kept.min() == pytest.approx(-1023.5)
    assert "1 of 6144 values outside 0 to 2047, from -1023.5" in image.notes[0]


@pytest.mark.parametrize(
    ("values", "options", "told"),
    [
        (
            FUSED,
            {"key": "out"},
            r"must have the key 'out'; found sr \(32, 48, 4\); correct `run.re",
        ),
        (FUSED, {"axes": "hw"}, "must have 2 axes"),
        (FUSED, {"axes": "whc"}, r"rows, columns and bands \(32, 48, 4\).*found \(48, 32, 4\)"),
        (FUSED[..., :3], {}, r"the bands of B; found \(32, 48, 3\)"),
        (FUSED * np.nan, {}, "must hold finite values; found 6144"),
        (FUSED * 0, {}, "must hold more than one value; found 0 everywhere"),
        (FUSED / 2047, {}, "found values up to .* give the entry `run.result.scale: unit`"),
        (FUSED, {"scale": "unit"}, "must hold values of 0 to 1; found .* `scale: keep`"),
    ],
)
def test_results_that_cannot_be_used_are_told(
    collect: Callable[..., Any], values: np.ndarray, options: dict[str, Any], told: str
) -> None:
    """Keys, axes, bands, NaN and scales that are not the stated ones end as bad output."""
    with pytest.raises(BadOutput, match=told):
        collect(values, **options)

"""Datasets of arrays in their normal form: files, protocol, pins, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fusebench.arrays.values import array_sha256
from fusebench.contracts.datasets import Cube, Degradation, SideReading, Windows
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import Manifest
from fusebench.datasets.pins import write_pins
from fusebench.datasets.preparation import prepare_dataset
from fusebench.datasets.prepared import read_prepared
from fusebench.errors import DatasetUnavailable
from fusebench.images import read_image
from fusebench.simulation.wald import reduced_bands, reduced_pan
from msgspec.structs import replace
from scipy.io import savemat

RANDOM = np.random.default_rng(5)
PAN = RANDOM.integers(1, 2048, (64, 96)).astype(np.uint16)
BANDS = RANDOM.integers(1, 2048, (16, 24, 4)).astype(np.uint16)
CUBE = Cube(ratio=4, bands=4, sensor="QB", peak=2047, rgb=(3, 2, 1))
JOB = DatasetJob(
    kind="local",
    folder="scenes",
    patterns={"a": "{name}.mat", "b": "{name}.mat"},
    readings={
        "a": SideReading(key="I_PAN", axes="hw"),
        "b": SideReading(key="I_MS", axes="hwc"),
    },
    cube=CUBE,
)


def scene(root: Path, **arrays: Any) -> None:
    """Write one scene of the user's."""
    (root / "scenes").mkdir(exist_ok=True)
    savemat(root / "scenes" / "one.mat", {"I_PAN": PAN, "I_MS": BANDS, **arrays})


def prepare(root: Path, job: DatasetJob = JOB) -> Manifest:
    """Prepare the dataset of a project."""
    return prepare_dataset("d", job, root / "out", root)


def test_arrays_keep_their_numbers(tmp_path: Path) -> None:
    """PAN and bands of one file become .npy of (H, W, C), with pictures of the size of PAN."""
    scene(tmp_path)
    manifest = prepare(tmp_path)
    pair = manifest.pairs[0]
    assert (pair.size, pair.a.mode, pair.reference) == ((96, 64), "array", pair.reference)
    np.testing.assert_array_equal(read_prepared(tmp_path / "out", pair.a)[..., 0], PAN)
    np.testing.assert_array_equal(read_prepared(tmp_path / "out", pair.b), BANDS)
    assert pair.b.sha256 == array_sha256(BANDS)
    assert pair.b.array is not None
    assert pair.b.shown == "b/one.png"
    picture, _ = read_image(tmp_path / "out" / pair.b.shown)
    assert picture.shape == (64, 96, 3)
    assert manifest.cube == CUBE


def test_walds_protocol_makes_the_ground_truth(tmp_path: Path) -> None:
    """Both sides are reduced by the ratio; the bands of the file are the reference."""
    scene(tmp_path)
    job = replace(JOB, cube=replace(CUBE, derive="wald"))
    pair = prepare(tmp_path, job).pairs[0]
    assert pair.size == (24, 16)
    out = tmp_path / "out"
    np.testing.assert_array_equal(read_prepared(out, pair.sides["reference"]), BANDS)
    bands, pan = read_prepared(out, pair.b), read_prepared(out, pair.a)
    np.testing.assert_array_equal(bands, reduced_bands(BANDS, 4, "QB").astype(np.float32))
    np.testing.assert_array_equal(pan, reduced_pan(PAN[..., None], 4).astype(np.float32))
    assert "reduced by 4 (Wald's protocol, sensor QB)" in pair.b.notes


def test_derived_arrays_are_known_by_their_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine may round the last digits of a filter otherwise: pins hold all the same.

    What lies on the disk is still checked.
    """
    from fusebench.simulation import wald

    scene(tmp_path)
    job = replace(JOB, cube=replace(CUBE, derive="wald"))
    first = prepare(tmp_path, job)
    real = wald.reduced_pan
    monkeypatch.setattr(wald, "reduced_pan", lambda pan, ratio: real(pan, ratio) * (1 + 1e-6))
    other = prepare(tmp_path, job)
    assert other.sha256 == first.sha256
    part = other.pairs[0].a
    np.save(tmp_path / "out" / part.file, PAN[..., None].astype(np.float32))
    with pytest.raises(DatasetUnavailable, match="found other pixels"):
        read_prepared(tmp_path / "out", part)


def test_a_part_is_cropped_on_both_sides(tmp_path: Path) -> None:
    """The crop is in pixels of B; A is cropped by the ratio."""
    scene(tmp_path)
    pair = prepare(tmp_path, replace(JOB, cube=replace(CUBE, crop=(4, 8, 16, 8)))).pairs[0]
    out = tmp_path / "out"
    np.testing.assert_array_equal(read_prepared(out, pair.b), BANDS[8:16, 4:20])
    np.testing.assert_array_equal(read_prepared(out, pair.a)[..., 0], PAN[32:64, 16:80])


def test_the_hash_holds_what_is_stated_of_arrays(tmp_path: Path) -> None:
    """Another peak or sensor is another dataset: methods and metrics depend on it."""
    scene(tmp_path)
    first = prepare(tmp_path).sha256
    assert prepare(tmp_path).sha256 == first
    assert prepare(tmp_path, replace(JOB, cube=replace(CUBE, sensor="WV4"))).sha256 != first


def test_pins_hold_further_parts(tmp_path: Path) -> None:
    """A part beside a and b is pinned like them, and belongs to the hash of the dataset."""
    scene(tmp_path, MASK=BANDS[..., 0])
    job = replace(
        JOB,
        patterns={**JOB.patterns, "mask": "{name}.mat"},
        readings={**(JOB.readings or {}), "mask": SideReading(key="MASK", axes="hw")},
    )
    manifest = prepare(tmp_path, job)
    assert [*manifest.pairs[0].parts] == ["a", "b", "mask"]
    assert write_pins(tmp_path / "pins", manifest) == 3
    assert prepare(tmp_path, replace(job, hashes=str(tmp_path / "pins"))).is_ok
    assert manifest.sha256 != prepare(tmp_path).sha256
    scene(tmp_path, MASK=BANDS[..., 1])
    with pytest.raises(DatasetUnavailable, match="every image must be the one that pins pins"):
        prepare(tmp_path, replace(job, hashes=str(tmp_path / "pins")))


@pytest.mark.parametrize(
    ("arrays", "cube", "told"),
    [
        (
            {"I_PAN": PAN[:60]},
            {},
            "A must be 4 times as wide and high as B.*found A 96x60, B 24x16",
        ),
        ({"I_MS": BANDS[..., :3]}, {}, "B must have the 4 bands of `cube.bands`; found 3"),
        ({"I_MS": BANDS.astype(float) * np.nan}, {}, "one.mat .I_MS.: must hold finite values"),
        ({}, {"peak": 1000}, "must hold values of 0 to 1000, as `peak` or `range` says"),
        ({}, {"sensor": "QB", "bands": 4, "crop": (0, 0, 99, 4)}, "must lie inside B, 24x16"),
        ({}, {"crop": (0, 0, 6, 8), "derive": "wald"}, "must be multiples of the ratio 4"),
        ({"other": 1, "I_PAN": np.dstack([PAN, PAN])}, {}, "must have 2 axes, as `axes: hw` says"),
    ],
)
def test_scenes_that_do_not_fit_are_told(
    tmp_path: Path, arrays: dict[str, Any], cube: dict[str, Any], told: str
) -> None:
    """Sizes, bands, values and crops that are not the stated ones end with their place."""
    scene(tmp_path, **arrays)
    with pytest.raises(DatasetUnavailable, match=told):
        prepare(tmp_path, replace(JOB, cube=replace(CUBE, **cube)))


def test_sensors_have_so_many_bands(tmp_path: Path) -> None:
    """Wald's protocol needs a gain for every band."""
    scene(tmp_path, I_MS=np.dstack([BANDS, BANDS]))
    with pytest.raises(DatasetUnavailable, match="at most the 4 bands of the sensor QB; found 8"):
        prepare(tmp_path, replace(JOB, cube=replace(CUBE, bands=8, derive="wald")))


def test_generated_scenes_are_arrays() -> None:
    """The generated scene has PAN of four times the size, and 11 bits."""
    from fusebench.generated import generator

    pair = next(generator("satellite")())
    assert (pair.a.shape, pair.b.shape) == ((1024, 1024, 1), (256, 256, 4))
    assert pair.a.dtype == pair.b.dtype == np.uint16
    assert max(pair.a.max(), pair.b.max()) <= 2047


def test_a_hyperspectral_scene_makes_both_sides(tmp_path: Path) -> None:
    """A is mixed by the response, B is blurred and decimated in the stated phase; no file has A."""
    scene(tmp_path)
    how = Degradation(size=3, sigma=1, phase=1, response=Windows(windows=[(1, 2), (3, 4)]))
    job = replace(
        JOB,
        patterns={"b": "{name}.mat"},
        readings={"b": SideReading(key="I_MS", axes="hwc")},
        cube=replace(CUBE, derive=how),
    )
    manifest = prepare(tmp_path, job)
    pair, out = manifest.pairs[0], tmp_path / "out"
    np.testing.assert_array_equal(read_prepared(out, pair.sides["reference"]), BANDS)
    sharp = read_prepared(out, pair.a)
    np.testing.assert_allclose(sharp[..., 1], BANDS[..., 2:].mean(axis=2), rtol=1e-6)
    low = read_prepared(out, pair.b)
    assert low.shape == (4, 6, 4)
    taps = np.exp(-np.array([1, 0, 1]) / 2) / np.exp(-np.array([1, 0, 1]) / 2).sum()
    first = np.einsum("hwc,h,w->c", BANDS[:3, :3].astype(float), taps, taps)
    np.testing.assert_allclose(low[0, 0], first, rtol=1e-6)
    weights = [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
    other = prepare(
        tmp_path, replace(job, cube=replace(CUBE, derive=replace(how, response=weights)))
    )
    np.testing.assert_array_equal(read_prepared(out, other.pairs[0].a), sharp)

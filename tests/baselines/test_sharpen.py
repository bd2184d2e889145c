"""The classical pansharpening methods, against DLPan-Toolbox's own code and on scenes of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sharpen
from numpy.typing import NDArray
from spectral import METHODS, Scene

from tests.simulation.made import random_scene

KEPT = np.load(Path(__file__).parents[1] / "simulation" / "dlpan.npz")


@pytest.fixture
def scene() -> Scene:
    """The scene whose values under DLPan-Toolbox are kept."""
    from fusebench.simulation.enlargement import enlarged

    _, pan = random_scene()
    return Scene(pan[..., None], KEPT["reduced"], enlarged(KEPT["reduced"], 4), 4, "QB")


@pytest.mark.parametrize("name", ["gs", "gsa", "mtf-glp", "mtf-glp-hpm"])
def test_methods_agree_with_dlpan(scene: Scene, name: str) -> None:
    """Values of about 1000 are equal to 1e-9; ``simulation/dlpan.m`` says how they were made."""
    fused = METHODS[name](scene)
    np.testing.assert_allclose(fused[::5], KEPT[name.replace("-", "_")], rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("name", sorted({*METHODS} - {"exp", "bicubic", "cnmf"}))
def test_details_of_pan_reach_every_band(scene: Scene, name: str) -> None:
    """What is added to the enlarged bands follows PAN."""
    details = scene.pan - scene.enlarged.mean(axis=2)
    added = METHODS[name](scene) - scene.enlarged
    for band in np.moveaxis(added, 2, 0):
        assert np.corrcoef(band.ravel(), details.ravel())[0, 1] > 0.5


@pytest.mark.parametrize("name", ["exp", "brovey"])
def test_spectra_keep_their_direction(scene: Scene, name: str) -> None:
    """EXP changes nothing, and Brovey scales all bands of a pixel alike."""
    ratio = METHODS[name](scene) / scene.enlarged
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[..., :1], ratio.shape))


def test_a_flat_pan_adds_nothing(scene: Scene) -> None:
    """IHS and GS have nothing to add where PAN is the intensity itself."""
    plain = Scene(scene.enlarged.mean(axis=2, keepdims=True), scene.bands, scene.enlarged, 4, "QB")
    for name in ("ihs", "gs", "brovey"):
        np.testing.assert_allclose(METHODS[name](plain), plain.enlarged, rtol=1e-9)


def test_scenes_of_a_folder_are_sharpened(tmp_path: Path, scene: Scene) -> None:
    """Each file gets a result of its name, in the same numbers."""
    arrays = {"sharp": scene.sharp, "bands": scene.bands, "enlarged": scene.enlarged}
    np.savez(tmp_path / "one.npz", **arrays)  # type: ignore[arg-type]
    command = ["--method", "ihs", "--scenes", str(tmp_path), "--out", str(tmp_path / "out")]
    assert sharpen.main([*command, "--ratio", "4"]) == 0
    np.testing.assert_allclose(np.load(tmp_path / "out" / "one.npy"), METHODS["ihs"](scene))


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"sharp": np.ones((8, 8, 1))}, "must hold sharp, bands, enlarged; lacks bands"),
        (
            {
                "sharp": np.ones((8, 8, 1)),
                "bands": np.ones((3, 2, 1)),
                "enlarged": np.ones((8, 8, 1)),
            },
            "sharp must be 4 times as large as bands",
        ),
        (None, "must hold scenes"),
    ],
)
def test_unusable_scenes_are_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arrays: dict[str, np.ndarray] | None,
    told: str,
) -> None:
    """A file without an array, of other sizes, or an empty folder, ends the command with 1."""
    if arrays:
        np.savez(tmp_path / "one.npz", **arrays)  # type: ignore[arg-type]
    command = ["--method", "exp", "--scenes", str(tmp_path), "--out", str(tmp_path / "out")]
    assert sharpen.main([*command, "--ratio", "4"]) == 1
    assert told in capsys.readouterr().err


def hyperspectral_scene() -> tuple[Scene, np.ndarray]:
    """Return a scene of 24 bands that are mixes of four materials, and its ground truth."""
    random = np.random.default_rng(7)
    spectra = np.abs(random.normal(500, 200, (4, 24)))
    maps = random.dirichlet(np.full(4, 0.2), (12, 12))
    truth = np.kron(maps, np.ones((8, 8, 1))) @ spectra
    response = np.kron(np.eye(4), np.full((1, 6), 1 / 6))
    low: NDArray[Any] = truth.reshape(24, 4, 24, 4, 24).mean(axis=(1, 3))
    sharp: NDArray[Any] = truth @ response.T
    enlarged: NDArray[Any] = np.kron(low, np.ones((4, 4, 1)))
    return Scene(sharp, low, enlarged, 4, "none"), truth


@pytest.mark.parametrize("name", ["hypersharpening", "cnmf"])
def test_a_sharp_image_helps_every_band(name: str) -> None:
    """Errors are less than half those of bicubic enlargement, and the mean spectrum is kept."""
    scene, truth = hyperspectral_scene()
    plain = np.sqrt(((METHODS["bicubic"](scene) - truth) ** 2).mean())
    fused = METHODS[name](scene)
    assert np.sqrt(((fused - truth) ** 2).mean()) < plain / 2
    np.testing.assert_allclose(fused.mean(axis=(0, 1)), truth.mean(axis=(0, 1)), rtol=0.05)

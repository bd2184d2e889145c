"""Metrics of bands as two toolboxes apply them."""

from __future__ import annotations

import numpy as np
import pytest
from fusebench.errors import MetricError
from fusebench.metrics import BandPair, resolve

from tests.metrics.conftest import make_bands

REFERENCE = ("Q2n", "Q", "SAM", "ERGAS", "SCC")


@pytest.mark.parametrize(
    ("toolbox", "border", "names"),
    [("dlpan", 21, REFERENCE), ("hstool", 11, ("Q2n", "SAM", "ERGAS"))],
)
def test_borders_are_left_out(toolbox: str, border: int, names: tuple[str, ...]) -> None:
    """The values are those of the inner part, MATLAB's (n : end - n)."""
    scene = make_bands(128, 4, 4)
    reference, fused = scene["reference"], scene["fused"]
    inner = slice(border - 1, 128 - border)
    whole = BandPair(reference=reference)
    found = whole.measure(fused, resolve([f"{name}@{toolbox}" for name in names]))
    part = BandPair(reference=reference[inner, inner])
    wanted = part.measure(fused[inner, inner], resolve(names))
    assert [*found.values()] == [*wanted.values()]


def test_a_small_scene_has_no_inner_part() -> None:
    """The message says how large it must be."""
    scene = np.ones((40, 40, 2))
    with pytest.raises(MetricError, match="images of more than 42 pixels"):
        BandPair(reference=scene).measure(scene, resolve(["SAM@dlpan"]))


def test_spatial_distortion_is_what_no_mix_of_bands_explains() -> None:
    """D_sR is 0 where PAN is a sum of bands, and 1 where it has nothing to do with them."""
    random = np.random.default_rng(1)
    fused = random.normal(1000, 100, (64, 64, 4))
    low = fused[3::4, 3::4]
    told = BandPair(low, fused @ [0.1, 0.4, 0.3, 0.2]).measure(fused, resolve(["D_s@hstool"]))
    assert told["D_s@hstool"] == pytest.approx(0, abs=1e-12)
    noise = BandPair(low, random.normal(1000, 100, (64, 64)))
    assert noise.measure(fused, resolve(["D_s@hstool"]))["D_s@hstool"] > 0.9


def test_spectral_distortion_is_taken_at_low_resolution() -> None:
    """Bands that the result has at the toolbox's phase, after its blur, have no distortion."""
    from fusebench.simulation.transfer import filtered, transfer_filter

    fused = np.random.default_rng(2).integers(100, 1900, (128, 128, 4)).astype(float)
    low = filtered(fused, [transfer_filter(0.3, 4)] * 4)[3::4, 3::4]
    values = BandPair(low, fused.mean(axis=2)).measure(fused, resolve(["D_lambda@hstool"]))
    assert values["D_lambda@hstool"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("name", "value"), [("RMSE", 10.0), ("MPSNR", 20 * np.log10(200 / 10))])
def test_errors_of_known_size(name: str, value: float) -> None:
    """A result that is 10 off everywhere has RMSE 10; the peak is the largest true value."""
    reference = np.full((32, 32, 3), 100.0)
    reference[0, 0] = 200
    found = BandPair(reference=reference).measure(reference + 10, resolve([name]))
    assert found[name] == pytest.approx(value)


def test_similarity_is_the_mean_over_bands() -> None:
    """MSSIM is 1 for equal arrays, and half of it where one of two bands is noise."""
    reference = np.random.default_rng(3).integers(0, 2000, (64, 64, 2)).astype(float)
    whole = BandPair(reference=reference)
    assert whole.measure(reference, resolve(["MSSIM"]))["MSSIM"] == pytest.approx(1)
    other = reference.copy()
    other[..., 1] = np.random.default_rng(4).integers(0, 2000, (64, 64))
    assert whole.measure(other, resolve(["MSSIM"]))["MSSIM"] == pytest.approx(0.5, abs=0.05)


def test_many_bands_have_a_hypercomplex_index() -> None:
    """Q2n of 200 bands is 1 for equal arrays; numbers of 256 parts need no large table."""
    scene = np.random.default_rng(5).integers(100, 5000, (32, 32, 200)).astype(float)
    found = BandPair(reference=scene).measure(scene, resolve(["Q2n"]))
    assert found["Q2n"] == pytest.approx(1)

"""Multi-band arrays: what they may look like, and the values that formulas promise."""

from __future__ import annotations

import numpy as np
import pytest
from fusebench.errors import MetricError
from fusebench.metrics import BandPair, SourcePair, default_metrics, resolve
from numpy.typing import NDArray

from tests.metrics.conftest import Scene, make_bands

Bands = dict[str, NDArray[np.float64]]


@pytest.fixture
def scene() -> Bands:
    """Sources, ground truth and fused array, 64 x 64 with 4 bands."""
    return make_bands()


def test_ground_truth_itself_is_perfect(scene: Bands) -> None:
    """A fused array equal to the ground truth has the best value of every reference metric."""
    names = ["SAM", "ERGAS", "SCC", "Q", "Q2n"]
    values = BandPair(reference=scene["reference"]).measure(scene["reference"], resolve(names))
    assert values == pytest.approx({"SAM": 0, "ERGAS": 0, "SCC": 1, "Q": 1, "Q2n": 1}, abs=1e-5)


def test_angle_between_known_spectra() -> None:
    """SAM is the angle in degrees; pixels of length 0 do not count."""
    reference, fused = np.zeros((4, 4, 2)), np.zeros((4, 4, 2))
    reference[:2, :, 0] = fused[:2, :, 1] = 3
    fused[:1] = [3, 3]
    values = BandPair(reference=reference).measure(fused, resolve(["SAM"]))
    assert values["SAM"] == pytest.approx((45 + 90) / 2)


def test_defaults_need_what_the_task_has(scene: Bands) -> None:
    """Pansharpening is measured without a ground truth, HSI-MSI with one."""
    pair = BandPair(scene["bands"], scene["pan"], sensor="QB")
    assert set(pair.measure(scene["fused"], resolve(default_metrics("pansharpening")))) == {
        "D_lambda",
        "D_s",
        "QNR",
        "HQNR",
    }
    with pytest.raises(MetricError, match="SAM: needs a ground truth"):
        pair.measure(scene["fused"], resolve(default_metrics("hsi-msi")))


def test_sources_are_computed_once(scene: Bands) -> None:
    """The interpolated bands are cached for all fused arrays of a pair."""
    pair = BandPair(scene["bands"], scene["pan"])
    pair.measure(scene["fused"], resolve(["QNR"]))
    kept = dict(pair._parts)
    pair.measure(scene["fused"] + 1, resolve(["QNR"]))
    assert all(pair._parts[key] is value for key, value in kept.items())


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pan": np.ones((60, 64))}, r"the panchromatic source must be 64 x 64, found \(60, 64\)"),
        (
            {"bands": np.ones((16, 16))},
            r"the multi-band source must have shape \(H, W, bands\), found \(16, 16\)",
        ),
        ({"bands": np.full((16, 16, 4), np.nan)}, "must hold numbers only"),
        ({"ratio": 5}, "the ratio of resolutions must be a power of 2, or 3 times one; found 5"),
    ],
)
def test_sources_that_do_not_fit_are_refused(
    scene: Bands, arrays: dict[str, object], message: str
) -> None:
    """Shapes, ratios and values that cannot be measured are refused, with what was found."""
    with pytest.raises(MetricError, match=message):
        BandPair(**{"bands": scene["bands"], "pan": scene["pan"], **arrays})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "Q2n",
            lambda array: array / 4096,
            "Q2n: needs digital numbers, and these do not exceed 1",
        ),
        ("Q2n", lambda array: array[:20, :20], "Q2n: needs images of at least 32 x 32"),
        ("Q", lambda array: array[:20, :20], "Q: needs images of at least 32 x 32"),
        (
            "ERGAS",
            lambda array: array * 0,
            "ERGAS: has no value: a band of the reference has mean 0",
        ),
        ("SCC", lambda array: array * 0, "SCC: has no value: one of the images has no edge"),
        ("SAM", lambda array: array * 0, "SAM: has no value: one of the images is 0 everywhere"),
    ],
)
def test_formulas_without_a_value_say_why(
    scene: Bands, name: str, change: object, message: str
) -> None:
    """Fractions, and small or empty arrays, have a reason instead of a value."""
    assert callable(change)
    reference, fused = change(scene["reference"]), change(scene["fused"])
    with pytest.raises(MetricError, match=message):
        BandPair(reference=reference).measure(fused, resolve([name]))


def test_sides_must_be_whole_blocks() -> None:
    """D_lambda and D_s are defined on blocks of 32 x 32, as in the original."""
    scene = make_bands(48, 4, 4)
    with pytest.raises(
        MetricError, match="needs sides that are multiples of 32, found 48 x 48; crop the images"
    ):
        BandPair(scene["bands"], scene["pan"]).measure(scene["fused"], resolve(["D_lambda"]))


def test_metrics_of_the_other_kind_are_refused(scene: Bands) -> None:
    """Gray metrics have no value on bands, and band metrics have none on gray images."""
    with pytest.raises(MetricError, match="EN: is defined for gray images, these are bands images"):
        BandPair(reference=scene["reference"]).measure(scene["fused"], resolve(["EN"]))
    gray: Scene = (np.ones((40, 40)), np.ones((40, 40)), np.ones((40, 40)))
    with pytest.raises(
        MetricError, match="SAM: is defined for bands images, these are gray images"
    ):
        SourcePair(gray[0], gray[1]).measure(gray[2], resolve(["SAM"]))

"""Every definition gives the value of the original code that it is named after."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.metrics import SourcePair, resolve
from fusebench.metrics.bands import BandPair
from fusebench.metrics.catalogue import EVALUATOR_COLUMNS
from numpy.typing import NDArray

from tests.metrics.conftest import make_bands, make_scene

SCENES = {"s1": (96, 128, 7), "s2": (75, 101, 3), "s3": (197, 181, 5), "s4": (46, 61, 9)}
"""Height, width and seed of the generated scenes of ``reference_values.csv``."""

BAND_SCENES = {"b4": (64, 4, 4, "QB"), "b5": (96, 5, 2, "none")}
"""Size, bands, ratio and sensor of the generated multi-band scenes."""

VALUES = Path(__file__).with_name("reference_values.csv")
SHARED = Path(__file__).parents[3] / "shared" / "metrics"

TOLERANCE = 1e-9
LOOSER = {
    "VIF": 1e-7,  # flat areas, where a variance is rounding noise
    "VIFF": 1e-7,
    # defined in float32, whose exponential differs between libraries in the last place
    "CE@ivif-zoo": 1e-6,
}

FLOAT32_NOISE = {"VIF@ivif-zoo": 1e-4, "SSIM@ivif-zoo": 1e-2, "MS_SSIM@ivif-zoo": 5e-2}
"""How far float32 moves the originals in ``../shared``, which has only float32 values for these.

For all other definitions it is 1e-6.
"""


def tolerance(name: str) -> float:
    """Largest relative difference that is allowed for a definition."""
    return LOOSER.get(name, LOOSER.get(name.partition("@")[0], TOLERANCE))


def reference_values(evaluator: str, path: Path = VALUES) -> Iterator[dict[str, str]]:
    """Rows of one evaluator; lines that start with # say how they were obtained."""
    with path.open() as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            if row["evaluator"] == evaluator:
                yield row


@pytest.mark.parametrize("evaluator", list(EVALUATOR_COLUMNS))
def test_values_of_the_original_on_generated_images(evaluator: str) -> None:
    """Each value of the original code for a generated scene agrees within 1e-9 (VIF 1e-7)."""
    pairs = {name: make_scene(*arguments) for name, arguments in SCENES.items()}
    sources = {name: SourcePair(a, b) for name, (a, b, _) in pairs.items()}
    checked = set()
    for row in reference_values(evaluator):
        name = f"{row['metric']}@{evaluator}"
        value = sources[row["scene"]].measure(pairs[row["scene"]][2], resolve([name]))[name]
        assert value == pytest.approx(float(row["value"]), rel=tolerance(name), abs=0), (
            name,
            row["scene"],
        )
        checked.add(row["metric"])
    assert checked == set(EVALUATOR_COLUMNS[evaluator])


def test_values_of_the_band_toolbox_on_generated_arrays() -> None:
    """Each value of DLPan-Toolbox for a generated multi-band scene agrees within 1e-9."""
    pairs, fused = {}, {}
    for name, (size, count, ratio, sensor) in BAND_SCENES.items():
        scene = make_bands(size, count, ratio)
        pairs[name] = BandPair(
            scene["bands"], scene["pan"], scene["reference"], ratio=ratio, sensor=sensor
        )
        fused[name] = scene["fused"]
    rows = list(reference_values("dlpan"))
    assert len(rows) == 18
    for row in rows:
        value = pairs[row["scene"]].measure(fused[row["scene"]], resolve([row["metric"]]))[
            row["metric"]
        ]
        assert value == pytest.approx(float(row["value"]), rel=TOLERANCE, abs=0), (
            row["metric"],
            row["scene"],
        )


def test_values_of_definitions_outside_the_sets() -> None:
    """Q_E, and the values of Tang's code for uint8 images, agree within 1e-9 (VIF 1e-7)."""
    rows = [*reference_values("piella"), *reference_values("tang-uint8")]
    assert len(rows) == 9
    for row in rows:
        name = (
            row["metric"] if row["evaluator"] == "piella" else f"{row['metric']}@{row['evaluator']}"
        )
        a, b, fused = make_scene(*SCENES[row["scene"]])
        value = SourcePair(a, b).measure(fused, resolve([name]))[name]
        assert value == pytest.approx(float(row["value"]), rel=tolerance(name), abs=0), (
            name,
            row["scene"],
        )


def gray_file(path: Path) -> NDArray[np.float64]:
    """Read an 8-bit gray image."""
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), dtype=np.float64)


def compare_with_shared(file: str, evaluator: str, loosest: float, pairs: set[str] | None) -> int:
    """Compare every value of a shared file with the definition of that name.

    Returns the number of values compared.
    """
    with (SHARED / file).open() as lines:
        rows = [row for row in csv.DictReader(lines) if pairs is None or row["pair"] in pairs]
    sources: dict[tuple[str, str], SourcePair] = {}
    for row in rows:
        folder, name = SHARED / "images" / row["dataset"], f"{row['metric']}@{evaluator}"
        if (row["dataset"], row["pair"]) not in sources:
            files = [folder / kind / f"{row['pair']}.png" for kind in ("ir", "vi")]
            sources[row["dataset"], row["pair"]] = SourcePair(*map(gray_file, files))
        pair = sources[row["dataset"], row["pair"]]
        values, refusals = pair.attempt(
            gray_file(folder / row["fusion"] / f"{row['pair']}.png"), resolve([name])
        )
        if row["value"] == "NaN":
            assert name in refusals, (name, row["pair"], row["fusion"])
            continue
        allowed = max(
            tolerance(name), loosest, FLOAT32_NOISE.get(name, 0) if evaluator == "ivif-zoo" else 0
        )
        assert values[name] == pytest.approx(float(row["value"]), rel=allowed, abs=0), (name, row)
    return len(rows)


FILES = [
    ("reference_cddfuse_float64.csv", "cddfuse", 0),
    ("reference_tang.csv", "tang", 0),
    ("reference_vifb.csv", "vifb", 0),
    ("reference_zliu.csv", "zliu", 0),
    ("reference_ivifzoo.csv", "ivif-zoo", 1e-6),
]
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared reference images are not beside this checkout"
)


@needs_shared
@pytest.mark.parametrize(("file", "evaluator", "loosest"), FILES)
def test_values_of_the_originals_on_published_windows(
    file: str, evaluator: str, loosest: float
) -> None:
    """The values agree with the originals on a few published images.

    Where the original has nan, the definition refuses.
    """
    pairs = {"TNO_01", "TNO_23"} if evaluator in ("tang", "vifb", "zliu") else {"07"}
    assert compare_with_shared(file, evaluator, loosest, pairs) >= 30


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize(("file", "evaluator", "loosest"), FILES)
def test_values_of_the_originals_on_all_published_images(
    file: str, evaluator: str, loosest: float
) -> None:
    """The values agree with the originals on all published images."""
    assert compare_with_shared(file, evaluator, loosest, None) > 100


def test_definitions_disagree_as_published() -> None:
    """The definitions differ from the canonical one as the originals' code implies."""
    a, b, fused = make_scene()
    names = [
        "MI",
        "MI@ivif-zoo",
        "PSNR",
        "PSNR@tang",
        "SSIM",
        "Ssim@vifb",
        "AG",
        "AG@tang",
        "MSE",
        "MSE@tang",
    ]
    values = SourcePair(a, b).measure(fused, resolve(names))
    height, width = fused.shape
    assert values["MI@ivif-zoo"] == pytest.approx(values["MI"] / np.log(2))
    assert values["PSNR@tang"] == pytest.approx(values["PSNR"] + 20 * np.log10(255))
    assert values["Ssim@vifb"] == pytest.approx(2 * values["SSIM"])
    assert values["AG@tang"] == pytest.approx(
        values["AG"] * height * width / ((height - 1) * (width - 1))
    )
    assert values["MSE@tang"] == pytest.approx(values["MSE"] / 255**2)

"""Images that break a formula get a number or a clear refusal, never a silent nan."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.errors import MetricError
from fusebench.metrics import ImagePair, SourcePair, compiled, filters, resolve, to_gray
from fusebench.metrics.definitions import Definition
from fusebench.metrics.images import Image, Parts
from fusebench.metrics.resolving import all_definitions

from tests.metrics.conftest import Scene, make_scene


def gray_definitions() -> list[Definition]:
    """Every definition for gray images."""
    return [definition for definition in all_definitions().values() if definition.kind == "gray"]


def odd_images() -> dict[str, Scene]:
    """Sources and fused image of cases that some formula cannot take."""
    a, b, fused = make_scene(64, 80)
    flat, zero = np.full_like(a, 100.0), np.zeros_like(a)
    return {
        "constant fused image": (a, b, flat),
        "constant source": (flat, b, fused),
        "all constant": (flat, flat, flat),
        "all zero": (zero, zero, zero),
        "zero fused image": (a, b, zero),
        "identical": (a, a, a),
        "one pixel": (a[:1, :1], b[:1, :1], fused[:1, :1]),
        "one row": (a[:1], b[:1], fused[:1]),
        "two by two": (a[:2, :2], b[:2, :2], fused[:2, :2]),
        "three by three": (a[:3, :3], b[:3, :3], fused[:3, :3]),
        "odd and small": (a[:13, :17], b[:13, :17], fused[:13, :17]),
        "fractions": (a * 0.37 + 0.123, b * 0.71 + 0.01, fused * 0.5 + 0.2),
    }


@pytest.mark.parametrize("case", list(odd_images()))
def test_number_or_refusal(case: str) -> None:
    """Every definition gives a finite number or a reason, and no warning."""
    a, b, fused = odd_images()[case]
    definitions = gray_definitions()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values, refusals = SourcePair(a, b, reference=a).attempt(fused, definitions)
    assert set(values) | set(refusals) == {definition.id for definition in definitions}
    assert all(math.isfinite(value) for value in values.values())
    assert all(reason for reason in refusals.values())


def test_ordinary_images_have_every_value() -> None:
    """On an ordinary scene no definition is refused."""
    a, b, fused = make_scene(197, 181, 5)
    values, refusals = SourcePair(a, b, reference=a).attempt(fused, gray_definitions())
    assert refusals == {}
    assert len(values) == len(gray_definitions())


def test_identical_images_reach_the_best_value() -> None:
    """A fused image equal to both sources has the value that the formula promises for it."""
    a, _, _ = make_scene(197, 181, 5)
    names = [
        "SSIM",
        "MS-SSIM",
        "VIF",
        "CC",
        "NMI",
        "MSE",
        "CE",
        "Nabf",
        "Q_S",
        "Q_W",
        "Q_Y",
        "Q_C",
        "Q_CB",
        "Q_CV",
    ]
    values = SourcePair(a, a).measure(a, resolve(names))
    zero = {"MSE", "CE", "Nabf", "Q_CV"}
    best = {name: 0.0 if name in zero else 1.0 for name in names} | {"VIF": 2.0, "NMI": 2.0}
    assert values == pytest.approx(best, abs=1e-6)


def test_measure_names_every_metric_without_a_value() -> None:
    """The error names each metric without a value and its reason; a mean never includes one."""
    a, _, _ = make_scene(64, 80)
    with pytest.raises(MetricError, match=r"PSNR: is infinite.*SCD: has no value: .* is constant"):
        SourcePair(a, a).measure(a, resolve(["EN", "PSNR", "SCD"]))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda image: np.where(image == image.max(), np.nan, image),
            r"source A must hold numbers only; \d+ of its",
        ),
        (lambda image: image - 50, r"source A must lie on 0..255, found -\d"),
        (lambda image: image[:, :-1], r"same size \(height x width\), found 96 x 127 and 96 x 128"),
        (lambda image: np.ma.masked_greater(image, 200), "it is masked, crop it or fill it first"),
        (
            lambda image: np.stack([image] * 3, axis=2),
            r"must be a gray image of shape \(H, W\), found \(96, 128, 3\)",
        ),
        (lambda image: image[:0], "must be a gray image"),
    ],
)
def test_images_that_cannot_be_measured_are_refused(
    scene: Scene, spoil: object, message: str
) -> None:
    """nan, values out of range, other sizes, masks, colour and empty images are refused.

    The message says what was found.
    """
    assert callable(spoil)
    with pytest.raises(MetricError, match=message):
        SourcePair(spoil(scene[0]), scene[1])


def test_ground_truth_is_needed(scene: Scene) -> None:
    """A metric against a ground truth has no value without one."""
    with pytest.raises(MetricError, match="PSNR-GT: needs a ground truth"):
        SourcePair(scene[0], scene[1]).measure(scene[2], resolve(["PSNR-GT"]))


def test_sixteen_bit_images_are_scaled_by_257(scene: Scene) -> None:
    """A 16-bit image that holds the same picture has the same gray levels."""
    levels = scene[0].astype(np.uint8)
    assert (to_gray(levels.astype(np.uint16) * 257) == scene[0]).all()
    assert to_gray(np.array([[65535, 0]], dtype=np.uint16)).tolist() == [[255.0, 0.0]]


def test_gray_of_a_colour_image_is_its_rounded_luma() -> None:
    """Luma is round(0.299 R + 0.587 G + 0.114 B)."""
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30]]], dtype=np.uint8)
    assert to_gray(colours).tolist() == [[76.0, 150.0, 29.0, 18.0]]


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8), np.ones((4, 4), bool)],
)
def test_other_images_have_no_gray(image: np.ndarray) -> None:
    """Floating-point images, masks, four channels and vectors are refused."""
    with pytest.raises(MetricError, match="must"):
        to_gray(image)


def test_protocol_changes_value_and_name() -> None:
    """The mean over the channels is another definition than the luma, and is named so."""
    a, b, fused = (image.astype(np.uint8) for image in make_scene())
    colour = np.stack([fused, fused // 2, np.maximum(fused, 60)], axis=2)
    values = ImagePair(a, b).measure(
        colour, resolve(["EN", "EN+rgb-mean", "EN+matlab-gray", "EN+unrounded-luma"])
    )
    channels = [
        SourcePair(to_gray(a), to_gray(b)).measure(to_gray(colour[:, :, c]), resolve(["EN"]))
        for c in range(3)
    ]
    assert values["EN+rgb-mean"] == pytest.approx(np.mean([channel["EN"] for channel in channels]))
    assert list(values) == ["EN", "EN+rgb-mean", "EN+matlab-gray", "EN+unrounded-luma"]
    assert values["EN"] != values["EN+rgb-mean"]


def test_protocol_of_gray_images_changes_nothing() -> None:
    """For gray images the mean over the channels is the value itself."""
    a, b, fused = (image.astype(np.uint8) for image in make_scene())
    values = ImagePair(a, b).measure(fused, resolve(["SSIM", "SSIM+rgb-mean"]))
    assert values["SSIM+rgb-mean"] == values["SSIM"]


def test_each_source_part_is_computed_once_for_all_fused_images(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second fused image of the same sources computes no part of a source again."""
    a, b, fused = scene
    pair, definitions = (
        SourcePair(a, b),
        resolve(["EN", "MI", "VIF", "Qabf", "SSIM", "Nabf", "Q_S"]),
    )
    pair.measure(fused, definitions)
    computed: list[str] = []
    original = Parts.part

    def watched(self: Parts, compute: object, *arguments: object) -> object:
        if isinstance(self, Image) and (compute, *arguments) not in self._parts:
            computed.append(self.name)
        return original(self, compute, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Parts, "part", watched)
    pair.measure(np.flipud(fused), definitions)
    assert set(computed) == {"the fused image"}


def test_parts_of_large_images_are_dropped_in_the_order_of_use(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit, the least recently used parts are dropped, and later computed again."""
    monkeypatch.setattr("fusebench.metrics.limits.KEPT_BYTES", 2 * scene[0].nbytes)
    image, calls = Image(scene[0], "image"), []

    def scaled(image: Image, factor: int) -> np.ndarray:
        calls.append(factor)
        return image.pixels * factor

    for factor in (1, 2, 1, 3, 1, 2):
        image.part(scaled, factor)
    assert calls == [1, 2, 3, 2]


@pytest.mark.slow
def test_very_large_images_take_bounded_memory() -> None:
    """The default metrics of a 4000 x 3000 pair take less than 3 GB."""
    code = (
        "import resource, numpy as np;"
        "from fusebench.metrics import SourcePair, resolve, default_metrics;"
        "random = np.random.RandomState(0);"
        "a, b = (random.randint(0, 256, (3000, 4000)).astype(float) for _ in range(2));"
        "definitions = resolve(default_metrics('infrared-visible'));"
        "SourcePair(a, b).measure(np.rint((a + b) / 2), definitions);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 3


@pytest.mark.parametrize(("wanted", "threads"), [("3", 3), ("1", 1), ("", 1)])
def test_threads_are_those_of_the_job(
    monkeypatch: pytest.MonkeyPatch, wanted: str, threads: int
) -> None:
    """OpenCV takes its number of threads from OMP_NUM_THREADS, as numpy does."""
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    filters.use_threads_of_job()
    assert cv2.getNumThreads() == threads


def test_compiled_code_is_kept_where_the_package_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a read-only package folder, the user's cache folder is used, or a temporary folder."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(compiled, "_is_writable", lambda folder: tmp_path in folder.parents)
    assert Path(compiled.cache_folder()).parent == tmp_path / "user" / "fusebench"
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert Path(compiled.cache_folder()).parent.parent == tmp_path


def test_compiled_code_belongs_to_one_state_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of any file of the package leads to another cache, so no loop is outdated."""
    for path in Path(compiled.__file__).parent.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    here = compiled.sources_digest()
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "compiled.py"))
    assert compiled.sources_digest() == here
    with (tmp_path / "elementary.py").open("a") as file:
        file.write("# changed")
    assert compiled.sources_digest() != here

"""The verdicts on images, and the rule behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fusebench.errors import BadOutput
from fusebench.evidence.comparison import (
    CLOSE,
    DIFFERS,
    EXACT,
    NOTHING,
    SIZE_DIFFERS,
    WITHIN,
    compare_pair,
    differences,
    verdict_of,
    worst,
    worst_image,
)
from fusebench.images import SCALED, pixel_sha256, read_image, write_png
from numpy.typing import NDArray


def gray(value: int = 100, size: tuple[int, int] = (16, 24)) -> NDArray[np.uint8]:
    """Return an even image with one other pixel, so that it is no constant."""
    pixels = np.full(size, value, np.uint8)
    pixels[0, 0] = 7
    return pixels


def test_differences_are_in_gray_levels() -> None:
    """Greatest and mean difference, PSNR and the share of differing pixels of a known change."""
    ours, theirs = gray(), gray()
    theirs[4, 4], theirs[5, 5] = 110, 96
    found = differences(ours, theirs)
    assert found["max_abs"] == 10
    assert found["mean_abs"] == pytest.approx(14 / ours.size)
    assert found["psnr"] == pytest.approx(10 * np.log10(255**2 * ours.size / 116))
    assert found["differing"] == 2 / ours.size


def test_differences_do_not_wrap_around() -> None:
    """255 beside 0 is a difference of 255, not of 1."""
    assert differences(np.full((4, 4), 255, np.uint8), np.zeros((4, 4), np.uint8))["max_abs"] == 255


def test_gray_beside_equal_channels_is_exact() -> None:
    """A gray image saved with three equal channels is the same image."""
    found = differences(gray(), np.stack([gray()] * 3, axis=2))
    assert (found["max_abs"], found["psnr"]) == (0, None)


def test_a_pixel_counts_once_however_many_channels_differ() -> None:
    """The share of differing pixels is over pixels, the mean over values."""
    ours = np.zeros((2, 2, 3), np.uint8)
    theirs = ours.copy()
    theirs[0, 0] = (3, 3, 3)
    found = differences(ours, theirs)
    assert (found["differing"], found["mean_abs"]) == (0.25, 0.75)


@pytest.mark.parametrize(
    ("max_abs", "mean_abs", "psnr", "tolerance", "lossy", "verdict"),
    [
        (0, 0.0, None, 0, False, EXACT),
        (1, 0.1, 58.0, 1, False, WITHIN),
        (1, 0.1, 58.0, 0, False, CLOSE),
        (8, 0.4, 46.0, 1, True, WITHIN),
        (8, 0.4, 46.0, 1, False, CLOSE),
        (8, 0.6, 46.0, 1, True, CLOSE),
        (8, 0.4, 44.0, 1, True, CLOSE),
        (30, 1.0, 40.0, 1, False, CLOSE),
        (30, 1.1, 41.0, 1, False, DIFFERS),
        (30, 0.9, 39.9, 1, True, DIFFERS),
    ],
)
def test_the_rule(
    max_abs: int, mean_abs: float, psnr: float | None, tolerance: float, lossy: bool, verdict: str
) -> None:
    """Each side of every limit of the stated rule."""
    assert (
        verdict_of({"max_abs": max_abs, "mean_abs": mean_abs, "psnr": psnr}, tolerance, lossy)
        == verdict
    )


def compared(
    tmp_path: Path, ours: NDArray[np.uint8], theirs: NDArray[np.uint8] | None, suffix: str = ".png"
) -> dict[str, Any]:
    """Compare two images through their files."""
    pair: dict[str, Any] = {
        "name": "p",
        "expect": None,
        **{side: {"original": {"file": side, "sha256": "0"}} for side in "ab"},
    }
    write_png(tmp_path / "fused" / "p.png", ours)
    if theirs is not None:
        file = tmp_path / "expect" / f"p{suffix}"
        file.parent.mkdir()
        cv2.imwrite(str(file), theirs if theirs.ndim == 2 else theirs[:, :, ::-1])
        pair["expect"] = {
            "file": f"expect/p{suffix}",
            "notes": [],
            "original": {"file": "out/p", "sha256": "1"},
        }
    image = {"fused": "p.png", "sha256": pixel_sha256(ours), "notes": []}
    return compare_pair(pair, tmp_path, image, tmp_path / "fused", 1)


def test_another_size_is_told_with_both_sizes(tmp_path: Path) -> None:
    """Images of two sizes are not scaled to be compared."""
    result = compared(tmp_path, gray(), gray(size=(16, 20)))
    assert result["verdict"] == SIZE_DIFFERS
    assert result["reason"] == "theirs is 20x16, ours 24x16"


def test_no_committed_output_is_nothing_to_compare(tmp_path: Path) -> None:
    """A pair without a committed output has a verdict of its own, and no difference."""
    result = compared(tmp_path, gray(), None)
    assert (result["verdict"], "max_abs" in result) == (NOTHING, False)


def test_a_committed_jpeg_is_recognised_as_lossy(tmp_path: Path) -> None:
    """What a JPEG encoder changes in a textured image is within tolerance, and the row says that a JPEG was judged."""
    noise = np.random.default_rng(3).integers(0, 120, (32, 32)).astype(np.uint8)
    ours: Any = cv2.GaussianBlur(noise, (0, 0), 1.5)
    result = compared(tmp_path, ours, ours, ".jpg")
    assert (result["verdict"], result["lossy"]) == (WITHIN, True)
    assert result["max_abs"] > 1
    assert result["notes"] == [
        "one of the two files is a JPEG: within tolerance from a mean of 0.5 and a PSNR of 45 dB on"
    ]


@pytest.mark.parametrize(("alpha", "verdict"), [(255, EXACT), (7, WITHIN)])
def test_an_alpha_channel_that_is_not_opaque_is_not_exact(
    tmp_path: Path, alpha: int, verdict: str
) -> None:
    """What is not compared cannot be called exact; an opaque channel says nothing of an image."""
    ours = np.stack([gray()] * 3, axis=2)
    cv2.imwrite(
        str(tmp_path / "t.png"), np.dstack([ours, np.full(ours.shape[:2], alpha, np.uint8)])
    )
    write_png(tmp_path / "fused" / "p.png", ours)
    _, notes = read_image(tmp_path / "t.png")
    pair = {
        "name": "p",
        "expect": {"file": "t.png", "notes": notes, "original": {}},
        **{side: {"original": {"sha256": "0"}} for side in "ab"},
    }
    image = {"fused": "p.png", "sha256": pixel_sha256(ours), "notes": []}
    assert compare_pair(pair, tmp_path, image, tmp_path / "fused", 1)["verdict"] == verdict


def test_a_jpeg_under_another_name_is_recognised(tmp_path: Path) -> None:
    """What the file holds counts, not how it is called."""
    pair = {
        "name": "p",
        "expect": {"file": "p.png", "notes": [], "original": {}},
        **{side: {"original": {"sha256": "0"}} for side in "ab"},
    }
    write_png(tmp_path / "fused" / "p.png", gray())
    for suffix, lossy in ((".jpg", True), (".png", False)):
        (tmp_path / "p.png").write_bytes(cv2.imencode(suffix, gray())[1].tobytes())
        found = compare_pair(
            pair,
            tmp_path,
            {"fused": "p.png", "sha256": pixel_sha256(gray()), "notes": []},
            tmp_path / "fused",
            1,
        )
        assert found["lossy"] is lossy


def test_notes_say_whose_image_they_are_of(tmp_path: Path) -> None:
    """16 bits of the committed output are brought to 8 before it is compared; the row says so, and it is not called exact."""
    theirs: Any = gray().astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "t.png"), theirs)
    write_png(tmp_path / "fused" / "p.png", gray())
    pair = {
        "name": "p",
        "expect": {"file": "t.png", "notes": [SCALED], "original": {}},
        **{side: {"original": {"sha256": "0"}} for side in "ab"},
    }
    image = {"fused": "p.png", "sha256": pixel_sha256(gray()), "notes": ["A converted to gray"]}
    found = compare_pair(pair, tmp_path, image, tmp_path / "fused", 1)
    assert found["notes"] == [f"theirs: {SCALED}", "ours: A converted to gray"]
    assert found["verdict"] == WITHIN


def test_every_result_carries_hashes(tmp_path: Path) -> None:
    """Inputs, our output and the committed one, its file included."""
    result = compared(tmp_path, gray(), gray())
    assert result["inputs"] == {"a": "0", "b": "0"}
    assert result["ours"] == pixel_sha256(gray()) and len(result["theirs"]) == 64
    assert result["theirs_file"]["sha256"] == "1"


def test_an_image_that_its_record_does_not_know_is_refused(tmp_path: Path) -> None:
    """A verdict never speaks of other pixels than those whose hash it carries."""
    compared(tmp_path, gray(), gray())
    pair = {
        "name": "p",
        "expect": {"file": "expect/p.png"},
        **{side: {"original": {"sha256": "0"}} for side in "ab"},
    }
    with pytest.raises(BadOutput, match=r"p.png: must be the image of its record; found another"):
        compare_pair(pair, tmp_path, {"fused": "p.png", "sha256": "other"}, tmp_path / "fused", 1)


def test_a_check_is_as_good_as_its_worst_image() -> None:
    """Images that have nothing to be compared with do not hide the others."""
    assert worst([EXACT, WITHIN, NOTHING]) == WITHIN
    assert worst([DIFFERS, EXACT]) == DIFFERS
    assert worst([NOTHING]) == NOTHING


def test_the_worst_image_is_chosen_by_verdict_then_by_mean() -> None:
    """An image of another size cannot be shown beside ours; of the others the one that differs most is."""
    images: list[dict[str, Any]] = [
        {"name": "x", "verdict": CLOSE, "max_abs": 90, "mean_abs": 0.1},
        {"name": "y", "verdict": CLOSE, "max_abs": 3, "mean_abs": 0.9},
        {"name": "z", "verdict": SIZE_DIFFERS},
    ]
    assert (worst_image(images) or {})["name"] == "y"
    assert worst_image(images[2:]) is None

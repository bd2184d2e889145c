"""The verdicts on images, and the rule behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fusebench.contracts.evidence import ComparedImage
from fusebench.contracts.markers import ImageFile, OriginalFile, Pair
from fusebench.contracts.records import FusedImage
from fusebench.errors import BadOutput
from fusebench.evidence.comparison import (
    CLOSE,
    DIFFERS,
    EXACT,
    NOTHING,
    SIZE_DIFFERS,
    VERDICTS,
    WITHIN,
    Differences,
    compare_pair,
    differences,
    verdict_of,
    worst,
    worst_image,
)
from fusebench.images import SCALED, pixel_sha256, read_image, write_png
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace
from numpy.typing import NDArray

from tests.evidence.makers import compared_image, source_file
from tests.metrics.measuring import examples, images


def gray(value: int = 100, size: tuple[int, int] = (16, 24)) -> NDArray[np.uint8]:
    """Return an even image with one different pixel, so that it is not constant."""
    pixels = np.full(size, value, np.uint8)
    pixels[0, 0] = 7
    return pixels


def test_differences_are_in_gray_levels() -> None:
    """Greatest and mean difference, PSNR and the share of differing pixels of a known change."""
    ours, theirs = gray(), gray()
    theirs[4, 4], theirs[5, 5] = 110, 96
    found = differences(ours, theirs)
    assert found.max_abs == 10
    assert found.mean_abs == pytest.approx(14 / ours.size)
    assert found.psnr == pytest.approx(10 * np.log10(255**2 * ours.size / 116))
    assert found.differing == 2 / ours.size


def test_differences_do_not_wrap_around() -> None:
    """255 beside 0 is a difference of 255, not of 1."""
    assert differences(np.full((4, 4), 255, np.uint8), np.zeros((4, 4), np.uint8)).max_abs == 255


def test_gray_beside_equal_channels_is_exact() -> None:
    """A gray image saved with three equal channels is the same image."""
    found = differences(gray(), np.stack([gray()] * 3, axis=2))
    assert (found.max_abs, found.psnr) == (0, None)


def test_a_pixel_counts_once_however_many_channels_differ() -> None:
    """The share of differing pixels is over pixels, the mean over values."""
    ours = np.zeros((2, 2, 3), np.uint8)
    theirs = ours.copy()
    theirs[0, 0] = (3, 3, 3)
    found = differences(ours, theirs)
    assert (found.differing, found.mean_abs) == (0.25, 0.75)


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
    """The verdict is right on each side of every limit of the rule."""
    found = Differences(max_abs, mean_abs, psnr, 0.5)
    assert verdict_of(found, tolerance, lossy) == verdict


def pair_with(expect: ImageFile | None) -> Pair:
    """Return a pair of a check's manifest."""
    return Pair(name="p", size=(24, 16), a=source_file("a"), b=source_file("b"), expect=expect)


def committed(file: str, *notes: str) -> ImageFile:
    """Return what a manifest says of a committed output."""
    return replace(source_file("expect", "1", file), notes=list(notes))


def recorded(sha256: str, *notes: str) -> FusedImage:
    """Return what a record says of our image."""
    return FusedImage(
        name="p", size=(24, 16), fused="p.png", mode="gray", sha256=sha256, notes=list(notes)
    )


def compared(
    tmp_path: Path, ours: NDArray[np.uint8], theirs: NDArray[np.uint8] | None, suffix: str = ".png"
) -> ComparedImage:
    """Compare two images through their files."""
    expect = None
    write_png(tmp_path / "fused" / "p.png", ours)
    if theirs is not None:
        file = tmp_path / "expect" / f"p{suffix}"
        file.parent.mkdir()
        cv2.imwrite(str(file), theirs if theirs.ndim == 2 else theirs[:, :, ::-1])
        expect = committed(f"expect/p{suffix}")
    image = recorded(pixel_sha256(ours))
    return compare_pair(pair_with(expect), tmp_path, image, tmp_path / "fused", 1)


def test_another_size_is_told_with_both_sizes(tmp_path: Path) -> None:
    """Images of two sizes are not scaled to be compared."""
    result = compared(tmp_path, gray(), gray(size=(16, 20)))
    assert result.verdict == SIZE_DIFFERS
    assert result.reason == "theirs is 20x16, ours 24x16"


def test_no_committed_output_is_nothing_to_compare(tmp_path: Path) -> None:
    """A pair without a committed output has a verdict of its own, and no difference."""
    result = compared(tmp_path, gray(), None)
    assert (result.verdict, result.max_abs) == (NOTHING, None)


def test_a_committed_jpeg_is_recognised_as_lossy(tmp_path: Path) -> None:
    """The changes of a JPEG encoder in a textured image are within tolerance.

    The row says that a JPEG was judged.
    """
    noise = np.random.default_rng(3).integers(0, 120, (32, 32)).astype(np.uint8)
    ours: Any = cv2.GaussianBlur(noise, (0, 0), 1.5)
    result = compared(tmp_path, ours, ours, ".jpg")
    assert (result.verdict, result.lossy) == (WITHIN, True)
    assert (result.max_abs or 0) > 1
    assert result.notes == [
        "one of the two files is a JPEG: within tolerance means a mean of at most 0.5"
        " and a PSNR of at least 45 dB"
    ]


@pytest.mark.parametrize(("alpha", "verdict"), [(255, EXACT), (7, WITHIN)])
def test_an_alpha_channel_that_is_not_opaque_is_not_exact(
    tmp_path: Path, alpha: int, verdict: str
) -> None:
    """An image with parts that are not compared is not exact; an opaque channel does not matter."""
    ours = np.stack([gray()] * 3, axis=2)
    cv2.imwrite(
        str(tmp_path / "t.png"), np.dstack([ours, np.full(ours.shape[:2], alpha, np.uint8)])
    )
    write_png(tmp_path / "fused" / "p.png", ours)
    _, notes = read_image(tmp_path / "t.png")
    pair = pair_with(committed("t.png", *notes))
    image = recorded(pixel_sha256(ours))
    assert compare_pair(pair, tmp_path, image, tmp_path / "fused", 1).verdict == verdict


def test_a_jpeg_under_another_name_is_recognised(tmp_path: Path) -> None:
    """The content of the file counts, not its name."""
    pair, image = pair_with(committed("p.png")), recorded(pixel_sha256(gray()))
    write_png(tmp_path / "fused" / "p.png", gray())
    for suffix, lossy in ((".jpg", True), (".png", False)):
        (tmp_path / "p.png").write_bytes(cv2.imencode(suffix, gray())[1].tobytes())
        found = compare_pair(pair, tmp_path, image, tmp_path / "fused", 1)
        assert found.lossy is lossy


def test_notes_say_whose_image_they_are_of(tmp_path: Path) -> None:
    """A committed output of 16 bits is compared with 8 bits.

    The row says so, and the verdict is not exact.
    """
    theirs: Any = gray().astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "t.png"), theirs)
    write_png(tmp_path / "fused" / "p.png", gray())
    pair = pair_with(committed("t.png", SCALED))
    image = recorded(pixel_sha256(gray()), "A converted to gray")
    found = compare_pair(pair, tmp_path, image, tmp_path / "fused", 1)
    assert found.notes == [f"theirs: {SCALED}", "ours: A converted to gray"]
    assert found.verdict == WITHIN


def test_every_result_carries_hashes(tmp_path: Path) -> None:
    """A result has hashes of the inputs, of our output and of the committed output and its file."""
    result = compared(tmp_path, gray(), gray())
    assert result.inputs == {"a": "0", "b": "0"}
    assert result.ours == pixel_sha256(gray()) and len(result.theirs or "") == 64
    assert isinstance(result.theirs_file, OriginalFile) and result.theirs_file.sha256 == "1"


def test_an_image_that_its_record_does_not_know_is_refused(tmp_path: Path) -> None:
    """A verdict is only on the pixels whose hash it carries."""
    compared(tmp_path, gray(), gray())
    pair = pair_with(committed("expect/p.png"))
    with pytest.raises(BadOutput, match=r"p.png: must be the image of its record; found another"):
        compare_pair(pair, tmp_path, recorded("other"), tmp_path / "fused", 1)


def test_a_check_is_as_good_as_its_worst_image() -> None:
    """Images without a committed output do not hide the others."""
    assert worst([EXACT, WITHIN, NOTHING]) == WITHIN
    assert worst([DIFFERS, EXACT]) == DIFFERS
    assert worst([NOTHING]) == NOTHING


def test_the_worst_image_is_chosen_by_verdict_then_by_mean() -> None:
    """An image of another size cannot be shown beside ours.

    Of the others the one that differs most is chosen.
    """
    images = [
        compared_image("x", CLOSE, max_abs=90, mean_abs=0.1),
        compared_image("y", CLOSE, max_abs=3, mean_abs=0.9),
        compared_image("z", SIZE_DIFFERS),
    ]
    assert worst_image(images) is images[1]
    assert worst_image(images[2:]) is None


@examples
@given(images(6, 5, count=2))
def test_differences_have_no_direction(drawn: NDArray[np.float64]) -> None:
    """Differences are symmetric, and nothing differs from itself.

    Each number follows from the bounds of the others.
    """
    ours, theirs = drawn.astype(np.uint8)
    found = differences(ours, theirs)
    assert differences(theirs, ours) == found
    assert differences(ours, ours) == Differences(0, 0.0, None, 0.0)
    assert found.mean_abs <= found.max_abs * found.differing + 1e-12
    assert (found.psnr is None) == (found.max_abs == 0) == (found.differing == 0)
    if found.psnr is not None:
        assert found.psnr >= 20 * np.log10(255 / found.max_abs) - 1e-9


@examples
@given(
    st.integers(0, 255),
    st.floats(0, 255),
    st.floats(0, 100),
    st.floats(0, 10),
    st.booleans(),
)
def test_a_larger_difference_is_never_the_better_one(
    max_abs: int, mean_abs: float, psnr: float, tolerance: float, lossy: bool
) -> None:
    """A smaller tolerance, or the rule for files without loss, is not better either."""
    found = Differences(max_abs, mean_abs, psnr, 0.5)
    worse = Differences(max_abs + 1, mean_abs + 0.1, psnr - 1, 0.6)
    verdict = VERDICTS.index(verdict_of(found, tolerance, lossy))
    assert VERDICTS.index(verdict_of(worse, tolerance, lossy)) >= verdict
    assert VERDICTS.index(verdict_of(found, tolerance / 2, lossy)) >= verdict
    assert VERDICTS.index(verdict_of(found, tolerance, False)) >= verdict


def test_differences_of_single_channels() -> None:
    """A change of one of three channels counts with a third of its levels in the mean.

    It counts with the whole pixel in the share of differing pixels.
    """
    ours = np.zeros((2, 2, 3), np.uint8)
    theirs = ours.copy()
    theirs[0, 0, 2] = 30
    found = differences(ours, theirs)
    assert (found.max_abs, found.mean_abs, found.differing) == (30, 30 / 12, 0.25)
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / (900 / 12)))


@pytest.mark.parametrize(
    ("ours", "theirs", "notes"),
    [
        (2, 2, []),
        (2, 3, ["theirs is rgb, ours gray"]),
        (3, 2, ["theirs is gray, ours rgb"]),
        (3, 3, []),
    ],
)
def test_another_mode_is_noted(tmp_path: Path, ours: int, theirs: int, notes: list[str]) -> None:
    """Gray beside three equal channels is exact, and the row says which of the two has colour."""
    made = {2: gray(), 3: np.stack([gray()] * 3, axis=2)}
    result = compared(tmp_path, made[ours], made[theirs])
    assert (result.verdict, result.notes) == (EXACT, notes)


def test_our_own_jpeg_is_lossy_as_well(tmp_path: Path) -> None:
    """The record notes that a script writes JPEG files; they are judged by the rule for JPEG."""
    faint = gray()
    faint[:2] += 2
    write_png(tmp_path / "fused" / "p.png", gray())
    write_png(tmp_path / "p.png", faint)
    for notes, lossy, verdict in (
        (["written by the script as lossy JPEG"], True, WITHIN),
        ([], False, CLOSE),
    ):
        image = recorded(pixel_sha256(gray()), *notes)
        found = compare_pair(pair_with(committed("p.png")), tmp_path, image, tmp_path / "fused", 1)
        assert (found.lossy, found.verdict, found.max_abs) == (lossy, verdict, 2)


def test_why_there_is_no_output_is_taken_over(tmp_path: Path) -> None:
    """The row has the reason of the manifest, and the hash of our image."""
    pair = replace(pair_with(None), why="out/p.png: must be a whole image")
    result = compare_pair(pair, tmp_path, recorded("hash"), tmp_path / "fused", 1)
    assert (result.verdict, result.reason) == (NOTHING, "out/p.png: must be a whole image")
    assert (result.ours, result.theirs, result.psnr) == ("hash", UNSET, None)


def test_another_size_has_hashes_and_no_difference(tmp_path: Path) -> None:
    """The row has both pixel hashes and no gray levels."""
    result = compared(tmp_path, gray(), gray(size=(16, 20)))
    assert result.theirs == pixel_sha256(gray(size=(16, 20)))
    assert (result.max_abs, result.mean_abs, result.differing, result.lossy) == (
        *(None, None, None, False),
    )


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_worst_of_one_verdict_is_itself(verdict: Any) -> None:
    """This holds for every verdict, also beside images that were not compared."""
    assert worst([verdict]) == worst([verdict, NOTHING]) == worst([NOTHING, verdict]) == verdict
    assert worst([verdict, EXACT]) == (EXACT if verdict == NOTHING else verdict)
    assert worst([]) == NOTHING

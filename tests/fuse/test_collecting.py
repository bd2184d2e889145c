"""Results of a script are collected.

They are found, checked, brought to 8 bits and to the size of their sources, or refused.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import Size
from fusebench.contracts.records import FusedImage
from fusebench.errors import BadOutput
from fusebench.fuse.collecting import collect_result, missing_results, too_few
from fusebench.fuse.staging import StagedPair
from fusebench.fuse.value_range import MUCH_CLIPPED, SMALL_16_BITS
from fusebench.images import pixel_sha256, read_image, write_png
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from msgspec import UNSET
from msgspec.structs import replace
from numpy.typing import NDArray

from tests.fuse.made import RUN

WIDTH, HEIGHT = 6, 4
SIZE: Size = (WIDTH, HEIGHT)
GRAY = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
RGB = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def staged(folder: Path, file: str = "p.png", *notes: str) -> StagedPair:
    """Return a pair whose result is a file of a folder."""
    name = Path(file).stem
    return StagedPair(name, folder / "a.png", folder / "b.png", folder / "out" / file, notes)


def left(folder: Path, file: str, pixels: NDArray[Any]) -> StagedPair:
    """Write a result as a script would, and return its pair."""
    pair = staged(folder, file)
    pair.result.parent.mkdir(parents=True, exist_ok=True)
    suffix = pair.result.suffix
    if suffix == ".npy":
        np.save(pair.result, pixels)
    elif suffix == ".mat":
        from scipy.io import savemat

        savemat(pair.result, {"fused": pixels, "t": np.zeros(1)})
    else:
        ordered = pixels if pixels.ndim == 2 else pixels[:, :, ::-1]
        cv2.imwrite(str(pair.result), ordered)
    return pair


def collected(
    folder: Path, file: str, pixels: NDArray[Any], run: Run = RUN, size: Size | None = SIZE
) -> tuple[FusedImage, NDArray[np.uint8]]:
    """Write a result, collect it, and return its entry in the record and the pixels of its PNG."""
    pair = left(folder, file, pixels)
    image, small = collect_result(pair, size, run, folder / "fused" / "p.png")
    assert small.shape == (64, 64)
    written, notes = read_image(folder / "fused" / "p.png")
    assert notes == [] and pixel_sha256(written) == image.sha256
    return image, written


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "ppm"])
def test_a_lossless_result_is_kept_as_it_is(tmp_path: Path, suffix: str) -> None:
    """The PNG has the pixels of the result, whatever its format, and there is no note."""
    image, written = collected(tmp_path, f"p.{suffix}", RGB)
    assert (written == RGB).all()
    assert image == FusedImage(
        name="p", size=SIZE, fused="p.png", mode="rgb", sha256=pixel_sha256(RGB)
    )


def test_a_png_is_copied_byte_for_byte(tmp_path: Path) -> None:
    """A PNG under another suffix is copied, too; a result that was changed is written again."""
    write_png(tmp_path / "out" / "p.bmp", GRAY)
    collect_result(staged(tmp_path, "p.bmp"), SIZE, RUN, tmp_path / "x" / "p.png")
    whole = (tmp_path / "out" / "p.bmp").read_bytes()
    assert (tmp_path / "x" / "p.png").read_bytes() == whole


def test_a_lossy_result_is_noted(tmp_path: Path) -> None:
    """A JPEG has other pixels than the method made.

    Its values are measured, and the record says so.
    """
    image, _ = collected(tmp_path, "p.jpg", GRAY)
    assert image.notes == ["written by the script as lossy JPEG"]


def test_the_content_tells_that_a_result_is_lossy(tmp_path: Path) -> None:
    """A JPEG under another suffix and a lossy WebP are noted; a PNG named ``.jpg`` is not lossy."""
    import cv2

    (tmp_path / "out").mkdir()
    for file, suffix, options, notes in (
        ("p.png", ".jpg", [], ["written by the script as lossy JPEG"]),
        (
            "p.webp",
            ".webp",
            [cv2.IMWRITE_WEBP_QUALITY, 80],
            ["written by the script as lossy WebP"],
        ),
        ("p.webp", ".webp", [cv2.IMWRITE_WEBP_QUALITY, 101], []),
        ("p.jpg", ".png", [], []),
    ):
        _, content = cv2.imencode(suffix, RGB, options)
        (tmp_path / "out" / file).write_bytes(content.tobytes())
        image, _ = collect_result(staged(tmp_path, file), SIZE, RUN, tmp_path / "p.png")
        assert image.notes == notes


def test_notes_of_staging_come_first(tmp_path: Path) -> None:
    """Notes on the sources come before notes on the result."""
    left(tmp_path, "p.jpg", GRAY)
    image, _ = collect_result(
        staged(tmp_path, "p.jpg", "A converted to gray"), SIZE, RUN, tmp_path / "p.png"
    )
    assert image.notes == ["A converted to gray", "written by the script as lossy JPEG"]


def test_an_alpha_channel_and_16_bits_are_brought_to_8(tmp_path: Path) -> None:
    """The rules are those of all images, and the conversion is noted."""
    four = np.dstack([RGB, np.full((HEIGHT, WIDTH), 7, np.uint8)])
    pair = staged(tmp_path)
    pair.result.parent.mkdir()
    cv2.imwrite(str(pair.result), four[:, :, [2, 1, 0, 3]])
    image, _ = collect_result(pair, SIZE, RUN, tmp_path / "p.png")
    assert (read_image(tmp_path / "p.png")[0] == RGB).all()
    assert image.notes == ["alpha channel dropped"]
    image, written = collected(tmp_path, "p.png", GRAY.astype(np.uint16) * 257)
    assert (written == GRAY).all() and image.notes == [
        "16 bits scaled to 8 (times 255/65535, rounded)"
    ]


ARRAYS: list[tuple[str, str, NDArray[Any], NDArray[Any], str]] = [
    ("npy", "0-255", GRAY, GRAY, "array of range 0-255 rounded to 8 bits"),
    ("npy", "0-255", RGB.astype(np.float32), RGB, "array of range 0-255 rounded to 8 bits"),
    ("mat", "0-255", GRAY, GRAY, "array of range 0-255 rounded to 8 bits"),
    ("npy", "0-1", GRAY / 255.0, GRAY, "array of range 0-1 rounded to 8 bits"),
    ("npy", "0-1", GRAY[None, :, :, None] / 255.0, GRAY, "array of range 0-1 rounded to 8 bits"),
    ("tif", "0-1", (RGB / 255.0).astype(np.float32), RGB, "array of range 0-1 rounded to 8 bits"),
    ("tif", "0-1", (GRAY / 255.0).astype(np.float32), GRAY, "array of range 0-1 rounded to 8 bits"),
]


@pytest.mark.parametrize(("suffix", "value_range", "values", "expected", "note"), ARRAYS)
def test_an_array_is_rounded_to_8_bits(
    tmp_path: Path,
    suffix: str,
    value_range: Any,
    values: NDArray[Any],
    expected: NDArray[Any],
    note: str,
) -> None:
    """An array has the range that the entry states.

    Axes of length 1 are left out; red stays red.
    """
    run = replace(RUN, output_range=value_range)
    image, written = collected(tmp_path, f"p.{suffix}", values, run)
    assert (written == expected).all() and image.notes == [note]


def test_values_outside_the_range_are_clipped_and_counted(tmp_path: Path) -> None:
    """Values of one half are rounded to the even number, as in numpy."""
    values = np.array([[-1.0, 0.5, 1.5, 254.6], [255.4, 255.5, 300.0, 10.0]])
    image, written = collected(tmp_path, "p.npy", values, size=(4, 2))
    assert written.tolist() == [[0, 0, 2, 255], [255, 255, 255, 10]]
    assert image.notes == ["array of range 0-255 rounded to 8 bits, 4 values clipped", MUCH_CLIPPED]


def test_a_few_clipped_values_are_no_caveat(tmp_path: Path) -> None:
    """A network passes the ends of its range a little: the record counts them, tables do not."""
    values = RGB / 255.0
    values[0, 0] = [-0.1, 1.1, 1.2]
    image, _ = collected(tmp_path, "p.npy", values, replace(RUN, output_range="0-1"))
    assert image.notes == ["array of range 0-1 rounded to 8 bits, 3 values clipped"]


UNIT = np.linspace(0.02, 0.98, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH)
RANGES: list[tuple[str, str, NDArray[Any], str]] = [
    (
        "p.npy",
        "0-255",
        UNIT,
        "an array must hold values of 0 to 255; found values from 0.02 to 0.98: give the entry"
        " `run.output_range: 0-1`",
    ),
    ("p.mat", "0-255", UNIT * 2 - 1, "found values from -0.96 to 0.96: give the entry"),
    ("p.tif", "0-255", UNIT.astype(np.float32), "give the entry `run.output_range: 0-1`"),
    (
        "p.npy",
        "0-1",
        np.pad(RGB[2:, 2:], ((2, 0), (2, 0), (0, 0))),
        "must hold values of 0 to 1; found values from 0 to",
    ),
    ("p.png", "0-255", (UNIT + 0.5).astype(np.uint8), "found gray levels 0 and 1 only, as of"),
    ("p.png", "0-255", (UNIT * 255).astype(np.uint16), "found a file of 16 bits with values as"),
]


@pytest.mark.parametrize(("file", "value_range", "values", "told"), RANGES)
def test_a_result_of_another_range_is_refused(
    tmp_path: Path, file: str, value_range: Any, values: NDArray[Any], told: str
) -> None:
    """Values of 0 to 1 taken for gray levels, and gray levels for values of 0 to 1.

    The reason has the values that were found and what to write into the entry. Dark surroundings
    do not hide it.
    """
    with pytest.raises(BadOutput, match=re.escape(told)) as raised:
        collected(tmp_path, file, values, replace(RUN, output_range=value_range))
    assert str(raised.value).startswith("pair 'p': ")


@pytest.mark.parametrize(("peak", "is_told"), [(1_020, True), (16_383, True), (20_000, False)])
def test_a_16_bit_result_of_few_levels_is_told(tmp_path: Path, peak: int, is_told: bool) -> None:
    """Values of 10 to 14 bits in a file of 16 have hardly any contrast after they are scaled."""
    image, _ = collected(tmp_path, "p.png", (UNIT / 0.98 * peak).astype(np.uint16))
    assert (SMALL_16_BITS in image.notes) == is_told


def test_a_dark_result_of_8_bits_is_kept(tmp_path: Path) -> None:
    """Its values are what the method made."""
    image, written = collected(tmp_path, "p.png", (UNIT * 4).astype(np.uint8))
    assert written.max() == 3 and image.notes == []


@settings(deadline=None, max_examples=40)
@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(2, 5), st.integers(2, 5)),
        elements=st.floats(-2, 3, allow_nan=False),
    )
)
def test_rounding_errs_by_half_a_level_at_most(
    tmp_path_factory: pytest.TempPathFactory, values: NDArray[np.float64]
) -> None:
    """A value inside the range errs by half a gray level at most.

    A value outside becomes the nearest end. An image of one value only is refused.
    """
    folder = tmp_path_factory.mktemp("array")
    size = (values.shape[1], values.shape[0])
    run = replace(RUN, output_range="0-1")
    try:
        _, written = collected(folder, "p.npy", values, run, size)
    except BadOutput as error:
        assert "must hold more than one value" in str(error)
        assert np.ptp(np.rint(np.clip(values, 0, 1) * 255)) == 0
    else:
        assert np.abs(written / 255.0 - np.clip(values, 0, 1)).max() <= 0.5 / 255 + 1e-12


BAD: list[tuple[str, NDArray[Any], str]] = [
    (
        "p.npy",
        np.array([[1.0, np.nan], [np.inf, 2.0]]),
        "must hold finite values; found 2 that are",
    ),
    ("p.npy", np.ones((2, 4, 4, 3)), "must have the shape (H, W) or (H, W, 3); found (2, 4, 4, 3)"),
    ("p.npy", np.ones((4, 4, 2)), "must have the shape (H, W) or (H, W, 3); found (4, 4, 2)"),
    ("p.png", np.full((4, 6), 9, np.uint8), "must hold more than one value; found 9 everywhere"),
    ("p.npy", np.zeros((4, 6)), "must hold more than one value; found 0 everywhere"),
]


@pytest.mark.parametrize(("file", "values", "told"), BAD)
def test_a_result_that_is_no_image_is_refused(
    tmp_path: Path, file: str, values: NDArray[Any], told: str
) -> None:
    """NaN, several images in one, planes that are no colours, or a single value are refused.

    The reason has the name of the pair, and nothing is written.
    """
    pair = left(tmp_path, file, values)
    with pytest.raises(BadOutput, match=re.escape(f"pair 'p': a fused image {told}")):
        collect_result(pair, None, RUN, tmp_path / "fused" / "p.png")
    assert not (tmp_path / "fused").exists()


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    """The reason has the name of the pair and the path."""
    pair = left(tmp_path, "p.png", RGB)
    pair.result.write_bytes(pair.result.read_bytes()[:60])
    with pytest.raises(BadOutput, match=r"pair 'p': .*out/p\.png: must be a whole image"):
        collect_result(pair, SIZE, RUN, tmp_path / "p.png")


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_tiff_of_numbers_that_is_cut_off_is_refused(
    tmp_path: Path, channels: tuple[int, ...]
) -> None:
    """No value is made up, however much of the file is left.

    A file that is cut off after its last value is whole.
    """
    run = replace(RUN, output_range="0-1")
    values = np.random.default_rng(1).random((HEIGHT, WIDTH, *channels)).astype(np.float32)
    whole, _ = collected(tmp_path, "p.tif", values, run)
    pair = staged(tmp_path, "p.tif")
    content = pair.result.read_bytes()
    refused = 0
    for length in range(1, len(content), 7):
        pair.result.write_bytes(content[:length])
        try:
            image, _ = collect_result(pair, SIZE, run, tmp_path / "p.png")
        except BadOutput as error:
            refused += 1
            assert re.search(r"pair 'p': .*out/p\.tif: must be (a whole|an) image", str(error))
        else:
            assert image.sha256 == whole.sha256
    assert refused > 0.9 * len(content) / 7


@pytest.mark.parametrize("file", ["p.npy", "p.mat"])
@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00v\x00{'descr'"])
def test_a_file_that_is_no_array_is_refused(tmp_path: Path, file: str, content: bytes) -> None:
    """The cell ends as a bad output with the name of the pair; the job goes on."""
    pair = staged(tmp_path, file)
    pair.result.parent.mkdir()
    pair.result.write_bytes(content)
    told = f"pair 'p': {file} must be a whole file with an array of numbers; found"
    with pytest.raises(BadOutput, match=re.escape(told)):
        collect_result(pair, SIZE, RUN, tmp_path / "p.png")


@pytest.mark.parametrize(
    "values",
    [np.array([object()], dtype=object), np.array([["a", "b"]]), np.array([[1j, 2.0]])],
)
def test_an_array_of_anything_but_numbers_is_refused(tmp_path: Path, values: NDArray[Any]) -> None:
    """Objects are refused, because unpickling them would run code of the file.

    Texts and complex numbers are no gray levels.
    """
    pair = staged(tmp_path, "p.npy")
    pair.result.parent.mkdir()
    np.save(pair.result, values, allow_pickle=True)
    with pytest.raises(BadOutput, match="must be a whole file with an array of numbers; found"):
        collect_result(pair, SIZE, RUN, tmp_path / "p.png")


OTHER = np.random.default_rng(3).integers(0, 256, (2, 3), dtype=np.uint8)


@pytest.mark.parametrize("policy", ["fail", "crop-sources"])
def test_a_result_of_another_size_is_refused_unless_the_entry_allows_it(
    tmp_path: Path, policy: Any
) -> None:
    """The reason has both sizes and what to write into the entry.

    A result larger than its sources cannot be measured against them.
    """
    values = OTHER if policy == "fail" else np.pad(GRAY, 1)
    found = "3x2" if policy == "fail" else "8x6"
    told = (
        f"pair 'p': a result must have the size 6x4 of its sources; found {found}; give the entry"
    )
    with pytest.raises(BadOutput, match=re.escape(told)):
        collected(tmp_path, "p.png", values, replace(RUN, size=policy))


def test_a_result_is_resized_back_where_the_entry_says_so(tmp_path: Path) -> None:
    """The result gets the size of its sources; the record has both sizes and a note."""
    image, written = collected(tmp_path, "p.png", OTHER, replace(RUN, size="resize-back"))
    expected = cv2.resize(OTHER, SIZE, interpolation=cv2.INTER_CUBIC)
    assert (written == expected).all()
    assert (image.size, image.result_size) == (SIZE, (3, 2))
    assert image.notes == ["resized back from 3x2 to 6x4 (bicubic)"]


def test_sources_are_cropped_where_the_entry_says_so(tmp_path: Path) -> None:
    """The result stays as it is and is measured at its own size."""
    image, written = collected(tmp_path, "p.png", OTHER, replace(RUN, size="crop-sources"))
    assert (written == OTHER).all()
    assert (image.size, image.result_size) == ((3, 2), (3, 2))
    assert image.notes == ["measured against the top left 3x2 of its 6x4 sources"]


def test_beside_committed_outputs_any_size_will_do(tmp_path: Path) -> None:
    """A result that is compared with the authors' own image is taken as the script left it."""
    image, _ = collected(tmp_path, "p.png", np.pad(GRAY, 1), size=None)
    assert (image.size, image.result_size, image.notes) == ((8, 6), UNSET, [])


def test_a_result_that_is_absent_or_empty_is_missing(tmp_path: Path) -> None:
    """A folder with the name of the result is no result either."""
    pairs = [staged(tmp_path, f"{name}.png") for name in ("whole", "empty", "absent", "folder")]
    (tmp_path / "out").mkdir()
    write_png(pairs[0].result, GRAY)
    pairs[1].result.touch()
    pairs[3].result.mkdir()
    assert [pair.name for pair in missing_results(pairs)] == ["empty", "absent", "folder"]


def test_images_that_were_written_elsewhere_are_named(tmp_path: Path) -> None:
    """At most three images that the script wrote are named, as paths in the copy or in ``out``."""
    work, out = tmp_path / "work", tmp_path / "out"
    pairs = [staged(tmp_path, f"p{i}.png") for i in range(3)]
    for file in (
        "work/old.png",
        "work/r/1.png",
        "work/r/2.npy",
        "work/r/log.txt",
        "out/3.JPG",
        "out/4.mat",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("x")
    os.utime(work / "old.png", (1, 1))
    told = too_few(pairs, pairs, work, out, since=100.0)
    assert str(told) == (
        "the script left no result; expected first for pair 'p0': p0.png; it wrote 4 other"
        " image(s), e.g. r/1.png, r/2.npy, out/3.JPG: correct `run.collect`"
    )


def test_what_was_staged_or_collected_is_not_elsewhere(tmp_path: Path) -> None:
    """Staged sources and results of other pairs are not named.

    The number of results is reported.
    """
    pairs = [staged(tmp_path, f"p{i}.png") for i in range(2)]
    for path in (pairs[0].a, pairs[0].b, pairs[0].result):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    told = too_few(pairs, pairs[1:], tmp_path, tmp_path / "out", since=0.0)
    assert str(told) == "the script left 1 of 2 results; expected first for pair 'p1': p1.png"

"""The images of a self-check are found and copied byte for byte.

They are found by folder or pattern, in an archive or not.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from fusebench.contracts.markers import ImageFile, Manifest, OriginalFile, SourceMarker
from fusebench.contracts.methods import MethodEntry, SelfcheckEntry
from fusebench.datasets.preparation import sha256_of_pairs
from fusebench.errors import DatasetUnavailable, SourceUnavailable, StepError
from fusebench.evidence.committed import prepare_committed
from fusebench.hashes import sha256_of_file
from fusebench.images import pixel_sha256
from fusebench.registry.methods import Method
from fusebench.registry.selfchecks import Check
from msgspec import UNSET, UnsetType

from tests.flow.projects import image

METHOD = Method(
    "m",
    MethodEntry(
        title="M",
        tasks=["medical"],
        code="https://example.org/mini/m",
        status="no-weights",
        reason="-",
    ),
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone that holds two pairs, two outputs and a file that is no image."""
    folder = tmp_path / "clone"
    files = {
        "in/a/1.png": 1,
        "in/a/2.bmp": 2,
        "in/b/1.png": 3,
        "in/b/2.png": 4,
        "out/1.jpg": 5,
        "out/3.jpg": 6,
    }
    for name, seed in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), image(seed))
    (folder / "in" / "a" / "Thumbs.db").write_bytes(b"x")
    (folder / "in" / "b" / "Thumbs.db").write_bytes(b"x")
    return folder


def prepared(clone: Path, absent: tuple[str, ...] = (), **check: Any) -> Manifest:
    """Prepare the images of a check and return their manifest."""
    source = SourceMarker(path=str(clone), code=METHOD.code, absent=list(absent))
    job = Check(METHOD, msgspec.convert(check, SelfcheckEntry)).job
    return prepare_committed(source, job, clone.parent / "images")


def original(image: ImageFile | UnsetType | None) -> str:
    """Return the path of an image in the repository."""
    assert isinstance(image, ImageFile) and isinstance(image.original, OriginalFile)
    return image.original.file


INPUTS = {"a": "in/a", "b": "in/b"}


def test_folders_pair_by_name_whatever_the_format(clone: Path) -> None:
    """Images of the same name on both sides are a pair; other files are ignored.

    An output without inputs is reported.
    """
    manifest = prepared(clone, inputs=INPUTS, expect="out")
    assert [pair.name for pair in manifest.pairs] == ["1", "2"]
    first, second = manifest.pairs
    assert original(first.expect) == "out/1.jpg" and second.expect is None
    assert (second.a.file, second.size) == ("a/2.bmp", (48, 40))
    assert manifest.unpaired == ["3"]
    assert (Path(manifest.path) / "expect/1.jpg").read_bytes() == (clone / "out/1.jpg").read_bytes()


def test_inputs_without_a_pair_are_told(clone: Path) -> None:
    """A file that macOS left behind ends no self-check; a list of names leaves nothing out."""
    cv2.imwrite(str(clone / "in/a/4.png"), image(3))
    (clone / "in/a/._1.png").write_text("no image")
    manifest = prepared(clone, inputs=INPUTS)
    assert [pair.name for pair in manifest.pairs] == ["1", "2"]
    assert manifest.left_out == {
        "hidden: the name of the file, or of a folder, begins with '.'": ["in/a/._1.png"],
        "no image B of the same name": ["in/a/4.png"],
    }
    assert prepared(clone, inputs=INPUTS, pairs=["1"]).left_out is UNSET


def test_files_are_named_where_no_pattern_fits(clone: Path) -> None:
    """Each pair names its own files; the same image can be in several pairs."""
    pairs = {
        "x": {"a": "in/a/1.png", "b": "in/b/2.png", "expect": "out/3.jpg"},
        "y": {"a": "in/a/1.png", "b": "in/b/1.png"},
    }
    manifest = prepared(clone, pairs=pairs)
    assert [original(pair.b) for pair in manifest.pairs] == [
        "in/b/2.png",
        "in/b/1.png",
    ]
    assert [pair.expect is None for pair in manifest.pairs] == [False, True]


def test_a_promised_output_that_was_not_committed_is_told(clone: Path) -> None:
    """An entry that names a missing file of one pair is wrong.

    A pattern may match some pairs only.
    """
    pairs = {"x": {"a": "in/a/1.png", "b": "in/b/1.png", "expect": "out/new_1.jpg"}}
    with pytest.raises(
        DatasetUnavailable, match=r"out/new_1.jpg: no such file was committed; .* pair 'x'"
    ):
        prepared(clone, pairs=pairs)


def test_images_in_an_archive_are_reached(clone: Path) -> None:
    """An archive is unpacked where it lies; the clone stays as it is."""
    with zipfile.ZipFile(clone / "sets.zip", "w") as archive:
        for side, seed in (("ir", 7), ("vi", 8)):
            archive.writestr(f"sets/{side}/p.png", cv2.imencode(".png", image(seed))[1].tobytes())
    manifest = prepared(clone, inputs={"a": "sets/ir", "b": "sets/vi"}, unpack=["sets.zip"])
    assert [pair.name for pair in manifest.pairs] == ["p"]
    assert not (clone / "sets").exists()


def test_an_input_that_the_mirror_lacks_is_told(clone: Path) -> None:
    """A file of the commit may have no content in the mirror.

    The same holds for an archive.
    """
    (clone / "in/a/1.png").unlink()
    with pytest.raises(DatasetUnavailable, match=r"pair '1': in/a/1.png is part of the commit"):
        prepared(clone, absent=("in/a/1.png",), inputs=INPUTS, pairs=["1", "2"])
    with pytest.raises(DatasetUnavailable, match=r"sets.zip is part of the commit"):
        prepared(clone, absent=("sets.zip",), inputs=INPUTS, unpack=["sets.zip"])


def test_an_output_that_cannot_be_read_hides_no_other(clone: Path) -> None:
    """Only the pair of a damaged, ambiguous or empty output has no comparison.

    Its reason says why.
    """
    whole = (clone / "out/1.jpg").read_bytes()
    (clone / "out/1.jpg").write_bytes(whole[:300])
    manifest = prepared(clone, inputs=INPUTS, expect="out")
    assert [pair.expect for pair in manifest.pairs] == [None, None]
    assert (manifest.pairs[0].why or "").startswith("out/1.jpg: must be a whole image")
    assert manifest.pairs[1].why == "no committed output"
    (clone / "out/1.jpg").write_bytes(whole)
    (clone / "out/1.png").write_bytes(whole)
    why = prepared(clone, inputs=INPUTS, expect="out").pairs[0].why
    assert (why or "").startswith("out/1.*: must match one image; found out/1.jpg, out/1.png")
    lacking = prepared(clone, absent=("out/2.png",), inputs=INPUTS, expect="out").pairs[1].why
    assert (
        lacking
        == "out/2.png is part of the commit, but its content is not where it was cloned from"
    )


def test_a_file_beside_an_image_is_no_image(clone: Path) -> None:
    """Notes under the name of an image do not make it ambiguous."""
    for folder in ("in/a", "out"):
        (clone / folder / "1.txt").write_text("taken at noon")
    first = prepared(clone, inputs=INPUTS, expect="out").pairs[0]
    assert (first.a.file, original(first.expect)) == ("a/1.png", "out/1.jpg")


def test_no_image_is_read_through_a_link_out_of_the_clone(clone: Path, tmp_path: Path) -> None:
    """An output that is such a link hides no other; an input is refused."""
    private = tmp_path / "private.jpg"
    cv2.imwrite(str(private), image(9))
    (clone / "out" / "1.jpg").unlink()
    (clone / "out" / "1.jpg").symlink_to(private)
    cv2.imwrite(str(clone / "out" / "2.jpg"), image(8))
    told = "out/1.jpg: must be a file of the repository; found a link that leads out of it"
    first, second = prepared(clone, inputs=INPUTS, expect="out").pairs
    assert first.why == told and first.expect is None and second.expect
    (clone / "in" / "a" / "1.png").unlink()
    (clone / "in" / "a" / "1.png").symlink_to(private)
    with pytest.raises(DatasetUnavailable, match="found a link that leads out of it"):
        prepared(clone, inputs=INPUTS, expect="out")


def test_an_input_that_was_not_committed_is_told(clone: Path) -> None:
    """A name without its input is an error of the entry."""
    with pytest.raises(
        DatasetUnavailable, match=r"pair '9': in/a/9.\*: no such file was committed"
    ):
        prepared(clone, inputs=INPUTS, pairs=["1", "9"])


def test_pairs_that_were_not_asked_for_are_not_unpaired(clone: Path) -> None:
    """An output whose inputs the check leaves out is not reported as one without inputs."""
    (clone / "out/2.jpg").write_bytes((clone / "out/1.jpg").read_bytes())
    assert prepared(clone, inputs=INPUTS, expect="out", pairs=["2"]).unpaired == ["3"]


def test_no_pair_at_all_names_the_patterns(clone: Path) -> None:
    """The mistake is most likely in `selfcheck.inputs`."""
    with pytest.raises(
        DatasetUnavailable,
        match=r"no pair of committed inputs.*correct `selfcheck.inputs`: in/a/\{name\}.png",
    ):
        prepared(clone, inputs={"a": "in/a/{name}.png", "b": "nowhere/{name}.png"})


def test_outputs_of_which_none_can_be_paired_name_the_pattern(clone: Path) -> None:
    """A misspelt folder or other names are reported, not taken for missing outputs."""
    wrong = r"no committed output was found for any pair; correct `selfcheck.expect`: "
    with pytest.raises(DatasetUnavailable, match=wrong + r"uot/\{name\}\.\*$"):
        prepared(clone, inputs=INPUTS, expect="uot")
    (clone / "out/1.jpg").rename(clone / "out/fused_1.jpg")
    with pytest.raises(
        DatasetUnavailable, match=wrong + r".*it finds 3, fused_1, which no pair is named"
    ):
        prepared(clone, inputs=INPUTS, expect="out")


def test_the_state_of_the_clone_is_taken_over(tmp_path: Path) -> None:
    """Without the repository there is nothing to compare; the state is that of the clone."""
    source = SourceMarker(state=SourceUnavailable.state, reason="gone")
    check = Check(METHOD, msgspec.convert({"inputs": INPUTS}, SelfcheckEntry))
    with pytest.raises(StepError, match="gone") as caught:
        prepare_committed(source, check.job, tmp_path / "images")
    assert caught.value.state == SourceUnavailable.state


def test_a_manifest_tells_what_was_copied(clone: Path) -> None:
    """Each image has size, mode, pixel hash, and path and hash of its original file.

    There is one hash over all inputs.
    """
    coloured: Any = image(9, channels=3)
    cv2.imwrite(str(clone / "in/b/1.png"), coloured)
    manifest = prepared(clone, inputs=INPUTS, expect="out")
    pair = manifest.pairs[0]
    assert (pair.size, pair.a.mode, pair.b.mode) == ((48, 40), "gray", "rgb")
    assert pair.b.sha256 == pixel_sha256(coloured[:, :, ::-1])
    assert isinstance(pair.b.original, OriginalFile)
    assert pair.b.original.sha256 == sha256_of_file(clone / "in/b/1.png")
    assert manifest.sha256 == sha256_of_pairs(manifest.pairs)
    assert manifest.is_ok and manifest.path == str(clone.parent / "images")
    assert (Path(manifest.path) / pair.a.file).read_bytes() == (clone / "in/a/1.png").read_bytes()


def test_what_was_read_with_a_loss_is_noted(clone: Path) -> None:
    """16 bits and an alpha channel stay in the file, and a note names them."""
    deep: Any = image(9).astype(np.uint16) * 257
    cv2.imwrite(str(clone / "in/a/1.png"), deep)
    clear: Any = np.dstack([image(9, channels=3), np.full((40, 48), 7, np.uint8)])
    cv2.imwrite(str(clone / "in/b/1.png"), clear)
    pair = prepared(clone, inputs=INPUTS, pairs=["1"]).pairs[0]
    assert pair.a.notes == ["16 bits scaled to 8 (times 255/65535, rounded)"]
    assert pair.b.notes == ["alpha channel dropped"]


def test_a_check_without_outputs_has_no_side_for_them(clone: Path) -> None:
    """There is neither an output nor a reason why there is none."""
    manifest = prepared(clone, inputs=INPUTS)
    assert {pair.expect for pair in manifest.pairs} == {None}
    assert not any(pair.why for pair in manifest.pairs)
    assert manifest.unpaired == []


def test_named_pairs_keep_their_order(clone: Path) -> None:
    """Named pairs keep the order of the entry, in which the script gets them.

    Found pairs are sorted.
    """
    assert [pair.name for pair in prepared(clone, inputs=INPUTS, pairs=["2", "1"]).pairs] == [
        *("2", "1")
    ]
    assert [pair.name for pair in prepared(clone, inputs=INPUTS).pairs] == ["1", "2"]


def test_outputs_without_inputs_are_sorted(clone: Path) -> None:
    """The same commit has the same reason on every machine."""
    names = [f"stray{number}" for number in range(12)]
    for name in names:
        cv2.imwrite(str(clone / "out" / f"{name}.png"), image(3))
    assert prepared(clone, inputs=INPUTS, expect="out").unpaired == sorted(["3", *names])


def test_what_was_there_before_is_replaced(clone: Path) -> None:
    """No image of an earlier check stays in the folder."""
    prepared(clone, inputs=INPUTS, expect="out")
    manifest = prepared(clone, inputs=INPUTS, pairs=["2"])
    files = sorted(path.name for path in Path(manifest.path).rglob("*") if path.is_file())
    assert files == ["2.bmp", "2.png"]


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("in/a/{name}.png", ["in/a/1.png"]),
        ("in/a", ["in/a/1.png", "in/a/2.bmp"]),
        ("in/a/{name}.*", ["in/a/1.png", "in/a/2.bmp"]),
        ("in/{name}/1.png", []),
    ],
)
def test_a_pattern_finds_what_it_names(clone: Path, pattern: str, files: list[str]) -> None:
    """A folder stands for all images in it, whatever their format."""
    inputs = {"a": pattern, "b": "in/b"}
    if files:
        assert [original(pair.a) for pair in prepared(clone, inputs=inputs).pairs] == files
    else:
        with pytest.raises(DatasetUnavailable, match="no pair of committed inputs was found"):
            prepared(clone, inputs=inputs)


def test_pairs_may_share_a_pattern_and_name_the_rest(clone: Path) -> None:
    """The inputs of the check hold for each pair that does not name its own.

    ``{name}`` is the name of the pair.
    """
    pairs = {"1": {"b": "in/b/2.png"}, "2": {"a": "in/a/2.bmp"}}
    inputs = {"a": "in/a/{name}.png", "b": "in/b/{name}.png"}
    first, second = prepared(clone, inputs=inputs, pairs=pairs, expect="out/{name}.jpg").pairs
    assert (original(first.a), original(first.b)) == ("in/a/1.png", "in/b/2.png")
    assert (original(second.a), original(second.b)) == ("in/a/2.bmp", "in/b/2.png")
    assert original(first.expect) == "out/1.jpg" and second.why == "no committed output"


def test_one_output_may_be_named_without_a_pattern(clone: Path) -> None:
    """A single pair may name its output file; then no other file is an output without inputs."""
    manifest = prepared(clone, inputs=INPUTS, pairs=["1"], expect="out/3.jpg")
    assert original(manifest.pairs[0].expect) == "out/3.jpg"
    assert manifest.unpaired == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda path: path.write_bytes(path.read_bytes()[:60]),
            "in/a/1.png: must be a whole image",
        ),
        (lambda path: path.write_bytes(b"text"), "in/a/1.png: must be a whole image"),
        (
            lambda path: cv2.imwrite(str(path.with_suffix(".bmp")), image(1)),
            r"in/a/1.\*: must match one image; found in/a/1.bmp, in/a/1.png: name one of them in",
        ),
    ],
)
def test_an_input_that_cannot_be_read_is_told(clone: Path, spoil: Any, told: str) -> None:
    """The reason has the name of the pair and the path in the repository, not that of the clone."""
    spoil(clone / "in/a/1.png")
    with pytest.raises(DatasetUnavailable, match=f"^pair '1': {told}") as caught:
        prepared(clone, inputs=INPUTS, pairs=["1"])
    assert str(clone) not in str(caught.value)


def test_a_pattern_of_absent_files_is_told_by_the_first(clone: Path) -> None:
    """The side's pattern finds the files that the mirror lacks, whatever their format."""
    (clone / "in/a/1.png").unlink()
    with pytest.raises(DatasetUnavailable, match=r"in/a/1.tif is part of the commit, but its"):
        prepared(clone, absent=("in/a/1.tif", "in/a/9.tif"), inputs=INPUTS, pairs=["1"])


def test_an_archive_that_is_not_used_may_be_absent(clone: Path) -> None:
    """Only archives that are unpacked have to be there."""
    manifest = prepared(clone, absent=("sets.zip",), inputs=INPUTS, pairs=["1"])
    assert manifest.is_ok


def test_nothing_is_left_of_a_check_that_failed(clone: Path) -> None:
    """The folder of the images is there only when all of them are."""
    (clone / "in/a/2.bmp").write_bytes(b"text")
    with pytest.raises(DatasetUnavailable, match="pair '2'"):
        prepared(clone, inputs=INPUTS)
    assert not (clone.parent / "images").exists()

"""The images of a self-check: found by folder, pattern or name, in an archive or not, byte for byte as committed."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import cv2
import msgspec
import pytest
from fusebench.contracts.markers import ImageFile, Manifest, OriginalFile, SourceMarker
from fusebench.contracts.methods import MethodEntry, SelfcheckEntry
from fusebench.errors import DatasetUnavailable, SourceUnavailable, StepError
from fusebench.evidence.committed import prepare_committed
from fusebench.registry import Method
from fusebench.registry.selfchecks import Check
from msgspec import UnsetType

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
    """Images of the same name on both sides are a pair; other files are none; an output without inputs is told."""
    manifest = prepared(clone, inputs=INPUTS, expect="out")
    assert [pair.name for pair in manifest.pairs] == ["1", "2"]
    first, second = manifest.pairs
    assert original(first.expect) == "out/1.jpg" and second.expect is None
    assert (second.a.file, second.size) == ("a/2.bmp", (48, 40))
    assert manifest.unpaired == ["3"]
    assert (Path(manifest.path) / "expect/1.jpg").read_bytes() == (clone / "out/1.jpg").read_bytes()


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
    """An entry that names the file of one pair is wrong where it is not there; a pattern may match some pairs only."""
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
    """A file that is part of the commit, without content where it was cloned from; the same for an archive."""
    (clone / "in/a/1.png").unlink()
    with pytest.raises(DatasetUnavailable, match=r"pair '1': in/a/1.png is part of the commit"):
        prepared(clone, absent=("in/a/1.png",), inputs=INPUTS, pairs=["1", "2"])
    with pytest.raises(DatasetUnavailable, match=r"sets.zip is part of the commit"):
        prepared(clone, absent=("sets.zip",), inputs=INPUTS, unpack=["sets.zip"])


def test_an_output_that_cannot_be_read_hides_no_other(clone: Path) -> None:
    """A damaged output, one of two formats, or one without content leaves its own pair without a comparison, and says why."""
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


def test_an_input_that_was_not_committed_is_told(clone: Path) -> None:
    """A name without its input is an error of the entry."""
    with pytest.raises(
        DatasetUnavailable, match=r"pair '9': in/a/9.\*: no such file was committed"
    ):
        prepared(clone, inputs=INPUTS, pairs=["1", "9"])


def test_pairs_that_were_not_asked_for_are_not_unpaired(clone: Path) -> None:
    """An output with inputs that the check leaves out is no output without inputs."""
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
    """That a folder is misspelt, or its names are others, is not taken for authors who committed nothing."""
    wrong = r"no committed output was found for any pair; correct `selfcheck.expect`: "
    with pytest.raises(DatasetUnavailable, match=wrong + r"uot/\{name\}\.\*$"):
        prepared(clone, inputs=INPUTS, expect="uot")
    (clone / "out/1.jpg").rename(clone / "out/fused_1.jpg")
    with pytest.raises(
        DatasetUnavailable, match=wrong + r".*it finds 3, fused_1, which no pair is named"
    ):
        prepared(clone, inputs=INPUTS, expect="out")


def test_the_state_of_the_clone_is_taken_over(tmp_path: Path) -> None:
    """A repository that cannot be had leaves nothing to compare, in its own state."""
    source = SourceMarker(state=SourceUnavailable.state, reason="gone")
    check = Check(METHOD, msgspec.convert({"inputs": INPUTS}, SelfcheckEntry))
    with pytest.raises(StepError, match="gone") as caught:
        prepare_committed(source, check.job, tmp_path / "images")
    assert caught.value.state == SourceUnavailable.state

"""The pairing rule: which files are the images of a pair."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fusebench.contracts.datasets import DatasetEntry
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.errors import DatasetUnavailable
from fusebench.registry.pairing import (
    dataset_job,
    expected_names,
    find_names,
    fixed_folder,
    image_path,
    local_folder,
    names_of,
    pair_names,
    patterns,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from tests.registry.small import SIDES, dataset


def touch(folder: Path, *files: str) -> None:
    """Make empty files below a folder."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


@pytest.mark.parametrize("nothing", [UNSET, None, []])
def test_without_a_list_there_are_no_names(nothing: Any, tmp_path: Path) -> None:
    """A dataset that lists no pairs takes all that are found."""
    assert pair_names(nothing, tmp_path) is None


def test_names_are_listed_or_are_the_lines_of_a_file(tmp_path: Path) -> None:
    """Blank lines and lines that begin with # are ignored.

    An absolute path is taken as it is.
    """
    assert pair_names(["b", "a"], tmp_path) == ["b", "a"]
    (tmp_path / "list.txt").write_text("# of TNO\nb\n\n  a  \n   \nü\n", encoding="utf-8")
    assert pair_names("list.txt", tmp_path) == ["b", "a", "ü"]
    assert pair_names(str(tmp_path / "list.txt"), tmp_path / "elsewhere") == ["b", "a", "ü"]


def test_a_project_without_a_list_takes_the_workflow_s(tmp_path: Path) -> None:
    """A folder that uses the workflow need not copy its lists of pairs."""
    names = pair_names("pairs/tno25.txt", tmp_path)
    assert names is not None and len(names) == 25
    with pytest.raises(FileNotFoundError):
        pair_names("pairs/no-such-list.txt", tmp_path)


def test_a_dataset_has_the_sides_that_it_names() -> None:
    """Sides have the order a, b, reference, however they are written."""
    entry = dataset(reference={"files": "gt/{name}.png"}).entry
    assert list(patterns(entry).items()) == [
        ("a", "a/{name}.png"),
        ("b", "b/{name}.png"),
        ("reference", "gt/{name}.png"),
    ]
    drawn = {"title": "D", "task": "multi-focus", "kind": "generated", "generator": "multi-focus"}
    assert patterns(msgspec.convert(drawn, DatasetEntry)) == {}


def test_a_job_is_told_which_images_and_nothing_else(tmp_path: Path) -> None:
    """The job gets the fields that decide the images.

    It does not get title, licence and notes, so that their correction prepares nothing again.
    """
    entry = dataset(
        title="A title",
        licence="MIT",
        notes="a note",
        source="a page",
        kind="git",
        folder=None,
        code="https://example.org/lab/images",
        commit="1" * 40,
        pairs=["p", "q"],
        sha256="2" * 64,
        hashes="pairs/x.sha256",
    ).entry
    assert msgspec.to_builtins(dataset_job(entry, tmp_path)) == {
        "kind": "git",
        "patterns": {"a": "a/{name}.png", "b": "b/{name}.png"},
        "names": ["p", "q"],
        "generator": "",
        "generator_code": "",
        "code": "https://example.org/lab/images",
        "commit": "1" * 40,
        "folder": "",
        "sha256": "2" * 64,
        "hashes": "pairs/x.sha256",
    }


def test_a_job_is_told_how_a_side_is_read(tmp_path: Path) -> None:
    """A side that states nothing is not named, so that no other job changes; channel 0 is one."""
    a = {"files": "{name}.png", "channel": 0, "bits": 14}
    entry = dataset(a=a, reference={"files": "{name}.png", "range": [7000, 8020]}).entry
    assert msgspec.to_builtins(dataset_job(entry, tmp_path))["readings"] == {
        "a": {"channel": 0, "bits": 14},
        "reference": {"range": (7000, 8020)},
    }


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("{name}.png", ""),
        ("x{name}.png", ""),
        ("a/b/{name}.png", "a/b"),
        ("a/{name}/b/{name}.png", "a"),
        ("a/b{name}/c.png", "a"),
        ("a/b/c.png", "a/b"),
    ],
)
def test_the_fixed_folder_is_what_all_pairs_share(pattern: str, folder: str) -> None:
    """It is everything before the first part with ``{name}``."""
    assert fixed_folder(pattern) == folder


@pytest.mark.parametrize(
    ("pattern", "files", "names"),
    [
        ("a/{name}.png", ["a/1.png", "a/2.PNG", "a/3.jpg", "b/4.png"], {"1"}),
        ("a/{name}.*", ["a/1.png", "a/2.JPG", "a/3.txt", "a/4"], {"1", "2"}),
        ("{name}/{name}.png", ["1/1.png", "1/2.png", "2/2.png"], {"1", "2"}),
        ("{name}/vis.png", ["1/vis.png", "2/ir.png", "3/vis.png"], {"1", "3"}),
        ("a/{name}_vi.png", ["a/1_vi.png", "a/2_ir.png", "a/x_y_vi.png"], {"1", "x_y"}),
        ("a/img{name}.png", ["a/img1.png", "a/im2.png", "a/img.png"], {"1"}),
        ("a/{name}(*).png", ["a/1(0).png", "a/2.png"], {"1"}),
        ("se*/{name}.png", ["set/1.png", "seq/2.png", "x/3.png"], {"1", "2"}),
        ("set [1]/{name}.png", ["set [1]/1.png", "set 1/2.png"], {"1"}),
        ("why?/{name}.png", ["why?/1.png", "whyx/2.png"], {"1"}),
        ("a/{name}.png", ["a/b/1.png"], set()),
    ],
)
def test_names_are_found_by_their_pattern(
    pattern: str, files: list[str], names: set[str], tmp_path: Path
) -> None:
    """The name may stand anywhere, and several times.

    Only ``*`` is a wildcard, and only images count.
    """
    touch(tmp_path, *files)
    assert names_of(tmp_path, pattern) == names


def test_a_pair_must_be_there_on_every_side(tmp_path: Path) -> None:
    """A file on one side only is no pair; the names are sorted."""
    touch(tmp_path, "a/2.png", "a/1.png", "a/3.png", "b/1.jpg", "b/2.jpg", "b/4.jpg")
    assert find_names(tmp_path, {"a": "a/{name}.png", "b": "b/{name}.*"}) == ["1", "2"]


def test_a_folder_without_a_pair_says_what_each_side_has(tmp_path: Path) -> None:
    """The counts show which pattern is wrong."""
    touch(tmp_path, "a/1.png", "a/2.png")
    told = (
        f"no pair has a file on every side: 2 match {tmp_path}/a/{{name}}.png;"
        f" 0 match {tmp_path}/b/{{name}}.bmp; correct the patterns or the folder"
    )
    with pytest.raises(DatasetUnavailable, match=re.escape(told)):
        find_names(tmp_path, {"a": "a/{name}.png", "b": "b/{name}.bmp"})


NAMES = st.text(
    st.characters(exclude_characters="/\\{}\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 100)


@settings(deadline=None, max_examples=50)
@given(st.sets(NAMES, min_size=1, max_size=4))
def test_every_name_that_a_file_can_have_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    """Names may hold special characters of patterns, spaces and line breaks.

    The file of each name is that of the name.
    """
    folder = tmp_path_factory.mktemp("names")
    touch(folder, *(f"a/x{name}.png" for name in names))
    for pattern in ("a/x{name}.png", "a/x{name}.*"):
        assert names_of(folder, pattern) == names
        for name in names:
            assert image_path(folder, pattern, name) == folder / f"a/x{name}.png"


def test_a_star_stands_for_exactly_one_file(tmp_path: Path) -> None:
    """A pair with no file or with two is refused, with the pattern and the number of files."""
    touch(tmp_path, "a/1.png", "a/2.png", "a/2.jpg")
    assert image_path(tmp_path, "a/{name}.*", "1") == tmp_path / "a/1.png"
    for name, found in (("2", 2), ("3", 0)):
        told = f"{tmp_path}/a/{name}.*: must match exactly one file; found {found}"
        with pytest.raises(DatasetUnavailable, match=re.escape(told)):
            image_path(tmp_path, "a/{name}.*", name)


def test_without_a_star_the_file_is_named_whether_it_is_there_or_not(tmp_path: Path) -> None:
    """The reader of the file reports that it is missing."""
    assert image_path(tmp_path, "{name}/{name}.png", "x*") == tmp_path / "x*/x*.png"


def test_a_local_folder_is_the_project_s_or_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is relative to the project, absolute, or below the user's home."""
    monkeypatch.setenv("HOME", "/home/me")
    assert local_folder("images", tmp_path) == tmp_path / "images"
    assert local_folder("/data/images", tmp_path) == Path("/data/images")
    assert local_folder("~/images", tmp_path) == Path("/home/me/images")


def test_expected_names_are_known_before_anything_is_prepared(tmp_path: Path) -> None:
    """The names come from the generator, the list, or the folder.

    They are unknown for a repository without a list and for an empty folder.
    """
    drawn = DatasetJob(kind="generated", generator="multi-focus", names=["ignored"])
    assert len(expected_names(drawn, tmp_path)) >= 6 and "ignored" not in expected_names(
        drawn, tmp_path
    )
    assert expected_names(DatasetJob(kind="git", names=["p"]), tmp_path) == ["p"]
    assert expected_names(DatasetJob(kind="git"), tmp_path) == []
    sides = {side: SIDES[side]["files"] for side in "ab"}
    local = DatasetJob(kind="local", folder="images", patterns=sides)
    assert expected_names(local, tmp_path) == []
    touch(tmp_path / "images", "a/1.png", "b/1.png", "b/2.png")
    assert expected_names(local, tmp_path) == ["1"]
    assert expected_names(DatasetJob(kind="local", folder="x", names=["q"]), tmp_path) == ["q"]

"""The pairing rule: which files are the images of a pair."""

from __future__ import annotations

import os
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
    find_pairs,
    local_folder,
    pair_names,
    patterns,
)
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


def test_a_list_from_windows_is_the_same_list(tmp_path: Path) -> None:
    """The mark at the beginning of the file (BOM) is no part of the first name."""
    (tmp_path / "list.txt").write_bytes("\ufeff1\r\n2\r\n".encode())
    assert pair_names("list.txt", tmp_path) == ["1", "2"]


def test_a_list_without_a_name_is_no_list_of_all(tmp_path: Path) -> None:
    """A file of comments alone chooses nothing."""
    (tmp_path / "list.txt").write_text("# 1\n\n# 2\n")
    assert pair_names("list.txt", tmp_path) == []


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
    assert patterns(dataset(a={"files": "./a//{name}.png"}).entry)["a"] == "a/{name}.png"
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
    a = {"files": "{name}.png", "range": {"percentiles": [1, 99]}}
    entry = dataset(a=a).entry
    assert msgspec.to_builtins(dataset_job(entry, tmp_path))["readings"] == {
        "a": {"range": {"percentiles": (1.0, 99.0)}}
    }


def test_a_pair_must_be_there_on_every_side(tmp_path: Path) -> None:
    """A file on one side only is no pair and is told; the names are sorted."""
    touch(tmp_path, "a/2.png", "a/1.png", "a/3.png", "b/1.jpg", "b/2.jpg", "b/4.jpg")
    found = find_pairs(tmp_path, {"a": "a/{name}.png", "b": "b/{name}.*"})
    assert found.names == ["1", "2"]
    assert found.left_out == {
        "no image A of the same name": ["b/4.jpg"],
        "no image B of the same name": ["a/3.png"],
    }
    assert found.image("b", "2") == tmp_path / "b/2.jpg"


def test_files_that_cannot_be_pairs_are_left_out_and_told(tmp_path: Path) -> None:
    """They never refuse the others: what macOS leaves, names with braces, names in Latin-1."""
    latin = os.fsdecode(b"caf\xe9")
    for side in "ab":
        touch(tmp_path, *(f"{side}/{name}.png" for name in ("1", "._1", "x{y}", "p\\q", latin)))
    found = find_pairs(tmp_path, {"a": "a/{name}.png", "b": "b/{name}.png"})
    assert found.names == ["1"]
    assert found.left_out == {
        "hidden: the name of the file, or of a folder, begins with '.'": ["a/._1.png", "b/._1.png"],
        "no name of a pair: it holds '\\\\'": ["a/p\\q.png", "b/p\\q.png"],
        "no name of a pair: it holds '{', '}'": ["a/x{y}.png", "b/x{y}.png"],
        "no name of a pair: it is not written in UTF-8": [
            "a/caf\\udce9.png",
            "b/caf\\udce9.png",
        ],
    }


def test_a_list_chooses_and_leaves_nothing_out(tmp_path: Path) -> None:
    """Images that a list does not name are left out on purpose."""
    touch(tmp_path, "a/2.png", "a/1.png", "b/1.png")
    found = find_pairs(tmp_path, {"a": "a/{name}.png", "b": "b/{name}.png"}, ["2", "1"])
    assert (found.names, found.left_out) == (["2", "1"], {})


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    """Where the case of the suffix decides between them, the other one is left out and told."""
    touch(tmp_path, "a/1.png", "a/1.PNG", "b/1.png")
    found = find_pairs(tmp_path, {"a": "a/{name}.png", "b": "b/{name}.png"})
    assert found.image("a", "1") == tmp_path / "a/1.png"
    [(reason, files)] = found.left_out.items()
    assert reason.startswith("the same name as another image") and files == ["a/1.PNG"]


def test_a_folder_without_a_pair_says_what_each_side_has(tmp_path: Path) -> None:
    """The names, and what lies in the folder of a pattern that matches nothing, show the mistake.

    A pattern with brackets is told how to name a bracket.
    """
    touch(tmp_path, "a/1.png", "a/2.png", "b/1.tga")
    told = (
        f"no pair has a file on every side: 2 match {tmp_path}/a/{{name}}.png (1, 2);"
        f" 0 match {tmp_path}/b/{{name}}.bmp (there: 1.tga); correct the patterns or the folder"
    )
    with pytest.raises(DatasetUnavailable, match=rf"{re.escape(told)}$"):
        find_pairs(tmp_path, {"a": "a/{name}.png", "b": "b/{name}.bmp"})
    told = r"/c: No such file or directory\).*write \[\[\] for the bracket itself$"
    with pytest.raises(DatasetUnavailable, match=told):
        find_pairs(tmp_path, {"a": "a/{name}.png", "b": "c/[ab]{name}.bmp"})


def test_a_local_folder_is_the_project_s_or_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is relative to the project, absolute, or below the user's home."""
    monkeypatch.setenv("HOME", "/home/me")
    assert local_folder("images", tmp_path) == tmp_path / "images"
    assert local_folder("/data/images", tmp_path) == Path("/data/images")
    assert local_folder("~/images", tmp_path) == Path("/home/me/images")


def test_a_user_who_does_not_exist_is_told(tmp_path: Path) -> None:
    """The dataset is unavailable, and its names are unknown."""
    job = DatasetJob(kind="local", folder="~nobody-here/x", patterns={"a": "{name}.png"})
    with pytest.raises(DatasetUnavailable, match="found no user 'nobody-here' on this machine"):
        local_folder(job.folder, tmp_path)
    assert expected_names(job, tmp_path) == []


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

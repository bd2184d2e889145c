"""Hashes of files, folders and JSON values."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from fusebench.hashes import folder_digest, sha256_of_file, sha256_of_json, source_files
from hypothesis import given, settings
from hypothesis import strategies as st


def test_the_digest_of_a_folder_is_of_names_and_bytes(tmp_path: Path) -> None:
    """Renaming or editing a file changes the digest; caches and history do not."""
    (tmp_path / "a.py").write_text("1")
    first = folder_digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert folder_digest(tmp_path) == first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert folder_digest(tmp_path) != first


def test_the_hash_of_json_does_not_depend_on_the_order_of_keys() -> None:
    """Two mappings with the same content have one hash."""
    assert sha256_of_json({"a": 1, "b": [2]}) == sha256_of_json({"b": [2], "a": 1})


def test_a_digest_knows_what_may_be_run(tmp_path: Path) -> None:
    """A script that loses its execute permission is another source.

    Its time and other permissions do not count.
    """
    path = tmp_path / "run.sh"
    path.write_text("1")
    first = folder_digest(tmp_path)
    path.chmod(0o600)
    os.utime(path, (1, 1))
    assert folder_digest(tmp_path) == first
    path.chmod(0o755)
    assert folder_digest(tmp_path) != first


NAMES = st.text("ab/.\0\n", min_size=1, max_size=4).filter(lambda name: not {*name} & {*"/\0."})


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(NAMES, st.binary(max_size=3)), st.dictionaries(NAMES, st.binary(max_size=3)))
def test_two_folders_have_one_digest_where_they_have_the_same_files(
    tmp_path_factory: pytest.TempPathFactory, one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    """Names and bytes are never mixed up, whatever stands in either.

    The order in which files were made does not count.
    """
    digests = []
    for files in (one, other, dict(reversed(one.items()))):
        folder = tmp_path_factory.mktemp("folder")
        for name, content in files.items():
            (folder / name).write_bytes(content)
        digests.append(folder_digest(folder))
    assert (digests[0] == digests[1]) == (one == other)
    assert digests[0] == digests[2]


def test_the_files_of_a_source_are_without_history_and_caches(tmp_path: Path) -> None:
    """This holds at any depth; an empty folder is no file."""
    kept = ["a.py", "pkg/b.py", "pkg/.hidden", "git/HEAD"]
    left = [".git/HEAD", "a.pyc", "pkg/__pycache__/b.py", ".mypy_cache/x", "pkg/.git/y"]
    for file in kept + left:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    (tmp_path / "empty").mkdir()
    found = {path.relative_to(tmp_path).as_posix() for path in source_files(tmp_path)}
    assert found == {*kept}


@pytest.mark.parametrize(
    ("value", "digest"),
    [
        ({}, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
        (
            {"b": [1, 2.0, None], "a": "ü"},
            "9c26a6946c294d51737b3bf9b2762c774112120d0597646c98c6a2120a230515",
        ),
    ],
)
def test_the_hash_of_json_is_what_records_have(value: object, digest: str) -> None:
    """The JSON has no spaces, sorted keys, and escapes for other letters.

    Another form would change the hash in all records.
    """
    assert sha256_of_json(value) == digest


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    """The size of the file does not matter."""
    content = b"0123456789" * 300_000
    (tmp_path / "x").write_bytes(content)
    assert sha256_of_file(tmp_path / "x") == hashlib.sha256(content).hexdigest()

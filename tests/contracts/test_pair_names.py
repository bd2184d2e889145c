"""Names of pairs: one rule, in the contracts and for what is found on disk."""

from __future__ import annotations

import os

import msgspec
import pytest
from fusebench.contracts.pair_names import PairName, why_no_name


@pytest.mark.parametrize("name", ["1", "x y", "c_01", "a*[1]?", "ü", "it's", "-1", "n" * 200])
def test_a_name_is_what_a_file_can_be_called(name: str) -> None:
    """Spaces, letters of all languages, and characters of patterns are allowed."""
    assert why_no_name(name) == ""
    assert msgspec.convert(name, PairName) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is empty"),
        ("._1", "it begins with '.', as hidden files do"),
        ("x/y", "it holds '/'"),
        ("x\\y", r"it holds '\\'"),
        ("{x}", "it holds '{', '}'"),
        ("x\ny", r"it holds '\n'"),
    ],
)
def test_a_name_that_no_pair_can_have_is_refused_with_its_reason(name: str, why: str) -> None:
    """The same names are refused in the YAML files."""
    assert why_no_name(name) == why
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, PairName)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("é" * 101, "it is longer than 200 bytes"),
        (os.fsdecode(b"caf\xe9"), "it is not written in UTF-8"),
    ],
)
def test_bytes_count_and_not_characters(name: str, why: str) -> None:
    """A file system counts bytes, and the manifest is UTF-8."""
    assert why_no_name(name) == why

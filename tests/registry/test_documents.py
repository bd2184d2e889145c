"""YAML files that know their lines, and variants that share an entry's fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.errors import RegistryError
from fusebench.registry.documents import read_document

SHARED = """
first: &first
  title: one
  verified: {date: "2026-01-01"}
  run: &run {script: test.py, args: a}
second:
  <<: *first
  title: two
  run:
    <<: *run
    args: b
"""


def test_a_variant_shares_fields_and_replaces_its_own(tmp_path: Path) -> None:
    """``<<: *anchor`` takes over the fields that a variant does not give itself."""
    (tmp_path / "methods.yaml").write_text(SHARED)
    second = read_document(tmp_path / "methods.yaml").data["second"]
    assert second["title"] == "two" and second["run"] == {"script": "test.py", "args": "b"}


def test_what_was_verified_is_not_taken_over(tmp_path: Path) -> None:
    """A variant is not verified because the entry that it shares fields with is."""
    (tmp_path / "methods.yaml").write_text(SHARED)
    data = read_document(tmp_path / "methods.yaml").data
    assert "verified" in data["first"] and "verified" not in data["second"]


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    """Places are told as file, line and entry."""
    (tmp_path / "methods.yaml").write_text(SHARED)
    document = read_document(tmp_path / "methods.yaml")
    assert document.where(("first", "title")) == f"{tmp_path}/methods.yaml:3 (first.title)"
    assert (
        document.where(("second", "run", "args")) == f"{tmp_path}/methods.yaml:11 (second.run.args)"
    )


def test_several_entries_are_shared(tmp_path: Path) -> None:
    """``<<: [*one, *other]`` takes the fields of both; the first one wins, as YAML has it."""
    (tmp_path / "methods.yaml").write_text(
        "a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b], z: 4}\n"
    )
    assert read_document(tmp_path / "methods.yaml").data["c"] == {"x": 1, "y": 3, "z": 4}


def test_a_date_is_the_text_that_is_written(tmp_path: Path) -> None:
    """No field is a date: what looks like one, possible or not, stays a text."""
    (tmp_path / "methods.yaml").write_text("a: {x: 2024-02-03, y: 2024-02-31}\n")
    assert read_document(tmp_path / "methods.yaml").data["a"] == {
        "x": "2024-02-03",
        "y": "2024-02-31",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: 1\nb: caf\xe9\n", r":2: must be text in UTF-8; found the byte 0xe9"),
        (b"a:\n\tb: 1\n", r":2: not valid YAML: .*; the line holds a tab: indent with spaces"),
        (b"a: &a\n  b: *a\n", r"an anchor must not be used inside itself"),
        (b"a: &a\n  <<: *a\n", r"an anchor must not be used inside itself"),
        (b"a:\n  <<: 3\n", r":2: `<<` must be followed by the \*anchor of an entry"),
        (b"{a: b}: 1\n", r":1: the name of an entry or a field must be one word"),
        (b"a: !!float x\n", r":1: not valid YAML: 'x' cannot be read as float"),
    ],
)
def test_what_yaml_cannot_mean_is_told_with_its_line(
    tmp_path: Path, text: bytes, told: str
) -> None:
    """Another encoding, a tab, an anchor inside itself, a merge of no mapping, a name that is none: one line, no traceback."""
    (tmp_path / "methods.yaml").write_bytes(text)
    with pytest.raises(RegistryError, match=told):
        read_document(tmp_path / "methods.yaml")

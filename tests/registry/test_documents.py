"""YAML files that know their lines, and variants that share an entry's fields."""

from __future__ import annotations

from pathlib import Path

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
    assert document.where(("second", "run", "args")) == f"{tmp_path}/methods.yaml:11 (second.run.args)"

"""Facts that commands write into registry files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from fusebench.registry.writing import change_registry, flow_mapping, set_field

TEXT = """# head
one: &one
  title: "One: first" # why
  run: &run
    args: a

# between
two:
  <<: *one
  title: Two
  run:
    <<: *run
    args: b

three:
  title: Three
  verified: none
  run: {args: c} # end
"""


def write(tmp_path: Path, change: Any) -> str:
    """Apply a change to a copy of TEXT and return the new text."""
    file = tmp_path / "methods.yaml"
    file.write_text(TEXT)
    assert change_registry(file, change)
    return file.read_text()


def test_new_field_goes_before_another(tmp_path: Path) -> None:
    """Only the new line differs: comments, quotes, anchors and blank lines stay."""
    text = write(
        tmp_path,
        lambda e: set_field(e["one"], "verified", flow_mapping({"dataset": "x"}), before="run"),
    )
    assert text == TEXT.replace("  run: &run\n", '  verified: {dataset: "x"}\n  run: &run\n')


def test_field_of_an_entry_that_merges_another_is_its_own(tmp_path: Path) -> None:
    """A field that the merged entry has too is added to the entry itself, after its merge."""

    def change(entries: Any) -> None:
        set_field(entries["one"], "verified", flow_mapping({"dataset": "x"}), before="run")
        set_field(entries["two"], "verified", flow_mapping({"dataset": "y"}), before="run")

    text = write(tmp_path, change)
    assert '  <<: *one\n  title: Two\n  verified: {dataset: "y"}\n  run:\n' in text
    assert yaml.safe_load(text)["two"]["verified"] == {"dataset": "y"}


def test_known_field_is_replaced_in_its_place(tmp_path: Path) -> None:
    """A field that is there changes its value and nothing else."""
    text = write(
        tmp_path,
        lambda e: set_field(e["three"], "verified", flow_mapping({"dataset": "z"}), before="run"),
    )
    assert text == TEXT.replace("verified: none", 'verified: {dataset: "z"}')


def test_field_without_its_neighbour_goes_first(tmp_path: Path) -> None:
    """Where the field to stand before is not there, the new one opens the entry."""
    text = write(tmp_path, lambda e: set_field(e["three"], "hashes", "file", before="licence"))
    assert text == TEXT.replace("three:\n", "three:\n  hashes: file\n")


def test_link_is_followed(tmp_path: Path) -> None:
    """A symbolic link stays one; the file behind it is written."""
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "methods.yaml"
    real.write_text(TEXT)
    link = tmp_path / "methods.yaml"
    link.symlink_to(real)
    assert change_registry(link, lambda e: set_field(e["one"], "label", "L", before="run"))
    assert link.is_symlink()
    assert "label: L" in real.read_text()

"""Facts that commands write into registry files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from fusebench.registry.documents import read_document
from fusebench.registry.writing import change_registry, flow_mapping, set_field
from hypothesis import given, settings
from hypothesis import strategies as st

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
    """Where the field that should follow is missing, the new field comes first in the entry."""
    text = write(tmp_path, lambda e: set_field(e["three"], "hashes", "file", before="licence"))
    assert text == TEXT.replace("three:\n", "three:\n  hashes: file\n")


def test_link_is_followed(tmp_path: Path) -> None:
    """A symbolic link stays a link; the file behind it is written."""
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "methods.yaml"
    real.write_text(TEXT)
    link = tmp_path / "methods.yaml"
    link.symlink_to(real)
    assert change_registry(link, lambda e: set_field(e["one"], "label", "L", before="run"))
    assert link.is_symlink()
    assert "label: L" in real.read_text()


def test_a_change_of_nothing_writes_nothing(tmp_path: Path) -> None:
    """The file is not touched, and the return value says so."""
    file = tmp_path / "methods.yaml"
    file.write_text(TEXT)
    before = file.stat()
    assert not change_registry(file, lambda entries: None)
    assert file.stat() == before


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Half of a change is never written."""
    file = tmp_path / "methods.yaml"
    file.write_text(TEXT)

    def change(entries: Any) -> None:
        entries["one"]["title"] = "half"
        raise KeyError("four")

    with pytest.raises(KeyError):
        change_registry(file, change)
    assert file.read_text() == TEXT and [path.name for path in tmp_path.iterdir()] == [file.name]


def test_long_lines_and_letters_of_all_alphabets_stay(tmp_path: Path) -> None:
    """No line is wrapped, and no letter becomes an escape."""
    file = tmp_path / "methods.yaml"
    text = f"one:\n  title: 红外 und Sichtbares {'sehr ' * 60}lang\n  notes: Ω\n"
    file.write_text(text, encoding="utf-8")
    assert change_registry(file, lambda e: e["one"].update(label="L"))
    assert file.read_text(encoding="utf-8") == f"{text}  label: L\n"


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["date", "device", "dataset"]), WORDS, min_size=1))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, facts: dict[str, str]
) -> None:
    """Dates, hashes of digits, and names with quotes or braces stay texts on one line."""
    file = tmp_path_factory.mktemp("written") / "methods.yaml"
    file.write_text("one:\n  run: x\n")
    change_registry(file, lambda e: set_field(e["one"], "verified", flow_mapping(facts), "run"))
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["one"]["verified"] == facts
    assert read_document(file).data["one"] == {"verified": facts, "run": "x"}
    assert len(file.read_text(encoding="utf-8").split("\n")) == 4


def test_numbers_and_mappings_are_written_as_such(tmp_path: Path) -> None:
    """Only texts are put in quotes; a mapping inside stays on the same line."""
    facts = {"dataset": "0123", "count": 2, "others": flow_mapping({"more": "1e3"})}
    text = write(tmp_path, lambda e: set_field(e["three"], "verified", flow_mapping(facts), "run"))
    assert 'verified: {dataset: "0123", count: 2, others: {more: "1e3"}}' in text

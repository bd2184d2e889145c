"""Placeholders in arguments and path patterns."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.registry.placeholders import fields, fill, fill_arguments, filled_edits
from hypothesis import given
from hypothesis import strategies as st

VALUES = {"work": Path("/w x"), "out": "/o", "count": 3, "name": "p1", "index": 7}


@pytest.mark.parametrize(
    ("pattern", "filled"),
    [
        ("ir/{name}.png", "ir/p1.png"),
        ("{index:04d}.bmp", "0007.bmp"),
        ("{out}/{name}_{index}.png", "/o/p1_7.png"),
        ('{"json": {name}}', '{"json": p1}'),
        ("{unknown}", "{unknown}"),
        ("{modality_a}", "{modality_a}"),
        ("{index:>4}|{name:>4}", "   7|  p1"),
        ("{{name}}", "{p1}"),
        ("{name", "{name"),
        ("{Name} {name } {}", "{Name} {name } {}"),
    ],
)
def test_known_placeholders_are_filled(pattern: str, filled: str) -> None:
    """Placeholders that have a value are replaced; other braces stay."""
    assert fill(pattern, VALUES) == filled


def test_a_path_with_a_space_stays_one_argument() -> None:
    """Arguments are split before they are filled; quotes hold them together."""
    assert fill_arguments("--data {work}/in --name 'a b' --n={count}", VALUES) == [
        "--data",
        "/w x/in",
        "--name",
        "a b",
        "--n=3",
    ]


def test_edits_fill_the_replacement_only() -> None:
    """The text that is replaced stays as the authors wrote it.

    This holds also where it looks like a placeholder.
    """
    assert filled_edits({"a.py": [("f'{name}'", "'{name}'")]}, VALUES) == {
        "a.py": [("f'{name}'", "'p1'")]
    }


def test_fields_of_a_pattern() -> None:
    """The placeholders of a pattern are named."""
    assert fields("{out}/{index:03d}.png") == {"out", "index"}


def test_an_edit_of_several_files_keeps_their_order() -> None:
    """Edits are made one after the other, so that the second may change what the first wrote."""
    edits = {"b.yaml": [("x", "{count}"), ("3", "{index}")], "a.py": [("y", "")]}
    filled = filled_edits(edits, VALUES)
    assert list(filled.items()) == [("b.yaml", [("x", "3"), ("3", "7")]), ("a.py", [("y", "")])]


@given(st.text())
def test_a_pattern_without_known_placeholders_stays_as_it_is(pattern: str) -> None:
    """Braces of JSON, of format strings or alone belong to the authors.

    A pattern without placeholders is not changed.
    """
    if not fields(pattern):
        assert fill(pattern, VALUES) == pattern


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_a_value_is_never_filled_again(names: list[str]) -> None:
    """Placeholders in a value are not filled: a pair may be called {index}."""
    for name in [*names, "{index}", "{name}"]:
        assert fill("<{name}>", {"name": name, "index": 7}) == f"<{name}>"

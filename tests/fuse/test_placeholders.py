"""Placeholders in arguments and path patterns."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.registry.placeholders import fields, fill, fill_arguments, filled_edits

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
    """The text that is replaced stays as the authors wrote it, also where it looks like a placeholder."""
    assert filled_edits({"a.py": [("f'{name}'", "'{name}'")]}, VALUES) == {
        "a.py": [("f'{name}'", "'p1'")]
    }


def test_fields_of_a_pattern() -> None:
    """The placeholders of a pattern are named."""
    assert fields("{out}/{index:03d}.png") == {"out", "index"}

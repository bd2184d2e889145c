"""Placeholders in the argument line and in the path patterns of an entry.

Examples: ``{work}``, ``{name}``, ``{index:04d}``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from fusebench.contracts.methods import EditedFiles

PLACEHOLDER = re.compile(
    r"\{(?P<field>work|out|count|name|index|modality_a|modality_b|device|seed|checkpoint"
    r"|ratio|sensor|peak|bands)"
    r"(?::(?P<format>[^{}]*))?\}"
)


Values = Mapping[str, Any]
"""Name of a placeholder -> what it stands for: a path, a text or a number."""


def fill(pattern: str, values: Values) -> str:
    """Replace the known placeholders of a pattern; other braces stay as they are.

    >>> fill("ir/{index:03d}.png", {"index": 7})
    'ir/007.png'
    """
    return PLACEHOLDER.sub(
        lambda match: (
            format(values[match["field"]], match["format"] or "")
            if match["field"] in values
            else match[0]
        ),
        pattern,
    )


def fill_arguments(line: str, values: Values) -> list[str]:
    """Split an argument line as a shell would and fill each argument.

    A path with a space stays one argument.
    """
    return [fill(argument, values) for argument in shlex.split(line)]


def filled_edits(edit: EditedFiles, values: Values) -> EditedFiles:
    """Fill the placeholders in the replacements of an entry's edits.

    The text that is replaced stays as the authors wrote it.
    """
    return {file: [(old, fill(new, values)) for old, new in edits] for file, edits in edit.items()}


def fields(pattern: str) -> set[str]:
    """Return the names of the placeholders in a pattern."""
    return {match["field"] for match in PLACEHOLDER.finditer(pattern)}

"""Facts that a command writes back into a file of the registry.

Comments, order, quotes and anchors stay as they are.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fusebench.files import write_text

ONE_LINE = 1 << 16
"""A width that no line reaches, so that none is wrapped."""


def change_registry(file: Path, change: Callable[[Any], None]) -> bool:
    """Let ``change`` edit the entries of a YAML file, and write the file in one rename.

    Args:
        file: ``methods.yaml`` or ``datasets.yaml``; a symbolic link is followed.
        change: gets the file's entries by name and edits them in place.

    Returns:
        Whether anything differs.
    """
    text = file.read_text(encoding="utf-8")
    yaml = _round_trip()
    entries = yaml.load(text)
    change(entries)
    stream = io.StringIO()
    yaml.dump(entries, stream)
    if stream.getvalue() == text:
        return False
    write_text(file.resolve(), stream.getvalue())
    return True


def flow_mapping(values: dict[str, Any]) -> Any:
    """Return a mapping that is written on one line, in braces, its strings in quotes."""
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    mapping = CommentedMap(
        (key, DoubleQuotedScalarString(value) if isinstance(value, str) else value)
        for key, value in values.items()
    )
    mapping.fa.set_flow_style()
    return mapping


def set_field(entry: Any, key: str, value: Any, before: str) -> None:
    """Set a field of an entry.

    A new field goes before the field ``before``, or to the top where that is not there. It does not
    go to the end, because the blank line and the comments that follow an entry belong to its last
    field.
    """
    own = list(entry.lc.data)  # not the fields that a merge brought
    if key in own:
        entry[key] = value
    else:
        merges = len(entry.merge)  # `<<:` counts as a field here
        entry.insert(merges + own.index(before) if before in own else merges, key, value)


def _round_trip() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = ONE_LINE
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml

"""Facts that a command writes back into a file of the registry: comments, order, quotes and anchors stay as they are."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fusebench.files import write_text

ONE_LINE = 1 << 16
"""A width that no line reaches, so that none is wrapped."""


def change_registry(file: Path, change: Callable[[Any], None]) -> bool:
    """Let ``change`` edit the entries of a YAML file, write it in one rename, and tell whether anything differs.

    Args:
        file: ``methods.yaml`` or ``datasets.yaml``; a symbolic link is followed.
        change: gets the file's entries by name and edits them in place.
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


def set_before_blank_line(entry: Any, key: str, value: Any) -> None:
    """Set a field of an entry; a new one goes to its end, before the blank line and comments that follow the entry."""
    if key in entry.lc.data:  # its own, not one that a merge brought
        entry[key] = value
        return
    following = _take_trailing_comment(entry)
    entry[key] = value
    if following is not None:
        entry.ca.items[key] = [None, None, following, None]


def _take_trailing_comment(node: Any) -> Any:
    """Take the comment after a node's last line away from where the parser hung it: its last scalar, however deep."""
    last = list(node.lc.data)[-1]  # the node's own keys only: those of a merge lie elsewhere
    position = 2 if isinstance(node, dict) else 0
    slots = node.ca.items.get(last)
    if slots and slots[position] is not None and "\n" in slots[position].value:
        comment, slots[position] = slots[position], None
        return comment
    child = node[last]
    return _take_trailing_comment(child) if isinstance(child, dict | list) and child else None


def _round_trip() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = ONE_LINE
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml

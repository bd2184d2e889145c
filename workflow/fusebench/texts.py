"""Text as it may stand in a message or a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import category

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, movements of the cursor
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\|)"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)
"""ANSI escapes, in the forms of ECMA-48 that are made of 7-bit characters."""

_NEW_LINES = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")

_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Marks that turn the direction of a line, and the byte-order mark; no letter needs them."""


def first_of(names: Sequence[str], most: int) -> str:
    """Return the first names between commas, and how many more there are.

    >>> first_of(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def beginning_of(names: Sequence[str], most: int) -> str:
    """Return the first names between commas, and dots where there are more.

    >>> beginning_of(["a", "b", "c"], 2)
    'a, b, ...'
    """
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def plain(text: str) -> str:
    r"""Return a text without ANSI escapes and control characters.

    Line ends of every kind become ``\n``, tabs stay.

    >>> plain("\x1b[1;31mRuntimeError\x1b[0m: no\x07 GPU")
    'RuntimeError: no GPU'
    """
    if text.isascii() and text.isprintable():
        return text
    told = _NEW_LINES.sub("\n", _ESCAPES.sub("", text))
    return "".join(letter for letter in told if letter in "\n\t" or _is_shown(letter))


def _is_shown(letter: str) -> bool:
    return category(letter) not in ("Cc", "Cs") and letter not in _TURNING


def plain_line(text: str, most: int | None = None) -> str:
    """Return a text as one line without escapes and control characters.

    Args:
        text: of any program.
        most: how many characters are kept; a longer text ends with ``…``.

    >>> plain_line("no GPU\\n  was found", 8)
    'no GPU …'
    """
    line = " ".join(plain(text).split())
    return line if most is None or len(line) <= most else f"{line[: most - 1]}…"

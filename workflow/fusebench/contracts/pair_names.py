"""The one rule for names of pairs, wherever they come from.

They come from the list of an entry, from a file with one name per line, from the files of a folder,
and from the committed images of a self-check. A name becomes a file: ``a/<name>.png`` in the normal
form of a dataset, and whatever a script expects.
"""

from __future__ import annotations

import re
from typing import Annotated

from fusebench.contracts.base import says

LONGEST = 200
"""Bytes of a name: a file name has at most 255, and scripts add something of their own."""

FORBIDDEN = r"/\\{}\x00-\x1f\x7f"
"""Characters of no name: separators of folders, what placeholders are made of, line breaks."""

PairName = Annotated[
    str,
    says(
        "a name of a pair: without '/', '\\', '{', '}' and control characters, and not beginning"
        " with '.'",
        pattern=rf"^[^.{FORBIDDEN}][^{FORBIDDEN}]*$",
    ),
]


def why_no_name(name: str) -> str:
    """Return why a pair cannot have a name; empty where it can.

    >>> why_no_name("x{y}")
    "it holds '{', '}'"
    """
    if not name:
        return "it is empty"
    if name.startswith("."):
        return "it begins with '.', as hidden files do"
    if held := re.findall(f"[{FORBIDDEN}]", name):
        return f"it holds {', '.join(repr(character) for character in dict.fromkeys(held))}"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "it is not written in UTF-8"
    return f"it is longer than {LONGEST} bytes" if size > LONGEST else ""

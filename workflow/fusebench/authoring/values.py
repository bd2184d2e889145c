"""Values of the abstract reading of Python code: texts with holes, and objects.

A text is known but for its holes: the name of a pair, the name of a file, a number. Such a text is
a path pattern as entries have them.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

NAME: Final = "\x00"
"""A hole that any text may fill, mostly the name of a pair."""
FILE: Final = "\x01"
"""A hole that the name of a file fills, with its suffix."""
INDEX: Final = "\x02"
"""A hole that a number fills, counted from 1."""
FROM_0: Final = "\x05"
"""A hole that a number fills, counted from 0."""
PADDED_FROM_0: Final = "index0"
"""The name of the placeholder for such a number with zeros before it, while code is read."""
HOLES = re.compile(f"[{NAME}{FILE}{INDEX}{FROM_0}]")


Names = dict[str, Any]
"""Names of code -> their values, which may be anything that code computes."""


class Unknown:
    """A value of which nothing is known."""

    def __repr__(self) -> str:
        """Return its name in messages."""
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Number:
    """A number that counts pairs, by the first one."""

    first: int

    @property
    def hole(self) -> str:
        """The hole that it leaves in a text."""
        return INDEX if self.first else FROM_0


@dataclass
class Module:
    """A Python file of the repository.

    Attributes:
        path: from the top of the repository on.
        tree: its syntax tree.
        source: its text.
        names: what its statements have bound.
    """

    path: str
    tree: ast.Module
    source: str = ""
    names: Names = field(default_factory=dict)


@dataclass
class Function:
    """A function of the repository; ``owner`` is the object or class that it is bound to."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    module: Module
    owner: Any = None


@dataclass
class Class:
    """A class of the repository, with what its body has bound."""

    node: ast.ClassDef
    module: Module
    names: Names = field(default_factory=dict)


@dataclass
class Instance:
    """An object of a class of the repository."""

    kind: Class
    names: Names = field(default_factory=dict)


@dataclass
class Options:
    """The options that ``parse_args`` returns, shared by all parsers of a script."""

    found: dict[str, Option]


@dataclass
class Option:
    """An option of a script.

    Attributes:
        flag: as it is written on the command line; empty for a positional one.
        name: under which the script finds it.
        default: its value where it is not given.
        required: whether the script ends without it.
        takes_value: false for a switch.
        help: what the authors say of it.
        line: where it is declared.
    """

    flag: str
    name: str
    default: Any
    required: bool
    takes_value: bool
    help: str
    line: int


@dataclass
class Slot:
    """A constant that the authors left blank, or that names a folder of their own machine.

    Attributes:
        file: that holds it.
        old: the text as the authors wrote it.
        new: the text with a value.
        name: of the variable; empty where none is known.
        value: what is put there.
    """

    file: str
    old: str
    new: str
    name: str
    value: str


def as_text(value: Any) -> str:
    """Return a value as text; a hole where it is not known."""
    if isinstance(value, str):
        return value
    if isinstance(value, Number):
        return value.hole
    if isinstance(value, bool | int | float):
        return str(value)
    return NAME


def joined(*parts: Any) -> str:
    """Return paths joined as ``os.path.join`` does."""
    texts = [as_text(part) for part in parts]
    whole = texts[0] if texts else ""
    for text in texts[1:]:
        if text.startswith("/") or (whole == "/" and text.startswith(".")):
            whole = text  # "." is what os.getcwd() gives here: a whole path, too
        else:
            whole = text if not whole else f"{whole.rstrip('/')}/{text}"
    return whole


def without_suffix(text: str) -> str:
    """Return a text as ``os.path.splitext`` leaves it."""
    if text.endswith(FILE):
        return f"{text[:-1]}{NAME}"
    suffix = PurePosixPath(text).suffix
    return text[: -len(suffix)] if suffix else text

"""Path patterns of images: ``{name}`` stands for the pair; the rest is a pattern as shells have it.

``*``, ``?`` and ``[ab]`` match inside one folder or file name, and ``**`` any depth of folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from fusebench.arrays.files import SUFFIXES as ARRAY_SUFFIXES
from fusebench.errors import DatasetUnavailable
from fusebench.images import SUFFIXES as IMAGE_SUFFIXES
from fusebench.texts import beginning_of

NAME = "{name}"
SUFFIXES = IMAGE_SUFFIXES | ARRAY_SUFFIXES
MOST_NAMED = 3
"""So many files of a longer list are named in a message."""

_TOKENS = re.compile(
    r"(?P<name>\{name\})|(?P<depth>\*\*/)|(?P<any>\*)|(?P<one>\?)"
    r"|\[(?P<but>!?)(?P<among>\]?[^\]/]*)\]"
)
_WILDCARD = re.compile(r"[*?]|\[!?\]?[^\]/]*\]")


def fixed_folder(pattern: str) -> str:
    """Return the part of a pattern before the first folder or file that varies.

    >>> fixed_folder("test_img/TNO/ir/{name}.png")
    'test_img/TNO/ir'
    """
    before = _WILDCARD.split(pattern.split(NAME, maxsplit=1)[0], maxsplit=1)[0]
    return before.rpartition("/")[0]


def pattern_problem(pattern: str) -> str:
    """Return why a pattern can find no pair, and what to write; empty where it can."""
    found = f"; found {pattern!r}"
    parts = pattern.split("/")
    if NAME not in pattern:
        return f"must hold the placeholder {{name}}{found}"
    if pattern.startswith(("/", "~")):
        folder = fixed_folder(pattern)
        rest = pattern[len(folder) :].lstrip("/")
        return (
            f"must be relative to the folder of the images{found}; write `folder: {folder or '/'}`"
            f' and `files: "{rest}"`'
        )
    if "\\" in pattern:
        return f"must have '/' between folders{found}"
    if "**" in parts[-1:] or any("**" in part and part != "**" for part in parts):
        return (
            "must have `**` (any depth of folders) alone between two '/'"
            f'{found}; write "ir/**/{{name}}.png", or `*` for a part of a name'
        )
    if re.search(r"[*?\]]\{name\}", pattern):
        return f"must have a fixed text before {{name}}, or it can begin anywhere{found}"
    try:
        expression(pattern)
    except re.error as error:
        return f"must be a pattern as shells have it{found}: {error.msg}"
    return ""


def expression(pattern: str, name: str | None = None, lazy: bool = False) -> re.Pattern[str]:
    """Return the regular expression of a pattern, with the group ``name``.

    Args:
        pattern: with ``{name}``. The case of an image's suffix does not count.
        name: of one pair, which then stands in place of the group.
        lazy: every wildcard is as short as it can be, instead of as long.
    """
    suffix = _suffix(pattern)
    group = "(?P<name>[^/]+?)" if lazy else "(?P<name>[^/]+)"
    text, last = "", 0
    stem = pattern.removesuffix(suffix)
    for token in _TOKENS.finditer(stem):
        text += re.escape(stem[last : token.start()]) + _translated(token, group, name, lazy)
        last = token.end()
    text += re.escape(stem[last:]) + f"(?i:{re.escape(suffix)})"
    head, found, tail = text.partition(group)
    return re.compile(head + found + tail.replace(group, "(?P=name)"))


def _translated(token: re.Match[str], group: str, name: str | None, lazy: bool) -> str:
    if token["name"]:
        return group if name is None else re.escape(name)
    if token["among"] is not None:
        among = re.escape(token["among"]).replace(r"\-", "-")
        return f"[^/{among}]" if token["but"] else f"[{among}]"
    if token["one"]:
        return "[^/]"
    return ("(?:[^/]+/)*" if token["depth"] else "[^/]*") + ("?" if lazy else "")


def _suffix(pattern: str) -> str:
    """Return the suffix of a pattern's images; empty where it ends otherwise, e.g. in ``.*``."""
    suffix = PurePosixPath(pattern).suffix
    return suffix if suffix.lower() in SUFFIXES else ""


@dataclass(frozen=True)
class SideFiles:
    """The image files that a pattern finds for one side of the pairs.

    Attributes:
        folder: of the images; the pattern is relative to it.
        pattern: with ``{name}``, such as ``ir/{name}.png``.
    """

    folder: Path
    pattern: str

    @cached_property
    def by_name(self) -> dict[str, list[Path]]:
        """The files by the longest name that the pattern gives them; hidden ones are left out."""
        if NAME not in self.pattern:
            return {}
        longest = expression(self.pattern)
        found: dict[str, list[Path]] = {}
        for path, relative in self._seen:
            if (match := longest.fullmatch(relative)) and not self._is_hidden(relative):
                found.setdefault(match["name"], []).append(path)
        return found

    @cached_property
    def hidden(self) -> list[Path]:
        """The files that match, but whose own name, or that of a folder, begins with ``.``."""
        longest = expression(self.pattern)
        return [
            path
            for path, relative in self._seen
            if self._is_hidden(relative) and longest.fullmatch(relative)
        ]

    def path_of(self, name: str) -> Path:
        """Return the image of one pair.

        A pattern without wildcards names it, whether it is there or not.

        Raises:
            DatasetUnavailable: a pattern with wildcards matches no image, or several.
        """
        named = self.folder / self.pattern.replace(NAME, name)
        is_plain = _WILDCARD.search(self.pattern) is None
        if is_plain and _is_file(named):
            return named
        matches = self.matching(name)
        if len(matches) == 1:
            return matches[0]
        if is_plain and not matches:
            return named
        files = beginning_of([_relative(path, self.folder) for path in matches], MOST_NAMED)
        raise DatasetUnavailable(
            f"{named}: must match exactly one image; found {len(matches)}"
            + (f": {files}" if files else "")
        )

    def matching(self, name: str) -> list[Path]:
        """Return the images of one pair, sorted.

        Where some have the suffix as the pattern writes it, these alone: ``1.png`` before
        ``1.PNG``.
        """
        found = self.by_name.get(name, [])
        if self._loose:
            filled = expression(self.pattern, name)
            others = [path for path, relative in self._loose if filled.fullmatch(relative)]
            found = sorted({*found, *others})
        exact = [path for path in found if path.suffix == _suffix(self.pattern)]
        return exact or found

    @cached_property
    def _loose(self) -> list[tuple[Path, str]]:
        """The files that can belong to several names: ``1_a_b.png`` of ``{name}_*.png``."""
        seen = [(path, relative) for path, relative in self._seen if not self._is_hidden(relative)]
        if NAME not in self.pattern:
            return seen
        longest, shortest = expression(self.pattern), expression(self.pattern, lazy=True)
        return [
            (path, relative)
            for path, relative in seen
            if (match := longest.fullmatch(relative))
            and (other := shortest.fullmatch(relative))
            and match["name"] != other["name"]
        ]

    @cached_property
    def foreign(self) -> list[Path]:
        """The files that match, but whose path is not written in UTF-8: no file can name them."""
        longest = expression(self.pattern)
        return [
            path
            for path, relative in self._see()
            if not _is_utf_8(relative) and longest.fullmatch(relative)
        ]

    @cached_property
    def _seen(self) -> list[tuple[Path, str]]:
        """The image files that may match, each with its path from the folder on."""
        return [(path, relative) for path, relative in self._see() if _is_utf_8(relative)]

    def _see(self) -> Iterator[tuple[Path, str]]:
        wide = self.pattern.removesuffix(_suffix(self.pattern)).replace(NAME, "*")
        parts = [part if part == "**" else re.sub(r"\*+", "*", part) for part in wide.split("/")]
        suffix = ".*" if _suffix(self.pattern) else ""
        for path in sorted(self.folder.glob("/".join(parts) + suffix)):
            if path.suffix.lower() in SUFFIXES:
                yield path, _relative(path, self.folder)

    def _is_hidden(self, relative: str) -> bool:
        """Say whether a wildcard or the name would stand for something hidden."""
        return "/." in f"/{relative[len(fixed_folder(self.pattern)) :].lstrip('/')}"


def _is_utf_8(relative: str) -> bool:
    try:
        relative.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be read, or a name that is too long
        return False


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()

"""A clone as it is read: its files, and the modules that its scripts import."""

from __future__ import annotations

import ast
import re
import warnings
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from fusebench.authoring.values import Module
from fusebench.images import SUFFIXES

LARGEST_SOURCE = 2_000_000
"""In bytes; a larger file of code is made by a program."""
SKIPPED = re.compile(r"(^|/)(\.git|__pycache__|\.idea|\.vscode|node_modules)(/|$)")
LFS = b"version https://git-lfs.github.com"


@dataclass(frozen=True)
class Tree:
    """The files of a clone.

    Attributes:
        root: its folder.
        absent: files of the commit whose content is not there.
    """

    root: Path
    absent: tuple[str, ...] = ()

    @cached_property
    def files(self) -> list[str]:
        """All files from the top of the repository on, sorted."""
        found = (
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if path.is_file() and not path.is_symlink()
        )
        return sorted(name for name in found if not SKIPPED.search(name))

    def with_suffix(self, *suffixes: str) -> list[str]:
        """Return the files with one of some suffixes, in lower case."""
        return [name for name in self.files if PurePosixPath(name).suffix.lower() in suffixes]

    @cached_property
    def images(self) -> list[str]:
        """The image files."""
        return self.with_suffix(*SUFFIXES)

    @cached_property
    def images_by_folder(self) -> dict[str, list[str]]:
        """Folder -> the image files in it."""
        found: dict[str, list[str]] = {}
        for name in self.images:
            found.setdefault(str(PurePosixPath(name).parent), []).append(name)
        return found

    def has_folder(self, name: str) -> bool:
        """Say whether the repository has a folder of this name, at its top or below."""
        return any(f"/{name}/" in f"/{file}" for file in self.files)

    def text(self, name: str) -> str:
        """Return a file of text; empty where it is none, or too large."""
        path = self.root / name
        try:
            if path.stat().st_size > LARGEST_SOURCE:
                return ""
            return path.read_bytes().decode("utf-8-sig", errors="replace")
        except OSError:
            return ""

    def members(self, archive: str) -> list[str]:
        """Return the files in a zip archive; none where it is damaged."""
        try:
            with zipfile.ZipFile(self.root / archive) as opened:
                return opened.namelist()
        except (OSError, zipfile.BadZipFile):
            return []

    def is_lfs(self, name: str) -> bool:
        """Say whether a file is a pointer of Git LFS: its content lies elsewhere."""
        with (self.root / name).open("rb") as stream:
            return stream.read(len(LFS)) == LFS

    @cached_property
    def readme(self) -> str:
        """The text of the README at the top, or of the first one below."""
        named = [
            name for name in self.files if PurePosixPath(name).name.lower().startswith("readme")
        ]
        return self.text(min(named, key=lambda name: name.count("/"))) if named else ""

    def module(self, name: str) -> Module | None:
        """Return the syntax of a Python file; None where it cannot be parsed."""
        text = self.text(name)
        tree = parsed(text)
        return Module(name, tree, text) if tree else None


def parsed(text: str) -> ast.Module | None:
    """Return the syntax of Python code; None for code of Python 2, or a damaged file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.replace("\x00", ""))
    except (SyntaxError, ValueError, RecursionError):
        return None


class Modules:
    """Finds the modules that the scripts of a clone import, beside them or below its top."""

    def __init__(self, tree: Tree, script: str) -> None:
        """Take a clone and the script whose folder is on the path."""
        self._tree = tree
        self._files = set(tree.files)
        self._script = PurePosixPath(script).parent
        self.at_top: str = ""
        """The first module that lies at the top and not beside the script; empty for none."""

    def __call__(self, name: str, importer: str) -> Module | None:
        """Return a module; None where it is no part of the repository.

        Args:
            name: as it is imported, with the dots of a relative import.
            importer: the file that imports it.
        """
        stripped = name.lstrip(".")
        level = len(name) - len(stripped)
        folders: Iterable[PurePosixPath] = (self._script, PurePosixPath())
        if level:
            folder = PurePosixPath(importer).parent
            for _ in range(level - 1):
                folder = folder.parent
            folders = (folder,)
        for folder in folders:
            base = folder.joinpath(*stripped.split(".")) if stripped else folder
            for candidate in (f"{base}.py", f"{base}/__init__.py"):
                known = candidate.removeprefix("./")
                if known in self._files:
                    if not level and folder != self._script:
                        self.at_top = self.at_top or name
                    return self._tree.module(known)
        return None

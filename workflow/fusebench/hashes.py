"""Hashes of files, folders and JSON values."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def sha256_of_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_json(value: Any) -> str:
    """Return the sha256 of a JSON value, the same whatever the order of its keys."""
    return hashlib.sha256(
        json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def folder_digest(folder: Path) -> str:
    """Return the sha256 over the names, modes and bytes of a folder's files.

    Caches and ``.git`` do not count.
    """
    digest = hashlib.sha256()
    for path in sorted(source_files(folder)):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{os.access(path, os.X_OK):d}\0{sha256_of_file(path)}\n".encode())
    return digest.hexdigest()


def source_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder tree, without ``.git``, bytecode and editor caches."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in IGNORED_FOLDERS]
        yield from (Path(parent, name) for name in files if not name.endswith(".pyc"))


IGNORED_FOLDERS = frozenset(
    {".git", "__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)
"""Folders that do not belong to a source."""

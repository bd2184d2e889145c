"""Files and folders that are either whole or absent: hashes, JSON, staging beside the final place and one rename."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STALE_AFTER = 24 * 3600.0
"""Seconds after which a staging folder that nobody renamed counts as left over from a killed process."""


def sha256_of_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_json(value: Any) -> str:
    """Return the sha256 of a JSON value, the same whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def json_parameter(value: Any) -> str:
    """Return a JSON value as the parameter of a job: the same text whatever the order in which a person wrote its keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file in one rename, so that a reader sees the old content or the new one."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file in one rename; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def staged_folder(final: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``final`` that becomes ``final`` in one rename when the block ends well.

    Where another process was quicker, its folder stays and this one is discarded. An exception discards the staging folder.
    Staging folders that a killed process left behind are collected by age.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    _collect_left_overs(final.parent)
    stage = Path(tempfile.mkdtemp(prefix=f".staging-{final.name}-", dir=final.parent))
    stage.chmod(0o755)
    try:
        yield stage
        _rename_unless_there(stage, final)
    finally:
        remove_folder(stage)


def remove_folder(folder: Path) -> None:
    """Remove a folder tree, read-only parts included; an absent folder is fine."""
    if not folder.exists():
        return
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(0o755)
    shutil.rmtree(folder)


def _rename_unless_there(stage: Path, final: Path) -> None:
    try:
        stage.rename(final)
    except OSError:
        if not final.is_dir() or not any(final.iterdir()):
            raise


def _collect_left_overs(parent: Path) -> None:
    oldest = time.time() - STALE_AFTER
    for folder in parent.glob(".staging-*"):
        with contextlib.suppress(FileNotFoundError):
            if folder.stat().st_mtime < oldest:
                remove_folder(folder)


def folder_digest(folder: Path) -> str:
    """Return the sha256 over the names, modes and bytes of a folder's files; caches and ``.git`` do not count."""
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
"""Folders that are no part of a source."""

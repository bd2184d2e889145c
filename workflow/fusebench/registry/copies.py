"""The files of the registry as a run has read them: its jobs, which read them again, get copies.

Somebody may edit ``methods.yaml`` while a run goes on, and save it half-way.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fusebench.files import write_text
from fusebench.hashes import sha256_of_json

FOLDER = Path(".snakemake", "fusebench")
"""The folder of all copies; each run has one named by the digest of its files."""

OLD_SECONDS = 30 * 24 * 3600.0
"""Copies that no run has used for so long are removed."""


def store_copies(root: Path, texts: Mapping[str, str]) -> str:
    """Store files as they were read; return their folder, from the project's folder on.

    Args:
        root: the project's folder.
        texts: name of a file -> its text.
    """
    own = FOLDER / sha256_of_json(dict(texts))[:16]
    for name, text in texts.items():
        if not (root / own / name).exists():
            write_text(root / own / name, text)
    os.utime(root / own)
    _remove_old(root / FOLDER)
    return own.as_posix()


def copy_of(file: Path, copies: Path | None) -> str | None:
    """Return the text of a file as the run has read it; None where there is no copy."""
    if copies is None:
        return None
    with suppress(FileNotFoundError):
        return (copies / file.name).read_text(encoding="utf-8")
    return None


def _remove_old(folder: Path) -> None:
    for one in folder.iterdir():
        with suppress(OSError):  # another run may be removing it
            if time.time() - one.stat().st_mtime > OLD_SECONDS:
                shutil.rmtree(one)

"""Recognising a full disk in the messages of other programs, and saying what to do about it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

FULL = re.compile(r"os error 28\b|No space left|os error 122\b|[Dd]isk quota exceeded")
"""How uv, rattler, Python and the system say that a disk or a quota is full."""


def disk_is_full(said: str) -> bool:
    """Say whether a program ended because a disk, or the user's part of it, is full."""
    return bool(FULL.search(said))


def no_room(*folders: Path) -> str:
    """Name the folders that are written to, with what is free there, and the next step."""
    free = ", ".join(f"{free_gigabytes(folder):.1f} GB are free at {folder}" for folder in folders)
    return f"no space left ({free}): free some space and run again"


def free_gigabytes(folder: Path) -> float:
    """Free space where ``folder`` lies, or will lie, in GB (10^9 bytes)."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    return shutil.disk_usage(existing).free / 1e9

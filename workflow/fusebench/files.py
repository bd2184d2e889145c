"""Files that are either whole or absent."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

HALF_WRITTEN = re.compile(r"\..+\.[0-9a-f]{16}")
"""The name of a file that ``write_text`` has not finished; a killed process leaves it."""


def write_text(path: Path, text: str) -> None:
    """Write a text file in one rename; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not by tempfile: its import takes a fifth of the start of each job.
    written = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        written.write_text(text, encoding="utf-8")
        written.chmod(0o644)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file in one rename, so that a reader sees the old content or the new one."""
    import json

    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")

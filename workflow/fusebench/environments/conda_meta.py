"""Conda's own records inside an environment (``conda-meta``) about its packages and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def conda_records(root: Path) -> dict[str, tuple[str, str]]:
    """Read the conda records: path -> package and sha256 (hex) of the file as it was installed."""
    said: dict[str, tuple[str, str]] = {}
    for record in _records(root):
        for entry in record["paths_data"]["paths"]:
            digest = entry.get("sha256_in_prefix") or entry.get("sha256")
            if digest and entry.get("path_type") != "softlink":
                said[entry["_path"]] = (record["name"], digest)
    return said


def conda_packages(root: Path) -> dict[str, str]:
    """Name and version of every installed conda package."""
    return {record["name"]: record["version"] for record in _records(root)}


def _records(root: Path) -> Iterator[dict[str, Any]]:
    """Yield the records that can be read; a package without one is not installed."""
    for file in sorted((root / "conda-meta").glob("*.json")):
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and {"name", "version", "paths_data"} <= {*record}:
            yield record

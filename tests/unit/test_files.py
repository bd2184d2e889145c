"""Files that are whole or absent, and hashes of files and folders."""

from __future__ import annotations

from pathlib import Path

from fusebench.files import folder_digest, sha256_of_json


def test_the_digest_of_a_folder_is_of_names_and_bytes(tmp_path: Path) -> None:
    """Renaming or editing a file changes the digest; caches and history do not."""
    (tmp_path / "a.py").write_text("1")
    first = folder_digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert folder_digest(tmp_path) == first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert folder_digest(tmp_path) != first


def test_the_hash_of_json_does_not_depend_on_the_order_of_keys() -> None:
    """Two mappings with the same content have one hash."""
    assert sha256_of_json({"a": 1, "b": [2]}) == sha256_of_json({"b": [2], "a": 1})

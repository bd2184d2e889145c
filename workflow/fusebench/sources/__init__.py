"""Sources: each repository at its pinned commit, cloned once for all methods and datasets."""

from __future__ import annotations

from pathlib import Path

from fusebench.hashes import folder_digest
from fusebench.project import locate
from fusebench.registry.methods import clone_name

__all__ = ["source_key"]


def source_key(code: str, commit: str | None, root: Path) -> str:
    """Return the folder name of a source: ``owner+name@commit``.

    For a local folder, the digest of its content stands for the commit.

    Args:
        code: the address of the repository, or a local folder relative to ``root``.
        commit: the full commit hash; None for a local folder that is pinned by its content.
        root: the project's folder.
    """
    pin = commit if commit else folder_digest(locate(root, code))
    return clone_name(code, pin)

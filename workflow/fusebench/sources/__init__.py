"""Sources: each repository at its pinned commit, cloned once and shared by every method and dataset that names it."""

from __future__ import annotations

from pathlib import Path

from fusebench.hashes import folder_digest
from fusebench.project import locate
from fusebench.registry.methods import owner_and_name

__all__ = ["source_key"]


def source_key(code: str, commit: str | None, root: Path) -> str:
    """Return the name under which a source is kept: ``owner+name@commit``, or the digest of a local folder's content.

    Args:
        code: the address of the repository, or a local folder relative to ``root``.
        commit: the full commit hash; None for a local folder that is pinned by its content.
        root: the project's folder.
    """
    owner, name = owner_and_name(code)
    pin = commit if commit else folder_digest(locate(root, code))
    return f"{owner}+{name}@{pin[:12]}"

"""Whether a script failed because files of its environment are gone or were changed."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from fusebench.contracts.markers import EnvironmentMarker
from fusebench.environments.donors import STAMPS
from fusebench.environments.installed_files import MANIFEST, RECEIPT, hash_files
from fusebench.errors import EnvironmentFailed
from fusebench.layout import ENVIRONMENTS
from fusebench.markers import ask_again


def damaged_files(root: Path) -> list[str]:
    """Return the files of a built environment that are gone, or have another content.

    Only files that were touched since the build are read. An environment that says nothing of its
    files has none.

    Args:
        root: the folder of the environment.
    """
    try:
        stamps = json.loads((root / STAMPS).read_text(encoding="utf-8"))
        known = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    touched = [path for path, stamp in stamps.items() if _changed_at(root / path) != stamp]
    found = hash_files(root, touched)
    return sorted(path for path in touched if path in known and found.get(path) != known[path])


def _changed_at(path: Path) -> int:
    try:
        return path.lstat().st_ctime_ns
    except OSError:
        return 0


def refuse_damaged(environment: EnvironmentMarker) -> None:
    """Raise EnvironmentFailed if files of an environment are gone or changed.

    It is called after a script has failed. The next run builds the environment again.
    """
    root = Path(environment.path)
    damaged = damaged_files(root)
    if not damaged:
        return
    with suppress(OSError):  # an environment of another user
        (root / RECEIPT).unlink()
        ask_again(Path(ENVIRONMENTS, f"{environment.key}.json"))
    raise EnvironmentFailed(
        f"{environment.env}: {len(damaged)} file(s) of the environment must be as they were built;"
        f" found them gone or changed, first: {damaged[0]}; the next run builds it again (if it"
        f" does not, delete {root})"
    )

"""The project's folder and the workflow's folder: where a named file is looked for.

The workflow may be used from another folder than its own (``module fusebench: ...`` in a
Snakefile). That folder then holds ``config/config.yaml``, and its own versions of other files where
it needs them. All other files are taken from the workflow's folder.
"""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
"""The folder of the workflow.

It holds methods.yaml, datasets.yaml, envs/, pairs/, claims/ and workflow/.
"""


def locate(root: Path, name: str | Path) -> Path:
    """Return a file or folder that a configuration names.

    The project's own comes first, then that of the workflow.

    Args:
        root: the project's folder.
        name: a path below it; an absolute one is taken as it is.

    Returns:
        The path below ``root`` where neither folder has it: the error message names that one.
    """
    own = root / name
    return own if own.exists() or not (HOME / name).exists() else HOME / name


def names_in(root: Path, folder: str) -> list[str]:
    """Return the sorted names of the subfolders of a folder of the project or of the workflow."""
    found = [*(root / folder).glob("*"), *(HOME / folder).glob("*")]
    return sorted({path.name for path in found if path.is_dir()})

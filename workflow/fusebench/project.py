"""The project's folder, and what the workflow itself brings: where a file that a configuration names is looked for.

The workflow may be used from another folder than its own (``module fusebench: ...`` in a
Snakefile). That folder then holds ``config/config.yaml``, and whatever else it wants to have of its
own; the rest is found where the workflow lies.
"""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
"""The folder of the workflow: it holds methods.yaml, datasets.yaml, envs/, pairs/, claims/ and workflow/."""


def locate(root: Path, name: str | Path) -> Path:
    """Return a file or folder that a configuration names: the project's own, else that of the workflow.

    Args:
        root: the project's folder.
        name: a path below it; an absolute one is taken as it is.

    Returns:
        The path below ``root`` where it is in neither, for the message that it must be there.
    """
    own = root / name
    return own if own.exists() or not (HOME / name).exists() else HOME / name


def names_in(root: Path, folder: str) -> list[str]:
    """Return the sorted names of the folders that lie in a folder of the project or of the workflow."""
    found = [*(root / folder).glob("*"), *(HOME / folder).glob("*")]
    return sorted({path.name for path in found if path.is_dir()})

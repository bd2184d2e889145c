"""A copy of each cell's record that Snakemake does not know of.

Snakemake removes a record before it starts a job that may make it again, also where nothing that decides the result has
changed. The job then puts back the copy. A record that a person removed, or asks for by force, is to be made again: its copy
is forgotten before the first job starts.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

KEPT = ".record.json"


def forget_copies(root: Path, targets: Collection[str], everything: bool) -> None:
    """Remove the copies of records that are not there, and of those that have to be made again whatever they say.

    Args:
        root: the project's folder.
        targets: records that are asked for by force, as ``results/runs/<method>/<dataset>/record.json``.
        everything: forget all of them.
    """
    for copy in root.glob(f"results/runs/*/*/{KEPT}"):
        record = copy.with_name("record.json")
        if everything or record.relative_to(root).as_posix() in targets or not record.exists():
            copy.unlink(missing_ok=True)

"""A copy of each cell's record that Snakemake does not know of.

Snakemake removes a record before it starts a job that may make it again, also where nothing that decides the result has
changed. The job then puts back the copy, unless the record was lost before the run, or is asked for by force. A local job is
told so. A job on a node cannot be, hence such copies are forgotten before the first of them is submitted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

KEPT = ".record.json"


def forget_copies(root: Path, is_anew: Callable[[str, str], bool]) -> None:
    """Remove the copies that are not to be put back.

    Args:
        root: the project's folder.
        is_anew: says of a method and a dataset whether the cell is to be run whatever its copy says.
    """
    for copy in root.glob(f"results/runs/*/*/{KEPT}"):
        if is_anew(copy.parent.parent.name, copy.parent.name):
            copy.unlink(missing_ok=True)

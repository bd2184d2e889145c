"""The environment variables of fusebench: what another process must know and cannot be given as an argument.

Variables of other programs (CUDA_VISIBLE_DEVICES, SLURM_JOB_ID, git's, uv's) are read and set where
that program is dealt with.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

SESSION = "FUSEBENCH_SESSION"
"""A ``contracts.jobs.Session`` as JSON. Snakemake on a node of a cluster reads the workflow again, in the environment of the
Snakemake that submitted it and with nothing else of its: from this variable it knows device,
attempts and what is forced."""


def put_python_first() -> None:
    """Let ``python`` of the rules' commands be the one that Snakemake runs in, also where it was started without activating it."""
    folder = str(Path(sys.executable).parent)
    if os.environ.get("PATH", "").split(os.pathsep)[0] != folder:
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"

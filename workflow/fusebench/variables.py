"""The environment variables of fusebench.

They hold what another process must know and cannot get as an argument. Variables of other programs
(CUDA_VISIBLE_DEVICES, SLURM_JOB_ID, git's, uv's) are read and set by the modules that call these
programs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

SESSION = "FUSEBENCH_SESSION"
"""A ``contracts.jobs.Session`` as JSON.

Snakemake on a node of a cluster reads the workflow again. It gets nothing but the environment of
the Snakemake that submitted it. This variable tells it the device, the attempts and what is forced.
"""


def put_python_first() -> None:
    """Let ``python`` in the rules' commands be the Python that runs Snakemake.

    This also holds where Snakemake was started without activating its environment.
    """
    folder = str(Path(sys.executable).parent)
    if os.environ.get("PATH", "").split(os.pathsep)[0] != folder:
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"

"""What a run of Snakemake hands to its jobs beside their parameters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fusebench.handing import FOLDER_VARIABLE

PROGRAM = """
import os, subprocess, sys
from fusebench.handing import hand_over
digest = hand_over("tables: a × b")
job = "import sys; from fusebench.handing import handed_over; print(handed_over(sys.argv[1]))"
subprocess.run([sys.executable, "-c", job, digest], check=True)
print(digest == hand_over("tables: a × b"), digest == hand_over("tables: a"))
print(os.environ["FUSEBENCH_HANDED"])
"""


def test_a_job_reads_what_its_run_has_handed_over(tmp_path: Path) -> None:
    """By a digest that is the same for the same text; with the run's process its folder is gone."""
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environ, check=True
    )
    job, same, folder = done.stdout.splitlines()
    assert (job, same) == ("tables: a × b", "True False")
    assert FOLDER_VARIABLE == "FUSEBENCH_HANDED"
    assert folder.startswith(str(tmp_path)) and not Path(folder).exists()

"""Jobs that are too long for a command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fusebench.contracts.files import from_parameter
from fusebench.contracts.jobs.papers import StatisticsJob
from fusebench.planning.job_files import job_folder, store_job

PROGRAM = """
import subprocess, sys
from fusebench.contracts.jobs.resources import EnvironmentJob
from fusebench.planning.job_files import job_folder, store_job
text, other = EnvironmentJob(env="tables: a × b", variant=""), EnvironmentJob(env="a", variant="")
digest = store_job(text)
job = "import sys; from pathlib import Path\\n"
job += "from fusebench.contracts.files import from_parameter\\n"
job += "from fusebench.contracts.jobs.resources import EnvironmentJob\\n"
job += "print(from_parameter(Path(sys.argv[1]).read_text(encoding='utf-8'), EnvironmentJob).env)"
subprocess.run([sys.executable, "-c", job, job_folder() / digest], check=True)
print(digest == store_job(text), digest == store_job(other))
print(job_folder())
"""


def test_a_job_reads_what_its_run_has_kept(tmp_path: Path) -> None:
    """A job reads the file by a digest, which is the same for the same content.

    The folder is removed when the run's process ends.
    """
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environ, check=True
    )
    job, same, folder = done.stdout.splitlines()
    assert (job, same) == ("tables: a × b", "True False")
    assert folder.startswith(str(tmp_path)) and not Path(folder).exists()


def test_the_order_of_what_is_shown_counts() -> None:
    """Datasets in another order are another table, and so another job.

    The file holds them in the order that was given.
    """
    jobs = [StatisticsJob(metrics={key: ["EN"] for key in names}) for names in ("ab", "ba")]
    digests = [store_job(job) for job in jobs]
    assert digests[0] != digests[1]
    kept = [(job_folder() / digest).read_text(encoding="utf-8") for digest in digests]
    assert [list(from_parameter(text, StatisticsJob).metrics) for text in kept] == [
        ["a", "b"],
        ["b", "a"],
    ]

"""A job ends with the Snakemake that started it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fusebench.fuse.orphans import starter_of

from tests.sandbox.attacked import living
from tests.sandbox.test_starting import until

JOB = """
import signal, sys, time
from fusebench.fuse.orphans import end_with, starter_of
signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[2], "w").write("ended"), sys.exit()))
end_with(starter_of(sys.argv[1]))
open(sys.argv[2], "w").write("started")
time.sleep(600)
"""
SNAKEMAKE = """
import os, subprocess, sys
job = [sys.executable, "-c", sys.argv[1], f"{os.getpid()}-12ab", sys.argv[2]]
subprocess.run(["sh", "-c", 'true; "$@"; true', "sh", *job])
"""


def test_a_job_ends_when_snakemake_is_killed(tmp_path: Path) -> None:
    """It ends as if Snakemake had cancelled it, although a shell is between them."""
    told = tmp_path / "told"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", SNAKEMAKE, JOB, str(told)]
    snakemake = subprocess.Popen(words, env=environ, start_new_session=True)
    assert until(lambda: told.exists() and told.read_text() == "started")
    snakemake.kill()
    snakemake.wait()
    assert until(lambda: told.read_text() == "ended")
    assert until(lambda: not living(str(told)))


def test_only_a_snakemake_that_started_this_process_counts() -> None:
    """A session of another machine has the number of a process that is none of ours."""
    assert starter_of(f"{os.getppid()}-12ab") in (os.getppid(), None)
    assert starter_of(f"{os.getpid()}-12ab") is None
    assert starter_of("this run") is None

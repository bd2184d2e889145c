"""How long a suite takes on a cluster against the ideal, on two nodes with two pretended GPUs each.

Run: ``.venv/bin/python -m benchmarks.makespan [--jobs 40] [--seconds 10]``; needs Slurm installed
(``.ci/install-optional``). The ideal is jobs x seconds / 4. On a machine with few cores the start
of the jobs, about four CPU seconds each, is what the difference consists of: the nodes of a real
cluster do that side by side. Times are from Slurm's own records.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.flow.projects import REPOSITORY, MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS
from tests.slurm.cluster import GPUS_PER_NODE, NODES, running_cluster


def main() -> None:
    """Run the suite and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "environments").mkdir()
        project = MiniProject.create(Path(folder) / "project", Path(folder) / "environments")
        script = f"{ARGPARSE}\nimport time\ntime.sleep({options.seconds})\n"
        for number in range(options.jobs):
            resources = {"mem_mb": 900, "threads": 1}
            project.add_method(
                f"m{number:02}", {"test.py": script}, BY_OPTIONS, resources=resources
            )
        project.write()
        measure(
            Path(folder), project, options.jobs * options.seconds / (len(NODES) * GPUS_PER_NODE)
        )


def measure(folder: Path, project: MiniProject, ideal: float) -> None:
    """Submit everything and compare with the ideal."""
    command = [
        *(
            str(Path(sys.executable).with_name("snakemake")),
            "--snakefile",
            str(REPOSITORY / "Snakefile"),
        ),
        *(
            "--directory",
            str(project.root),
            "--profile",
            str(REPOSITORY / "slurm"),
            "--quiet",
            "all",
        ),
        *("--config", f"mirror={project.root}/mirrors/{{owner}}+{{name}}"),
    ]
    with running_cluster(folder / "cluster") as cluster:
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=project.root, env={**os.environ, **cluster.environ}, check=False
        )
        whole = time.monotonic() - began
        jobs = [job for job in cluster.finished() if job.gpus]
    if done.returncode:
        sys.exit("the run failed")
    held = sum(job.end - job.start for job in jobs)
    makespan = max(job.end for job in jobs) - min(job.start for job in jobs)
    print(
        f"{len(jobs)} GPU jobs: first start to last end {makespan:.0f} s, ideal {ideal:.0f} s,"
        f" ratio {makespan / ideal:.2f}"
    )
    print(
        f"GPUs held for {held / makespan / len(NODES) / GPUS_PER_NODE:.0%} of that time;"
        f" whole run {whole:.0f} s"
    )


if __name__ == "__main__":
    main()

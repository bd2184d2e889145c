"""A cluster of simulated nodes for all tests of a session, and the real workflow on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flow.projects import REPOSITORY, MiniProject
from tests.slurm.cluster import Cluster, missing_programs, running_cluster

SNAKEMAKE = Path(sys.executable).with_name("snakemake")
SECONDS = 240


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a running cluster of two nodes with two GPUs each."""
    missing = missing_programs()
    if missing:
        pytest.skip(f"needs Slurm; not installed: {', '.join(missing)}")
    with running_cluster(tmp_path_factory.mktemp("slurm") / "cluster") as cluster:
        yield cluster


@dataclass
class Submitter:
    """Runs ``snakemake --profile slurm`` on a miniature project."""

    project: MiniProject
    cluster: Cluster

    def start(self, *arguments: str, profile: Path = REPOSITORY / "slurm") -> subprocess.Popen[str]:
        """Start the workflow; its output replaces ``snakemake.out`` of the project."""
        self.project.write()
        command = [
            *(
                str(SNAKEMAKE),
                "--snakefile",
                str(REPOSITORY / "Snakefile"),
                "--directory",
                str(self.project.root),
            ),
            *(
                "--profile",
                str(profile),
                "--slurm-init-seconds-before-status-checks",
                "2",
                *arguments,
            ),
            *("--config", f"mirror={self.project.root}/mirrors/{{owner}}+{{name}}"),
        ]
        with (self.project.root / "snakemake.out").open("w") as output:
            environ = {**os.environ, **self.cluster.environ, "OMP_NUM_THREADS": "1"}
            return subprocess.Popen(
                command,
                cwd=self.project.root,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def run(self, *arguments: str, profile: Path = REPOSITORY / "slurm") -> int:
        """Run the workflow to its end and return the exit status."""
        return self.start(*arguments, profile=profile).wait(timeout=SECONDS)

    @property
    def output(self) -> str:
        """What the last run has printed so far."""
        return (self.project.root / "snakemake.out").read_text()


@pytest.fixture(scope="session")
def make_submitter(
    tmp_path_factory: pytest.TempPathFactory, cluster: Cluster, environments: Path
) -> Callable[[], Submitter]:
    """Return a function that makes empty projects on the cluster; they share environments."""
    return lambda: Submitter(
        MiniProject.create(tmp_path_factory.mktemp("slurm") / "project", environments), cluster
    )

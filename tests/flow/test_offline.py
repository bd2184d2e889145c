"""A cluster without internet: once everything is fetched, the whole pipeline runs.

The test really cuts off the network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fusebench.command import main

from tests.flow.projects import REPOSITORY, MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS

CUT_OFF = ["unshare", "--net", "--map-root-user"]


def can_cut_off() -> bool:
    """Tell whether a process on this machine may have an empty network namespace of its own."""
    return (
        bool(shutil.which("unshare"))
        and subprocess.run([*CUT_OFF, "true"], check=False, capture_output=True).returncode == 0
    )


REACHES_OUT = """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=2)
    raise SystemExit("a network is there")
except OSError:
    pass
"""


@pytest.fixture
def fetched(project: MiniProject, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> MiniProject:
    """Return a project for which everything was fetched, and whose mirrors are gone.

    It has an environment of its own.
    """
    (project.root / "resources" / "envs").unlink()
    project.add_method("one", {"test.py": REACHES_OUT + ARGPARSE}, BY_OPTIONS)
    project.write()
    mirror = f"{project.root}/mirrors/{{owner}}+{{name}}"
    assert main(["fetch", "--project", str(project.root), "--mirror", mirror]) == 0, (
        capfd.readouterr().err
    )
    shutil.move(project.root / "mirrors", tmp_path / "gone")
    return project


@pytest.mark.skipif(
    not can_cut_off(),
    reason="this machine gives no process a network namespace of its own (unshare --net)",
)
def test_the_pipeline_runs_without_a_network_after_fetch(fetched: MiniProject) -> None:
    """After ``fusebench fetch`` everything runs without a network and without uv's cache."""
    snakemake = str(Path(sys.executable).with_name("snakemake"))
    command = [
        snakemake,
        "--snakefile",
        str(REPOSITORY / "Snakefile"),
        "--directory",
        str(fetched.root),
        "--cores",
        "2",
    ]
    environ = {**os.environ, "UV_CACHE_DIR": str(fetched.root / "no-cache")}
    done = subprocess.run(
        [*CUT_OFF, *command], capture_output=True, text=True, check=False, env=environ, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert fetched.record("one")["state"] == "ok"
    assert (
        fetched.jobs(done)
        .keys()
        .isdisjoint({"obtain_source", "build_environment", "prepare_dataset"})
    )


def test_what_cannot_be_fetched_is_named(
    project: MiniProject, capfd: pytest.CaptureFixture[str]
) -> None:
    """``fusebench fetch`` names each thing that it could not fetch, and exits with 1."""
    project.add_method("one", {"test.py": ARGPARSE}, BY_OPTIONS)
    project.methods["one"]["code"] = "https://example.org/somebody/else"
    project.write()
    status = main(
        [
            "fetch",
            "--project",
            str(project.root),
            "--mirror",
            f"{project.root}/mirrors/{{owner}}+{{name}}",
        ]
    )
    printed = capfd.readouterr().err
    assert status == 1
    assert "somebody+else@" in printed and "source-unavailable: no mirror of" in printed

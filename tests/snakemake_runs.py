"""Runs of Snakemake: one process has imported it, and each run is a fork of that process.

Importing Snakemake takes a second of CPU time, and the tests run it hundreds of times. A run has
the arguments, the folder and the environment variables that it is given, and knows of no other run.
Tests that send signals, cut off the network or use a cluster start the program itself.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

SECONDS = 1800
"""How long a run may take; a signal ends it then."""

IMPORTED = (
    "snakemake.cli",
    "smart_open",
    "fusebench.snakemake_facts",
    "fusebench.planning.plan",
    "fusebench.planning.job_files",
    "fusebench.planning.measuring",
)
"""What every run imports until its jobs start."""


def snakemake(
    *arguments: str, folder: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake as its command does, and return how it ended.

    Args:
        arguments: what a person types after ``snakemake``.
        folder: the working directory.
        variables: environment variables besides those of this process.
    """
    environ = {**os.environ, **(variables or {})}
    with tempfile.TemporaryDirectory() as printed:
        status = _answer(json.dumps([printed, str(folder), environ, arguments]))
        stdout, stderr = (
            (Path(printed) / name).read_text(encoding="utf-8") for name in ("stdout", "stderr")
        )
    return subprocess.CompletedProcess(["snakemake", *arguments], status, stdout, stderr)


def _answer(request: str) -> int:
    server = _server()
    assert server.stdin and server.stdout
    server.stdin.write(request + "\n")
    server.stdin.flush()
    return int(server.stdout.readline())


@cache
def _server() -> subprocess.Popen[str]:
    """Start the process that has imported Snakemake; it ends when this process ends."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.snakemake_runs"],
        cwd=Path(__file__).resolve().parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server


def _prepare() -> None:
    """Import what each run imports; garbage collections of a run do not search it."""
    for name in IMPORTED:
        importlib.import_module(name)
    importlib.import_module("snakemake.cli").get_argument_parser()  # imports the plugins
    gc.freeze()


def _serve(requests: IO[str]) -> None:
    """Fork for each request, and answer with the exit status."""
    for request in requests:
        pid = os.fork()
        if not pid:
            _be_snakemake(*json.loads(request))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _be_snakemake(
    printed: str, folder: str, environ: dict[str, str], arguments: list[str]
) -> NoReturn:
    """Turn this process into a run."""
    import snakemake.cli

    signal.alarm(SECONDS)
    outputs = (Path(printed) / name for name in ("stdout", "stderr"))
    for number, path in enumerate((Path(os.devnull), *outputs)):
        with path.open("ab+") as stream:
            os.dup2(stream.fileno(), number)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.argv = [str(Path(sys.executable).with_name("snakemake")), *arguments]
    sys.exit(snakemake.cli.main())


if __name__ == "__main__":
    _prepare()
    _serve(sys.stdin)

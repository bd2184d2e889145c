"""Runs of Snakemake: one process has imported it, and each run is a fork of that process.

Importing Snakemake takes a second of CPU time, and the tests run it hundreds of times. A run has
the arguments, the folder and the environment variables that it is given, and knows of no other run.
A run can be ended by a signal. Tests that cut off the network or use a cluster start the program
itself.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class Kill:
    """A signal that ends a run.

    Attributes:
        signal: its number.
        seconds: when it is sent, from the start of the run on.
        to_jobs: whether the jobs of the run get it too, as by Ctrl-C.
    """

    signal: int
    seconds: float
    to_jobs: bool = False


def snakemake(
    *arguments: str,
    folder: Path,
    variables: dict[str, str] | None = None,
    kill: Kill | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake as its command does, and return how it ended.

    Args:
        arguments: what a person types after ``snakemake``.
        folder: the working directory.
        variables: environment variables besides those of this process.
        kill: the signal that ends it; a run that has ended before does not get it.
    """
    environ = {**os.environ, **(variables or {})}
    with tempfile.TemporaryDirectory() as printed:
        for name in ("stdout", "stderr"):  # a run may be killed before it prints
            (Path(printed) / name).touch()
        told = asdict(kill) if kill else None
        status = _answer(json.dumps([told, printed, str(folder), environ, arguments]))
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
        kill, *rest = json.loads(request)
        pid = os.fork()
        if not pid:
            _be_snakemake(*rest)
        if kill:
            _kill_after(pid, Kill(**kill))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _kill_after(pid: int, kill: Kill) -> None:
    """Send a signal to a run, unless it ends before."""
    process = os.pidfd_open(pid)
    try:
        if not select.select([process], [], [], kill.seconds)[0]:
            _send(pid, kill)
    finally:
        os.close(process)


def _send(pid: int, kill: Kill) -> None:
    """Send the signal; a run that has just begun has no process group of its own yet."""
    try:
        (os.killpg if kill.to_jobs else os.kill)(pid, kill.signal)
    except ProcessLookupError:
        os.kill(pid, kill.signal)


def _be_snakemake(
    printed: str, folder: str, environ: dict[str, str], arguments: list[str]
) -> NoReturn:
    """Turn this process into a run."""
    import snakemake.cli

    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
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

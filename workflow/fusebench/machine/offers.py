"""Looks at this machine: programs, GPUs, Slurm, sandbox, disk and network settings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

from fusebench.errors import StepError
from fusebench.folders import scratch_folder
from fusebench.fuse.devices import compute_capability, gpus_of_this_machine
from fusebench.sandbox.starting import DEFAULT_POLICY, Policy, Program, run_program
from fusebench.slurm import absent_programs

State = Literal["ok", "note", "lacks"]
FEW_BYTES = 20e9
"""Free bytes below which environments of torch and their cache soon fill a disk."""
PATIENCE = 20.0
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
PROGRAMS = {
    "git": "apt install git",
    "uv": "make setup (it is a package of fusebench's own environment)",
}


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        what: was looked at.
        state: ok; note, where something is worth knowing; lacks, where the suite cannot be run.
        found: there.
        command: to type next; empty where nothing is to be done.
    """

    what: str
    state: State
    found: str
    command: str = ""


def offers(root: Path) -> Iterator[Finding]:
    """Yield what this machine offers, whatever is run on it."""
    for program, command in PROGRAMS.items():
        yield _program(program, command)
    yield Finding("python", "ok", f"{sys.version.split()[0]} ({sys.executable})")
    yield _gpus()
    yield _slurm()
    yield _sandbox()
    yield _octave()
    yield _disk(root)
    yield _network()


def answer_of(*words: str) -> str:
    """Return the first line that a program prints; empty where it is not there or fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which(words[0], path=path)
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *words[1:]], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.strip().splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else ""


def _program(name: str, command: str) -> Finding:
    version = answer_of(name, "--version")
    return Finding(name, "ok", version) if version else Finding(name, "lacks", "none", command)


def _gpus() -> Finding:
    gpus = gpus_of_this_machine()
    if not gpus:
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        why = "none" if hidden is None else f"none: CUDA_VISIBLE_DEVICES is {hidden!r}"
        return Finding("GPU", "note", f"{why}; methods run on the CPU")
    named = answer_of("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    capabilities = {compute_capability(gpu) for gpu in gpus}
    kernels = ", ".join(f"sm_{major}{minor}" for major, minor in sorted(filter(None, capabilities)))
    return Finding("GPU", "ok", f"{len(gpus)}: {named} ({kernels})")


def _slurm() -> Finding:
    if lacking := absent_programs():
        why = lacking.partition("found ")[2].partition(": type this")[0]
        return Finding("Slurm", "note", f"none answers: {why}")
    partitions = answer_of("sinfo", "--noheader", "--format=%P %G")
    accounts = answer_of("sacctmgr", "--noheader", "--parsable2", "show", "cluster")
    told = f"partitions {partitions}; accounting {'on' if accounts else 'not seen'}"
    return Finding("Slurm", "ok", told, "snakemake --profile slurm")


def _sandbox(policy: Policy = DEFAULT_POLICY) -> Finding:
    """Start an interpreter in the strongest sandbox that works, as a run starts a script."""
    python = Path(sys.executable)
    with scratch_folder() as scratch, TemporaryFile("w+") as log:
        program = Program(
            words=[str(python), "-c", "pass"],
            python=python,
            cwd=str(scratch),
            scratch=scratch,
            reads=(),
            project=scratch,
            environ={"PATH": "/usr/bin:/bin"},
        )
        try:
            ended = run_program(program, log, PATIENCE, policy)
        except StepError as error:
            return Finding("sandbox", "lacks", str(error), "apt install bubblewrap")
    level = ended.sandbox.level
    state: State = "ok" if level in ("bwrap", "userns") else "note"
    return Finding("sandbox", state, level, "" if state == "ok" else "docs/sandbox.md says more")


def _octave() -> Finding:
    version = answer_of("octave-cli", "--version")
    if version:
        return Finding("Octave", "ok", version)
    return Finding("Octave", "note", "none; methods of MATLAB code cannot be run", "envs/README.md")


def _disk(root: Path) -> Finding:
    folder = root / "resources" if (root / "resources").is_dir() else root
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.0f} GB free at {folder.resolve()}"
    if free < FEW_BYTES:
        return Finding("disk", "note", f"{told}: an environment with torch takes 2 to 8 GB")
    return Finding("disk", "ok", told)


def _network() -> Finding:
    proxies = [name for name in PROXIES if os.environ.get(name) or os.environ.get(name.upper())]
    indexes = [name for name in os.environ if re.match(r"(UV|PIP)_.*(INDEX|LINKS|URL)", name)]
    told = f"proxies: {', '.join(proxies) or 'none'}; indexes: {', '.join(indexes) or 'default'}"
    return Finding("network", "ok", told)

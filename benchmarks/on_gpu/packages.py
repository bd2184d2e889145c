"""The packages that are carried: what the machine's Python lacks for fusebench and the methods."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MISSING = (
    "msgspec",  # contracts
    "PyWavelets",  # metrics
    "GitPython",  # imported with the sources; git itself is not needed
    "gitdb",
    "smmap",
    "kornia",  # ALMFnet
    "kornia_rs",
    "thop",  # SHIP
)
"""Packages without those that they need: each is named, because the machine has the rest."""

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def carry_packages(folder: Path, python: str) -> None:
    """Download the wheels for a version of Python; ``gpu.py run`` unpacks them.

    Args:
        folder: receives the wheels.
        python: such as ``3.12``.

    Raises:
        subprocess.CalledProcessError: a wheel cannot be had; pip has printed why.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", python, "--implementation", "cp"]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    subprocess.run([*command, "--dest", str(folder), *MISSING], check=True)

"""The lock of the conda side, ``conda-lock.yml``: written by conda-lock in its format, version 1.

What fusebench adds is in ``metadata.custom_metadata``, which conda-lock reserves for its users: the
sha256 of what ``environment.yml`` asks for, and the sha256 of the packages. They show whether a
lock is stale or was edited by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fusebench.environments.definition import Environment
from fusebench.errors import EnvironmentFailed

REQUEST, CONTENT = "fusebench-request", "fusebench-content"
_CONDA_NAMES = ("conda", "mamba", "micromamba")
_MACHINES = {"x86_64": "64", "aarch64": "aarch64", "ppc64le": "ppc64le"}
_REASON = re.compile(r"Could not lock the environment[^\n]*\n(.*?)\n\s*Command:", re.DOTALL)
"""Where conda-lock says what its solver found; a traceback follows."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class CondaPackage:
    """One package of a conda lock: where it comes from and the sha256 (hex) of its archive."""

    name: str
    version: str
    platform: str
    url: str
    sha256: str
    use: tuple[str, ...]
    """What decides whether it is installed at all: manager, category and whether it is optional."""


def this_subdir() -> str:
    """Name the platform of this machine as conda does, such as ``linux-64``."""
    return f"linux-{_MACHINES.get(platform.machine(), platform.machine())}"


def read_conda_lock(environment: Environment) -> tuple[CondaPackage, ...]:
    """Read the conda lock, sorted by name; empty where the environment has no conda packages.

    Raises:
        EnvironmentFailed: there is no lock, it is stale, or it was edited by hand; the message
            names the command.
    """
    if not environment.conda:
        return ()
    file, command = environment.conda_lock, f"run: fusebench lock {environment.name}"
    content = _load(environment, file, command)
    packages = packages_of(content)
    kept = content["metadata"]["custom_metadata"]
    if kept.get(CONTENT) != (found := content_hash(packages)):
        raise EnvironmentFailed(
            f"{environment.name}: {file} was edited by hand: its packages must hash to"
            f" {kept.get(CONTENT)}, found {found}; bring it back from git, or {command}"
        )
    if kept.get(REQUEST) != environment.request:
        raise EnvironmentFailed(
            f"{environment.name}: {file} is stale: it was made for another"
            f" {environment.file.name}; {command}"
        )
    return packages


def _load(environment: Environment, file: Path, command: str) -> dict[str, Any]:
    if not file.is_file():
        raise EnvironmentFailed(f"{environment.name}: not locked: no {file}; {command}")
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)
        packages_of(content)
        content["metadata"]["custom_metadata"] = dict(
            content["metadata"].get("custom_metadata") or {}
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise EnvironmentFailed(
            f"{environment.name}: {file} is no conda-lock file: {error!r}; {command}"
        ) from error
    return dict(content)


def packages_of(content: dict[str, Any]) -> tuple[CondaPackage, ...]:
    """Return the packages of a conda-lock file that was parsed, sorted."""
    packages = [
        CondaPackage(
            one["name"],
            one["version"],
            one["platform"],
            one["url"],
            one["hash"]["sha256"],
            tuple(str(one.get(name)) for name in ("manager", "category", "optional")),
        )
        for one in content["package"]
    ]
    return tuple(sorted(packages, key=lambda package: (package.platform, package.name)))


def content_hash(packages: tuple[CondaPackage, ...]) -> str:
    """Sha256 (hex) of names, versions, platforms, archive hashes and uses, without addresses."""
    plain = [[one.name, one.version, one.platform, one.sha256, one.use] for one in packages]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def make_conda_lock(environment: Environment) -> str:
    """Let conda-lock resolve the conda side for this machine's platform, and return its lock text.

    It uses a conda, mamba or micromamba of the machine, else py-rattler's solver behind conda's
    command line.

    Raises:
        EnvironmentFailed: the packages cannot be resolved, a channel is out of reach, or conda-lock
            is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / environment.file.name
        wanted = {"channels": [*environment.channels], "dependencies": [*environment.conda]}
        asked.write_text(yaml.safe_dump(wanted | {"platforms": [this_subdir()]}), encoding="utf-8")
        # conda-lock asks the network for the names of PyPI's packages at conda-forge, which nothing
        # here needs
        (Path(folder) / "names.yml").write_text("{}\n", encoding="utf-8")
        command = [sys.executable, "-m", "conda_lock", "lock", "--conda", str(_conda(Path(folder)))]
        command += ["--file", str(asked), "--lockfile", str(Path(folder) / "lock.yml")]
        command += ["--pypi_to_conda_lookup_file", (Path(folder) / "names.yml").as_uri()]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise EnvironmentFailed(_explain(environment, ended.stderr))
        return _tidy(
            environment, yaml.load((Path(folder) / "lock.yml").read_text(), Loader=_LOADER)
        )


def _conda(folder: Path) -> Path:
    """Find a conda, or write a stand-in for the part of its command line that conda-lock uses."""
    for name in _CONDA_NAMES:
        if found := shutil.which(name):
            return Path(found)
    stand_in = folder / "conda"
    stand_in.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m fusebench.environments.conda_solver "$@"\n'
    )
    stand_in.chmod(0o755)
    return stand_in


def _tidy(environment: Environment, content: dict[str, Any]) -> str:
    """Leave out what says when and where the lock was made, and add what it was made for."""
    kept = {REQUEST: environment.request, CONTENT: content_hash(packages_of(content))}
    metadata = content["metadata"]
    content["metadata"] = {
        name: metadata[name] for name in ("content_hash", "channels", "platforms")
    }
    content["metadata"] |= {"sources": [environment.file.name], "custom_metadata": kept}
    header = (
        f"# Made by conda-lock for `fusebench lock {environment.name}`;"
        " edit environment.yml instead.\n"
    )
    return header + yaml.safe_dump(content, sort_keys=False, width=1000)


def _explain(environment: Environment, said: str) -> str:
    if "No module named conda_lock" in said:
        advice = "conda-lock is not installed beside fusebench; run: make setup-dev"
    else:
        advice = (
            "check that its channels can be reached from here"
            f" ({', '.join(environment.channels)}) and have the packages"
        )
    reason = _REASON.search(said)
    told = reason[1].strip() if reason else "\n".join(said.strip().splitlines()[-12:])
    return (
        f"{environment.name}: the conda packages of {environment.file} cannot be resolved:"
        f" {told}; {advice}"
    )


def require_subdir(environment: Environment, packages: tuple[CondaPackage, ...]) -> None:
    """Refuse a lock that has no packages for this machine's platform.

    Raises:
        EnvironmentFailed: the lock is for other platforms.
    """
    platforms = sorted({package.platform for package in packages})
    if packages and this_subdir() not in platforms:
        raise EnvironmentFailed(
            f"{environment.name}: {environment.conda_lock} is a lock for {', '.join(platforms)},"
            f" this machine is {this_subdir()}; lock it on a machine like this one: fusebench lock"
            f" {environment.name}"
        )


def rattler_cache() -> Path:
    """Folder of rattler's package cache: ``RATTLER_CACHE_DIR``, else the user's cache folder."""
    if chosen := os.environ.get("RATTLER_CACHE_DIR"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rattler" / "cache"

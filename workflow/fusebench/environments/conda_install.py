"""Installing the conda side from its lock, and checking the files against the packages' records.

Nothing is solved here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fusebench.environments.conda_lock import (
    CondaPackage,
    rattler_cache,
    require_subdir,
    this_subdir,
)
from fusebench.environments.conda_meta import conda_packages, conda_records
from fusebench.environments.definition import Environment
from fusebench.environments.disk import disk_is_full, no_room
from fusebench.environments.installed_files import Difference, normalised
from fusebench.errors import EnvironmentFailed
from fusebench.hashes import sha256_of_file

_INSTALL = "fusebench.environments.conda_transaction"


def install_conda(
    environment: Environment,
    packages: tuple[CondaPackage, ...],
    stage: Path,
    final: Path,
    cache: Path | None = None,
) -> None:
    """Install the packages of a conda lock into ``stage``.

    ``final`` is written into files that name their folder. py-rattler verifies the archives that it
    fetches over a network and every file of its cache. It verifies nothing of archives in local
    channels, hence they are hashed here. ``cache`` is where archives are unpacked; by default
    rattler's own folder, which all environments share.

    Raises:
        EnvironmentFailed: an archive cannot be fetched or has another hash, or the lock is for
            another platform.
    """
    require_subdir(environment, packages)
    for package in packages:
        _check_local_archive(environment, package)
    command = [
        sys.executable,
        "-m",
        _INSTALL,
        str(environment.conda_lock),
        this_subdir(),
        str(stage),
        str(final),
    ]
    pkgs = cache or rattler_cache() / "pkgs"
    ended = subprocess.run([*command, str(pkgs)], capture_output=True, text=True, check=False)
    if ended.returncode:
        said = ended.stderr.strip()[-1500:]
        advice = (
            f"check that the channels ({', '.join(environment.channels)}) can be reached, or run:"
            f" fusebench lock {environment.name}"
        )
        raise EnvironmentFailed(
            f"{environment.name}: {environment.conda_lock} cannot be installed: {said}; "
            f"{no_room(stage, pkgs) if disk_is_full(said) else advice}"
        )


def missing_conda(packages: tuple[CondaPackage, ...], root: Path) -> list[Difference]:
    """List the packages of a conda lock that ``root`` does not hold in the locked version."""
    installed = conda_packages(root)
    return [
        Difference(
            one.name,
            "conda-meta",
            f"version {installed.get(one.name)}, the lock says {one.version}",
        )
        for one in packages
        if one.platform == this_subdir() and installed.get(one.name) != one.version
    ]


def _check_local_archive(environment: Environment, package: CondaPackage) -> None:
    address = urlsplit(package.url)
    if address.scheme != "file":
        return
    archive = Path(unquote(address.path))
    found = sha256_of_file(archive) if archive.is_file() else "no such file"
    if found != package.sha256:
        raise EnvironmentFailed(
            f"{environment.name}: {package.name} {package.version}: {archive} must have sha256"
            f" {package.sha256}, found {found}; bring the archive back, or run: fusebench lock"
            f" {environment.name}"
        )


def check_conda(root: Path, digests: dict[str, str]) -> list[Difference]:
    """List the files of conda packages that are missing or differ from their package's record."""
    differences = []
    for path, (package, digest) in conda_records(root).items():
        if digests.get(path) != digest and not path.endswith(".pyc"):
            found = f"has sha256 {digests[path]}" if path in digests else "is missing"
            differences.append(
                Difference(normalised(package), path, f"{found}, its conda package says {digest}")
            )
    return differences

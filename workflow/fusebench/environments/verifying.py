"""Checking a built environment against its lock, file by file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from fusebench.environments.building import read_receipt
from fusebench.environments.conda_install import check_conda, missing_conda
from fusebench.environments.conda_lock import read_conda_lock
from fusebench.environments.definition import Environment, read_environment
from fusebench.environments.donors import STAMPS
from fusebench.environments.installed_files import (
    MANIFEST,
    RECEIPT,
    Difference,
    check_records,
    files_of,
    hash_files,
    installed_packages,
    normalised,
)
from fusebench.environments.key import locked_key
from fusebench.environments.pip_install import fresh_files
from fusebench.environments.pip_lock import read_pip_lock
from fusebench.errors import EnvironmentFailed
from fusebench.folders import staging_folder
from fusebench.hashes import sha256_of_file


def verify(
    env_folder: Path, variant: str, resources: Path, *, archives: bool = False
) -> list[Difference]:
    """List how ``resources/envs/<key>`` differs from its lock; the list is empty if it does not.

    Files of wheels are checked against the wheels' RECORDs, all others (bytecode, console scripts)
    against the manifest that the build wrote. With ``archives`` the archives of the lock are
    fetched again into an empty cache, hashes required, and every file is checked against those.
    This also finds a RECORD that was edited together with its file.

    Raises:
        EnvironmentFailed: the environment is not locked or not built; with ``archives``, an archive
            cannot be fetched.
    """
    environment = read_environment(env_folder, variant)
    root = resources.absolute() / "envs" / locked_key(environment)
    receipt = read_receipt(root)
    if receipt is None:
        raise EnvironmentFailed(
            f"{environment.name}: not built: no whole {root}; the pipeline builds it: run snakemake"
        )
    digests = hash_files(root, files_of(root))
    found = [
        *_packages(environment, root),
        *_against_records(environment, root, digests, receipt.notes),
    ]
    found += check_conda(root, digests)
    found += _against_manifest(
        root, digests, receipt.manifest, {difference.path for difference in found}
    )
    if archives:
        found += _against_archives(
            environment, root, digests, {difference.path for difference in found}
        )
    return sorted(found)


def _packages(environment: Environment, root: Path) -> Iterator[Difference]:
    """Check names and versions of the installed packages against the locks."""
    locked: dict[str, set[str]] = {}
    for package in read_pip_lock(environment).packages:
        locked.setdefault(normalised(package.name), set()).add(package.version)
    yield from missing_conda(read_conda_lock(environment), root)
    for name, version in installed_packages(root).items():
        if version not in locked.get(name, ()):
            wanted = ", ".join(sorted(locked.get(name, ()))) or "nothing of it"
            said = f"version {version}, the lock says {wanted}"
            yield Difference(name, f"{name}-{version}.dist-info", said)


def _against_records(
    environment: Environment, root: Path, digests: dict[str, str], notes: list[str]
) -> Iterator[Difference]:
    """Check files against RECORDs.

    Errors of an archive's own RECORD are left out: they were noted when it was installed.
    """
    for difference in check_records(root, digests, environment.wrong_records):
        if not any(note.endswith(str(difference)) for note in notes):
            yield difference


def _against_manifest(
    root: Path, digests: dict[str, str], manifest: str, told: set[str]
) -> Iterator[Difference]:
    """Check every file against the manifest; those that were reported already are left out."""
    if not (root / MANIFEST).is_file() or sha256_of_file(root / MANIFEST) != manifest:
        yield Difference("", MANIFEST, "is not the one that the receipt names")
        return
    known = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    for path in sorted({*known, *digests} - {MANIFEST, RECEIPT, STAMPS} - told):
        if path not in known:
            yield Difference("", path, "is no part of the environment")
        elif path not in digests:
            yield Difference("", path, "is missing")
        elif known[path] != digests[path]:
            yield Difference(
                "", path, f"has sha256 {digests[path]}, it was built with {known[path]}"
            )


def _against_archives(
    environment: Environment, root: Path, digests: dict[str, str], told: set[str]
) -> Iterator[Difference]:
    """Check every file of a locked archive against a fresh copy of that archive."""
    with staging_folder(root.with_name(f"{root.name}-archives")) as stage:
        fresh = fresh_files(environment, stage, root)
    for path, digest in fresh.items():
        if path not in told and digests.get(path) != digest:
            yield Difference(
                "", path, f"has sha256 {digests.get(path)}, the locked archive holds {digest}"
            )
    for path in sorted({*digests} - {*fresh} - told):
        if "/site-packages/" in path and not path.endswith((".pyc", "/RECORD")):
            yield Difference("", path, "is in no locked archive")

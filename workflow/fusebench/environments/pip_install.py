"""Installing the pip side from its lock, and holding what was installed against the wheels' own records."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from fusebench.environments.conda_install import install_conda
from fusebench.environments.conda_lock import read_conda_lock
from fusebench.environments.definition import Environment
from fusebench.environments.installed_files import (
    Difference,
    check_records,
    files_of,
    hash_files,
    installed_packages,
    normalised,
    recorded_files,
)
from fusebench.environments.interpreters import make_python
from fusebench.environments.pip_lock import PipLock, read_pip_lock
from fusebench.environments.uv import UvFailed, cache_beside, exclude_newer, only_binary, run_uv
from fusebench.errors import EnvironmentFailed

_OUT_OF_REACH = re.compile(r"\(Connect\)|name resolution|dns error|timed out|unreachable")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_NO_MATCH = re.compile(r"no version of (\S+)")


def install_pip(
    environment: Environment, lock: PipLock, stage: Path, final: Path, known: dict[int, str]
) -> tuple[list[str], dict[str, str]]:
    """Install the packages of the lock into ``stage`` and verify them.

    Returns notes for the receipt, and the sha256 of every file. ``known`` gives the sha256 of inodes that other environments
    hold and that nobody has touched since.

    A file that differs from its wheel's RECORD means that uv's cache was damaged (files are shared with it by hard
    links): the package is fetched anew, hashes required. What differs even then is an error of the archive itself.

    Raises:
        EnvironmentFailed: a package cannot be had, has another hash, or the cache cannot be repaired.
    """
    if lock.packages:
        _sync(environment, lock, stage)
        _relocate_scripts(stage, final)
    digests = hash_files(stage, files_of(stage), known)
    differences = check_records(stage, digests)
    damaged = sorted({difference.package for difference in _harmful(differences)})
    notes = [
        f"repaired from a damaged cache: {name}; other environments that hold it: fusebench verify"
        for name in damaged
    ]
    if damaged:
        _fetch_anew(environment, lock, stage, damaged)
        digests = hash_files(stage, files_of(stage))
        differences = check_records(stage, digests)
    notes += [f"RECORD of the archive itself is wrong: {difference}" for difference in differences]
    _require_locked_versions(environment, lock, stage)
    return notes, digests


def _relocate_scripts(stage: Path, final: Path) -> None:
    """Give scripts that name the staging folder the final one; only needed beside a Python of conda's.

    The interpreter is in the ``#!`` line or, where that would be too long for the kernel, in the one after it.
    """
    for script in (path for path in (stage / "bin").iterdir() if path.is_file() and not path.is_symlink()):
        with script.open("rb") as stream:
            start = stream.read(2) + stream.readline() + stream.readline()
        if start.startswith(b"#!") and bytes(stage) in start:
            moved = start.replace(bytes(stage), bytes(final))
            script.write_bytes(moved + script.read_bytes()[len(start) :])


def _harmful(differences: list[Difference]) -> list[Difference]:
    """Leave out METADATA: torch 1.8.1's wheel has a RECORD that is wrong about it, and it is not code."""
    return [difference for difference in differences if not difference.path.endswith(".dist-info/METADATA")]


def _sync(environment: Environment, lock: PipLock, stage: Path, *more: str) -> None:
    """Let uv install; only packages that may be built from source see the registry's past, in their build tools."""
    arguments = ["pip", "install", "--no-deps", "--require-hashes", "--python", str(stage / "bin" / "python")]
    arguments += ["--link-mode", "hardlink"]
    arguments += only_binary(
        sorted({package.name for package in lock.packages} - {*environment.from_source})
        if environment.from_source
        else [":all:"]
    )
    arguments += exclude_newer(environment) if environment.from_source else []
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / environment.pip_lock.name
        exact.write_text(_exactly(environment.pip_lock.read_text(encoding="utf-8")), encoding="utf-8")
        try:
            _with_or_without_network([*arguments, *more, "--requirements", str(exact)], cache_beside(stage))
        except UvFailed as error:
            raise EnvironmentFailed(explain(environment, str(error))) from error


def _exactly(lock: str) -> str:
    """``torch==2.13.0`` -> ``torch===2.13.0``: with two signs a local version, such as 2.13.0+cpu, would do as well."""
    return _PIN.sub(r"\1===", lock)


def _with_or_without_network(arguments: list[str], environ: dict[str, str]) -> None:
    """Run uv; where the registry is out of reach, once more with what the cache holds."""
    try:
        run_uv(arguments, extra_environ=environ)
    except UvFailed as error:
        if not _OUT_OF_REACH.search(str(error)):
            raise
        try:
            run_uv([*arguments, "--offline"], extra_environ=environ)
        except UvFailed:
            raise error from None


def _fetch_anew(environment: Environment, lock: PipLock, stage: Path, packages: list[str]) -> None:
    """Throw the packages out of the cache and install them again from fresh archives."""
    try:
        run_uv(["cache", "clean", *packages], extra_environ=cache_beside(stage), timeout=300)
    except UvFailed as error:
        raise EnvironmentFailed(
            f"{environment.name}: the package cache is damaged ({', '.join(packages)}) and cannot be cleaned: {error}; "
            f"run: uv cache clean {' '.join(packages)}"
        ) from error
    _sync(
        environment, lock, stage, *(option for name in packages for option in ("--reinstall-package", name))
    )


def _require_locked_versions(environment: Environment, lock: PipLock, stage: Path) -> None:
    """Hold the installed versions against the lock; what it does not name must not be there."""
    locked = {(normalised(package.name), package.version) for package in lock.packages}
    for name, version in installed_packages(stage).items():
        if (name, version) not in locked:
            raise EnvironmentFailed(
                f"{environment.name}: installed {name} {version}, which the lock does not name"
            )


def explain(environment: Environment, said: str) -> str:
    """Tell why uv could not install a lock: environment, what uv found, and the next command."""
    lock, name = environment.pip_lock, environment.name
    if "Hash mismatch" in said or "hash mismatch" in said:
        advice = f"the archive is not the one that was locked; if that is meant, run: fusebench lock {name}"
    elif _NO_MATCH.search(said) or "No solution found" in said:
        advice = (
            f"withdrawn from the registry, or carried by an index that this machine does not name: set UV_INDEX or "
            f"UV_FIND_LINKS (or pip's extra-index-url / find-links) to one that has it, or run: fusebench lock {name}"
        )
    elif "os error 28" in said:
        advice = "no space left: make room where resources/ and uv's cache lie, and run again"
    else:
        advice = "run again where the package registry can be reached"
    return f"{name}: {lock} cannot be installed: {said}; {advice}"


def fresh_files(environment: Environment, stage: Path) -> dict[str, str]:
    """Install the lock into ``stage`` from archives that are fetched anew, and return the sha256 of their files.

    Raises:
        EnvironmentFailed: an archive cannot be had, or has another hash than the lock says.
    """
    lock = read_pip_lock(environment)
    if environment.conda:
        install_conda(environment, read_conda_lock(environment), stage, stage)
    else:
        make_python(environment, stage)
    _sync(environment, lock, stage, "--no-cache")
    return hash_files(stage, [entry.path for entry in recorded_files(stage)])

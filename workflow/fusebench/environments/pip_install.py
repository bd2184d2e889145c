"""Installing the pip side from its lock, and checking the files against the wheels' records."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from fusebench.environments.conda_install import install_conda
from fusebench.environments.conda_lock import read_conda_lock
from fusebench.environments.conda_meta import conda_records
from fusebench.environments.definition import Environment
from fusebench.environments.disk import FULL, disk_is_full, no_room
from fusebench.environments.installed_files import (
    Difference,
    check_records,
    files_of,
    hash_files,
    installed_packages,
    normalised,
    recorded_files,
    unrecorded_files,
)
from fusebench.environments.interpreters import make_python
from fusebench.environments.pip_lock import PipLock, read_pip_lock, requirements_of
from fusebench.environments.uv import (
    UvFailed,
    cache_beside,
    exclude_newer,
    only_binary,
    run_uv,
    uv_cache,
)
from fusebench.errors import EnvironmentFailed

_OUT_OF_REACH = re.compile(r"\(Connect\)|name resolution|dns error|timed out|unreachable")
_NO_MATCH = re.compile(
    r"no version of \S+|No solution found|status client error \((?:403|404|410)\b"
)
_NO_MATTER_OF_THE_CACHE = re.compile(
    f"{_OUT_OF_REACH.pattern}|{_NO_MATCH.pattern}|{FULL.pattern}|[Hh]ash mismatch|Permission denied"
)
_REPAIRED = "repaired from a damaged cache: {}; other environments that hold it: fusebench verify"


def install_pip(
    environment: Environment, lock: PipLock, stage: Path, final: Path, known: dict[int, str]
) -> tuple[list[str], dict[str, str]]:
    """Install the packages of the lock into ``stage`` and verify them.

    Returns notes for the receipt, and the sha256 of every file. ``known`` gives the sha256 of
    inodes that other environments have and that nobody has touched since.

    Files are shared with uv's cache by hard links. The cache is damaged if a file differs from its
    wheel's RECORD, if no RECORD names a file, or if uv cannot install a package of the cache. Such
    a package is fetched again, hashes required. A file that differs even then is an error of the
    archive itself.

    Raises:
        EnvironmentFailed: a package cannot be fetched, has another hash, or the cache cannot be
            repaired.
    """
    if not lock.packages:
        return [], hash_files(stage, files_of(stage), known)
    own = frozenset(files_of(stage))
    notes = _repaired(_sync_or_repair(environment, lock, stage, own, set()))
    _relocate_scripts(stage, final)
    digests, differences = _differences(environment, stage, own, known)
    if differences:
        damaged = _sync_or_repair(environment, lock, stage, own, _packages_of(lock, differences))
        _relocate_scripts(stage, final)
        digests, left = _differences(environment, stage, own, {})
        notes += _repaired(damaged - {difference.package for difference in left})
        notes += [f"RECORD of the archive itself is wrong: {difference}" for difference in left]
    _require_locked_versions(environment, lock, stage)
    return notes, digests


def _differences(
    environment: Environment, stage: Path, own: frozenset[str], known: dict[int, str]
) -> tuple[dict[str, str], list[Difference]]:
    """Hash every file of ``stage``, and list those that differ from their RECORD or are in none."""
    digests = hash_files(stage, files_of(stage), known)
    wrong = check_records(stage, digests, environment.wrong_records)
    return digests, [*wrong, *unrecorded_files(stage, digests, own)]


def _packages_of(lock: PipLock, differences: list[Difference]) -> set[str]:
    """Name the packages that differ; all packages if a file belongs to no known one."""
    packages = {difference.package for difference in differences}
    return {normalised(package.name) for package in lock.packages} if "" in packages else packages


def _relocate_scripts(stage: Path, final: Path) -> None:
    """Replace the staging folder by the final one in scripts; only needed with conda's Python.

    The interpreter is in the ``#!`` line or, where that would be too long for the kernel, in the
    one after it.
    """
    for script in (
        path for path in (stage / "bin").iterdir() if path.is_file() and not path.is_symlink()
    ):
        with script.open("rb") as stream:
            start = stream.read(2) + stream.readline() + stream.readline()
        if start.startswith(b"#!") and bytes(stage) in start:
            moved = start.replace(bytes(stage), bytes(final))
            script.write_bytes(moved + script.read_bytes()[len(start) :])


def _repaired(packages: set[str]) -> list[str]:
    return [_REPAIRED.format(", ".join(sorted(packages)))] if packages else []


def _sync_or_repair(
    environment: Environment, lock: PipLock, stage: Path, own: frozenset[str], damaged: set[str]
) -> set[str]:
    """Install; fetch damaged packages again, and those that uv cannot install from its cache.

    Returns all packages that were fetched again.
    """
    thrown_out: set[str] = set()
    while True:
        if damaged:
            _throw_out(environment, stage, own, damaged)
            thrown_out |= damaged
        try:
            _sync(environment, lock, stage)
        except UvFailed as error:
            damaged = _unusable(lock, str(error)) - thrown_out
            if not damaged:
                raise _failed(environment, stage, error, thrown_out) from error
        else:
            return thrown_out


def _unusable(lock: PipLock, said: str) -> set[str]:
    """Name the locked packages that uv failed on, if only its cache can be the reason."""
    if _NO_MATTER_OF_THE_CACHE.search(said):
        return set()
    return {
        name
        for one in lock.packages
        if re.search(rf"\b{(name := normalised(one.name))}\b", normalised(said))
    }


def _sync(environment: Environment, lock: PipLock, stage: Path, *more: str) -> None:
    """Let uv install the packages of the lock.

    ``exclude-newer`` is passed only if packages may be built from source: it limits their build
    tools.

    Raises:
        UvFailed: uv could not.
    """
    arguments = [
        "pip",
        "install",
        "--no-deps",
        "--require-hashes",
        "--python",
        str(stage / "bin" / "python"),
    ]
    arguments += ["--link-mode", "hardlink"]
    arguments += only_binary(
        sorted({package.name for package in lock.packages} - {*environment.from_source})
        if environment.from_source
        else [":all:"]
    )
    arguments += exclude_newer(environment) if environment.from_source else []
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / environment.pip_lock.name
        exact.write_text(requirements_of(lock), encoding="utf-8")
        _with_or_without_network(
            [*arguments, *more, "--requirements", str(exact)], cache_beside(stage)
        )


def _with_or_without_network(arguments: list[str], environ: dict[str, str]) -> None:
    """Run uv; if the registry is out of reach, try once more with the cache alone."""
    try:
        run_uv(arguments, extra_environ=environ)
    except UvFailed as error:
        if not _OUT_OF_REACH.search(str(error)):
            raise
        try:
            run_uv([*arguments, "--offline"], extra_environ=environ)
        except UvFailed:
            raise error from None


def _failed(
    environment: Environment, stage: Path, error: UvFailed, damaged: set[str]
) -> EnvironmentFailed:
    said = explain(environment, stage, str(error))
    if damaged:
        names = ", ".join(sorted(damaged))
        said += f"; the package cache held damaged files of {names}, which were removed from it"
    return EnvironmentFailed(said)


def _throw_out(
    environment: Environment, stage: Path, own: frozenset[str], damaged: set[str]
) -> None:
    """Remove packages from the cache, and from ``stage`` all that was installed."""
    names = sorted(damaged)
    _strip(stage, own)
    try:
        run_uv(["cache", "clean", *names], extra_environ=cache_beside(stage), timeout=300)
    except UvFailed as error:
        raise EnvironmentFailed(
            f"{environment.name}: the package cache is damaged ({', '.join(names)}) and cannot be"
            f" cleaned: {error}; run: uv cache clean {' '.join(names)}"
        ) from error


def _strip(stage: Path, own: frozenset[str]) -> None:
    """Remove what was installed: files, and folders that uv would mistake for packages."""
    for path in {*files_of(stage)} - own:
        (stage / path).unlink()
    for site in stage.glob("lib/python3*/site-packages"):
        for folder, _, _ in os.walk(site, topdown=False):
            with suppress(OSError):  # those of files that were there before are not empty
                Path(folder).rmdir()


def _require_locked_versions(environment: Environment, lock: PipLock, stage: Path) -> None:
    """Check the installed versions against the lock; no other package may be there.

    Packages with an environment marker are for some machines only, and may be absent.
    """
    installed = {*installed_packages(stage).items()}
    locked = {
        (normalised(package.name), package.version): package.marker for package in lock.packages
    }
    wrong = [
        f"{name} {version} is installed and not locked" for name, version in installed - {*locked}
    ]
    wrong += [
        f"{one[0]} {one[1]} is locked and not installed"
        for one, marker in locked.items()
        if one not in installed and not marker
    ]
    if wrong:
        raise EnvironmentFailed(
            f"{environment.name}: what was installed is not {environment.pip_lock}:"
            f" {', '.join(sorted(wrong))}; run: uv cache clean, and build again; if it stays so,"
            f" run: fusebench lock {environment.name}"
        )


def explain(environment: Environment, stage: Path, said: str) -> str:
    """Say why uv could not install a lock: environment, what uv found, and the next command."""
    lock, name = environment.pip_lock, environment.name
    if "Hash mismatch" in said or "hash mismatch" in said:
        advice = (
            "the archive is not the one that was locked; if that is meant, run:"
            f" fusebench lock {name}"
        )
    elif disk_is_full(said):
        advice = no_room(stage, uv_cache())
    elif _NO_MATCH.search(said):
        advice = (
            "withdrawn from the registry, or only in an index that this machine does not name: set"
            " UV_INDEX or UV_FIND_LINKS (or pip's extra-index-url / find-links) to one that has it,"
            f" or run: fusebench lock {name}"
        )
    else:
        advice = "run again where the package registry can be reached"
    return f"{name}: {lock} cannot be installed: {said}; {advice}"


def fresh_files(environment: Environment, stage: Path, final: Path) -> dict[str, str]:
    """Install the locks into ``stage`` from archives that are fetched again, and hash the files.

    Returns the sha256 of files of packages and of all of ``site-packages``, but not of bytecode nor
    of files that are made for the folder they are in. ``final`` is written into files of conda
    packages that name their folder.

    Raises:
        EnvironmentFailed: an archive cannot be fetched, or has another hash than the lock says.
    """
    lock = read_pip_lock(environment)
    if environment.conda:
        with tempfile.TemporaryDirectory(dir=stage.parent) as cache:
            install_conda(environment, read_conda_lock(environment), stage, final, Path(cache))
    else:
        make_python(environment, stage)
    if lock.packages:
        try:
            _sync(environment, lock, stage, "--no-cache")
        except UvFailed as error:
            raise EnvironmentFailed(explain(environment, stage, str(error))) from error
    named = {*conda_records(stage), *(entry.path for entry in recorded_files(stage))}
    named |= {path for path in files_of(stage) if "/site-packages/" in path}
    return hash_files(
        stage,
        (path for path in named if not path.endswith(".pyc") and not path.endswith("/RECORD")),
    )

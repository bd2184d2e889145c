"""Making the locks of an environment, and listing what changed against the old ones."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from fusebench.environments.conda_lock import make_conda_lock, packages_of
from fusebench.environments.definition import Environment, read_environment, variants_of
from fusebench.environments.interpreters import find_interpreter
from fusebench.environments.pip_lock import (
    ANY_PLATFORM,
    LockedPackage,
    format_lock,
    parse_packages,
    this_platform,
)
from fusebench.environments.uv import UvFailed, exclude_newer, only_binary, run_uv
from fusebench.errors import EnvironmentFailed

_LOCAL_VERSION = re.compile(r"==\S+\+(\w+)")


@dataclass(frozen=True)
class LockChange:
    """A lock that was made: its file, and its changes, such as ``numpy 1.26.3 -> 1.26.4``."""

    file: Path
    changes: tuple[str, ...]


def lock(env_folder: Path, variant: str | None = None) -> list[LockChange]:
    """Make the locks of every variant of an environment, or of one, and write those that changed.

    The same ``environment.yml`` gives the same lock as long as the registry holds the same
    packages; an old lock has no influence.

    Raises:
        EnvironmentFailed: the environment cannot be resolved, or the interpreter is missing.
    """
    variants = [variant] if variant else variants_of(env_folder)
    environments = [read_environment(env_folder, one or "cpu") for one in variants]
    return [change for environment in environments for change in _lock(environment)]


def _lock(environment: Environment) -> Iterator[LockChange]:
    """Make the locks of one variant: that of the conda side first, because it brings Python."""
    if environment.conda:
        yield _lock_conda(environment)
    if environment.pip:
        yield _lock_pip(environment)


def _lock_conda(environment: Environment) -> LockChange:
    old = _conda_packages_of(environment.conda_lock)
    _write(environment.conda_lock, make_conda_lock(environment))
    return LockChange(
        environment.conda_lock, describe_changes(old, _conda_packages_of(environment.conda_lock))
    )


def _conda_packages_of(file: Path) -> tuple[LockedPackage, ...]:
    """Read the packages of an old conda lock; one that is absent or damaged counts as empty."""
    try:
        packages = packages_of(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        return ()
    return tuple(LockedPackage(one.name, one.version, "", (one.sha256,)) for one in packages)


def _write(file: Path, text: str) -> None:
    """Write a lock if it differs: Snakemake reruns nothing for a file that was not touched."""
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def _lock_pip(environment: Environment) -> LockChange:
    """Resolve the pip side and write its lock."""
    platform = ANY_PLATFORM if environment.universal else this_platform()
    text = format_lock(environment, _compile(environment), platform)
    old = _packages_of(environment.pip_lock)
    _write(environment.pip_lock, text)
    return LockChange(environment.pip_lock, describe_changes(old, parse_packages(text)))


def _compile(environment: Environment) -> str:
    """Let uv resolve the requirements; the lines that come back name no index and no folder.

    Only wheels are allowed, except for the packages of ``from-source``. uv can forbid source
    archives for all packages or for named ones, but not for all packages except some. So where
    ``from-source`` allows a few, the others are named as they appear, until no new one does.
    """
    wheels: set[str] = set()
    while True:
        text = _resolve(environment, sorted(wheels) if environment.from_source else [":all:"])
        others = {package.name for package in parse_packages(text)} - {*environment.from_source}
        if not environment.from_source or others <= wheels:
            return text
        wheels |= others


def _resolve(environment: Environment, wheels: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "requirements.in"
        wanted.write_text("\n".join(environment.pip) + "\n", encoding="utf-8")
        arguments = [*_compile_arguments(environment), *only_binary(wheels), str(wanted)]
        try:
            return run_uv(arguments, local_indexes=False).stdout
        except UvFailed as error:
            raise EnvironmentFailed(_explain(environment, str(error))) from error


def _compile_arguments(environment: Environment) -> list[str]:
    arguments = ["pip", "compile", "--quiet", "--generate-hashes"]
    arguments += ["--no-header", "--no-annotate", "--no-emit-index-url"]
    if environment.universal:
        # one version of each package for every Python, so that results do not depend on which one a
        # machine has
        arguments += [
            "--universal",
            "--python-version",
            environment.minimum_python,
            "--fork-strategy",
            "fewest",
        ]
    else:
        arguments += _target(environment)
    return [*arguments, *exclude_newer(environment)]


def _target(environment: Environment) -> list[str]:
    """Resolve with the target interpreter: old source packages need it to build their metadata.

    If conda brings Python and the machine has none of that version, only the version is given.
    """
    try:
        return ["--python", str(find_interpreter(environment).executable)]
    except EnvironmentFailed:
        if not environment.conda:
            raise
        return ["--python-version", environment.minimum_python]


def _explain(environment: Environment, said: str) -> str:
    """Say why the resolver failed, and what to do if an index with local versions is missing."""
    hint = ""
    if _LOCAL_VERSION.search(said):
        hint = (
            "; a version with +... is not on the public registry: set UV_FIND_LINKS to a folder"
            " with its wheel, or UV_INDEX to an index that has it (or find-links / extra-index-url"
            " in pip's configuration)"
        )
    return (
        f"{environment.name}: {environment.file} cannot be resolved for"
        f" {environment.variant or 'any'}: {said}{hint}"
    )


def _packages_of(file: Path) -> tuple[LockedPackage, ...]:
    """Read the packages of an old lock; one that is absent or damaged counts as empty."""
    try:
        return parse_packages(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()


def describe_changes(
    old: tuple[LockedPackage, ...], new: tuple[LockedPackage, ...]
) -> tuple[str, ...]:
    """List what a new lock changes against an old one, a line for each package."""
    before, after = _by_name(old), _by_name(new)
    lines = []
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was is None:
            lines.append(f"+ {name} {_versions(after[name])}")
        elif now is None:
            lines.append(f"- {name} {_versions(was)}")
        elif _versions(was) != _versions(now):
            lines.append(f"  {name} {_versions(was)} -> {_versions(now)}")
        elif was != now:
            lines.append(f"  {name} {_versions(now)}: other archives or markers")
    return tuple(lines)


def _by_name(packages: tuple[LockedPackage, ...]) -> dict[str, list[LockedPackage]]:
    grouped: dict[str, list[LockedPackage]] = {}
    for package in packages:
        grouped.setdefault(package.name, []).append(package)
    return grouped


def _versions(packages: list[LockedPackage]) -> str:
    return ", ".join(package.version for package in packages)

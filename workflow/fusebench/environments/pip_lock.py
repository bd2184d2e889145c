"""The lock of the pip side: ``requirements.lock``, a requirements file with hashes that stock tools install.

Its first lines are comments that say for what it was made, so that a stale lock, a lock for another platform and
a lock edited by hand are told apart::

    # Made by `fusebench lock torch-2`; edit environment.yml instead.
    # request: <sha256 of what environment.yml asks>
    # content: <sha256 of the packages below>
    # python: 3.11
    # platform: linux-x86_64
"""

from __future__ import annotations

import hashlib
import json
import re
import sysconfig
from dataclasses import dataclass

from fusebench.environments.definition import Environment
from fusebench.errors import EnvironmentFailed

ANY_PLATFORM = "any"
_HEADER = re.compile(r"# (request|content|python|platform): (\S+)")
_PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(?:;\s*([^\\]*?))?\s*\\?$")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class LockedPackage:
    """One package of a lock: name, version, environment marker (or empty) and the sha256 of its archives."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class PipLock:
    """A lock that was read: what it was made for, and its packages sorted by name."""

    python: str
    platform: str
    packages: tuple[LockedPackage, ...]


def this_platform() -> str:
    """Name the platform of this machine as locks do, such as ``linux-x86_64``."""
    return sysconfig.get_platform()


def parse_packages(text: str) -> tuple[LockedPackage, ...]:
    """Read the packages of a requirements file with hashes, sorted by name and version.

    Raises:
        ValueError: a line is neither a pinned package, nor a hash, nor a comment.
    """
    packages: list[LockedPackage] = []
    hashes: list[str] = []
    for line in text.splitlines():
        if found := _HASH.findall(line):
            hashes += found
        elif match := _PACKAGE.match(line):
            hashes = []
            packages.append(LockedPackage(match[1], match[2], match[3] or "", ()))
        elif line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"not a pinned package with hashes: {line.strip()!r}")
        if packages:
            last = packages[-1]
            packages[-1] = LockedPackage(last.name, last.version, last.marker, tuple(sorted(hashes)))
    return tuple(sorted(packages, key=lambda package: (package.name, package.version, package.marker)))


def content_hash(packages: tuple[LockedPackage, ...]) -> str:
    """Sha256 (hex) of packages, versions, markers and hashes, whatever their layout in the file."""
    plain = [[package.name, package.version, package.marker, package.hashes] for package in packages]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def format_lock(environment: Environment, requirements: str, platform: str) -> str:
    """Put the header before what the resolver wrote."""
    header = [
        f"# Made by `fusebench lock {environment.name}`; edit environment.yml instead.",
        f"# request: {environment.request}",
        f"# content: {content_hash(parse_packages(requirements))}",
        f"# python: {environment.python}",
        f"# platform: {platform}",
    ]
    return "\n".join(header) + "\n" + requirements.strip() + "\n"


def read_pip_lock(environment: Environment) -> PipLock:
    """Read the pip lock of an environment and hold it against its ``environment.yml``.

    An environment that asks for nothing of pip has no such lock, and an empty one comes back.

    Raises:
        EnvironmentFailed: there is no lock, it is stale, or it was edited by hand; the message names the command.
    """
    if not environment.pip:
        return PipLock(environment.python, ANY_PLATFORM, ())
    file, command = environment.pip_lock, f"run: fusebench lock {environment.name}"
    if not file.is_file():
        raise EnvironmentFailed(f"{environment.name}: not locked: no {file}; {command}")
    text = file.read_text(encoding="utf-8")
    header = {match[1]: match[2] for line in text.splitlines()[:8] if (match := _HEADER.fullmatch(line))}
    try:
        packages = parse_packages(text)
    except ValueError as error:
        raise EnvironmentFailed(
            f"{environment.name}: {file} was edited by hand: {error}; {command}"
        ) from error
    if header.get("content") != (found := content_hash(packages)):
        raise EnvironmentFailed(
            f"{environment.name}: {file} was edited by hand: its packages must hash to {header.get('content')}, "
            f"found {found}; bring it back from git, or {command}"
        )
    if header.get("request") != environment.request:
        raise EnvironmentFailed(
            f"{environment.name}: {file} is stale: it was made for another {environment.file.name}; {command}"
        )
    return PipLock(header.get("python", ""), header.get("platform", ""), packages)


def require_platform(environment: Environment, lock: PipLock) -> None:
    """Refuse a lock that was made for another platform.

    Raises:
        EnvironmentFailed: the lock names a platform that is not this machine's.
    """
    if lock.platform not in (ANY_PLATFORM, this_platform()):
        raise EnvironmentFailed(
            f"{environment.name}: {environment.pip_lock} is a lock for {lock.platform}, this machine is "
            f"{this_platform()}; lock it on a machine like this one: fusebench lock {environment.name}"
        )

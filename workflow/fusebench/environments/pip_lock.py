"""The lock of the pip side: ``requirements.lock``, a requirements file with hashes.

pip and uv can install it as it is. Its first lines are comments that say what it was made for. They
show whether a lock is stale, is for another platform, or was edited by hand, and at which package::

    # Made by `fusebench lock torch-2`; edit environment.yml instead.
    # request: <sha256 of what environment.yml asks>
    # content: <sha256 of the packages below, of python and of platform>
    # python: 3.11
    # platform: linux-x86_64
    # entries: addict=<8 hex digits of the sha256 of its entry> ...
"""

from __future__ import annotations

import hashlib
import json
import re
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass

from fusebench.environments.definition import Environment
from fusebench.errors import EnvironmentFailed

ANY_PLATFORM = "any"
_HEADER = re.compile(r"# (request|content|python|platform|entries): (.*)")
_PACKAGE = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\=]+)\s*(?:;\s*([^\\]*?))?\s*\\?")
_HASH = re.compile(r"\s+--hash=(sha256:[0-9a-f]{64})\s*\\?")


@dataclass(frozen=True)
class LockedPackage:
    """One package of a lock.

    Attributes:
        name: of the package.
        version: of the package.
        marker: environment marker, or empty.
        hashes: sha256 of its archives.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def plain(self) -> list[object]:
        """All its fields in a form for JSON: keys and the hashes of locks are made from them."""
        return [self.name, self.version, self.marker, self.hashes]


@dataclass(frozen=True)
class PipLock:
    """A lock that was read: the Python and platform it was made for, and its packages by name."""

    python: str
    platform: str
    packages: tuple[LockedPackage, ...]


def this_platform() -> str:
    """Name the platform of this machine as locks do, such as ``linux-x86_64``."""
    return sysconfig.get_platform()


def parse_packages(text: str) -> tuple[LockedPackage, ...]:
    """Read the packages of a requirements file with hashes, sorted by name and version.

    Raises:
        ValueError: a line is neither a pinned package, nor one of its hashes, nor a comment.
    """
    packages: list[LockedPackage] = []
    hashes: list[str] = []
    for line in text.splitlines():
        if packages and (found := _HASH.fullmatch(line)):
            hashes.append(found[1])
        elif match := _PACKAGE.fullmatch(line):
            hashes = []
            packages.append(LockedPackage(match[1], match[2], match[3] or "", ()))
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"not a pinned package with hashes: {line.strip()!r}")
        if packages:
            last = packages[-1]
            packages[-1] = LockedPackage(
                last.name, last.version, last.marker, tuple(sorted(hashes))
            )
    return tuple(
        sorted(packages, key=lambda package: (package.name, package.version, package.marker))
    )


def requirements_of(lock: PipLock) -> str:
    """Write the packages of a lock for an installer, and nothing else that its file may contain.

    ``torch===2.13.0``: with ``==`` the installer may take a local version, such as 2.13.0+cpu.
    """
    lines = []
    for package in lock.packages:
        marker = f" ; {package.marker}" if package.marker else ""
        hashes = "".join(f" --hash={one}" for one in package.hashes)
        lines.append(f"{package.name}==={package.version}{marker}{hashes}\n")
    return "".join(lines)


def content_hash(packages: Sequence[LockedPackage], python: str, platform: str) -> str:
    """Sha256 (hex) of packages, versions, markers, hashes and target; layout does not matter."""
    return _sha256([python, platform, [package.plain for package in packages]])


def entry_hashes(packages: Sequence[LockedPackage]) -> dict[str, str]:
    """First 8 hex digits of the sha256 of each package's entry in a lock, by name."""
    names = dict.fromkeys(package.name for package in packages)
    return {
        name: _sha256([one.plain for one in packages if one.name == name])[:8] for name in names
    }


def touched_entries(packages: Sequence[LockedPackage], kept: str) -> str:
    """Name the packages whose entries differ from those in ``kept`` (``name=hash ...``)."""
    was = dict(entry.split("=", 1) for entry in kept.split() if "=" in entry)
    found = entry_hashes(packages)
    said = [f"{name} is missing" for name in was if name not in found]
    said += [f"{name} was added" for name in found if name not in was]
    said += [
        f"the entry of {name} is another"
        for name in found
        if found[name] != was.get(name, found[name])
    ]
    return ", ".join(said) if was else ""


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def format_lock(environment: Environment, requirements: str, platform: str) -> str:
    """Put the header before what the resolver wrote."""
    packages = parse_packages(requirements)
    entries = " ".join(f"{name}={digest}" for name, digest in entry_hashes(packages).items())
    header = [
        f"# Made by `fusebench lock {environment.name}`; edit environment.yml instead.",
        f"# request: {environment.request}",
        f"# content: {content_hash(packages, environment.python, platform)}",
        f"# python: {environment.python}",
        f"# platform: {platform}",
        f"# entries: {entries}",
    ]
    return "\n".join(header) + "\n" + requirements.strip() + "\n"


def read_pip_lock(environment: Environment) -> PipLock:
    """Read the pip lock of an environment and check it against its ``environment.yml``.

    An environment without pip packages has no such lock; then an empty lock comes back.

    Raises:
        EnvironmentFailed: there is no lock, it is stale, or it was edited by hand; the message
            names the command.
    """
    if not environment.pip:
        return PipLock(environment.python, ANY_PLATFORM, ())
    file, command = environment.pip_lock, f"run: fusebench lock {environment.name}"
    if not file.is_file():
        raise EnvironmentFailed(f"{environment.name}: not locked: no {file}; {command}")
    try:
        text = file.read_text(encoding="utf-8")
        packages = parse_packages(text)
    except ValueError as error:
        raise EnvironmentFailed(
            f"{environment.name}: {file} was edited by hand: {error}; bring it back from git, or"
            f" {command}"
        ) from error
    header = {
        match[1]: match[2] for line in text.splitlines()[:8] if (match := _HEADER.fullmatch(line))
    }
    lock = PipLock(header.get("python", ""), header.get("platform", ""), packages)
    _refuse_edited(environment, lock, header, command)
    if header.get("request") != environment.request:
        raise EnvironmentFailed(
            f"{environment.name}: {file} is stale: it was made for another"
            f" {environment.file.name}; {command}"
        )
    return lock


def _refuse_edited(
    environment: Environment, lock: PipLock, header: dict[str, str], command: str
) -> None:
    """Check packages, Python and platform of a lock against the hashes in its header."""
    found = content_hash(lock.packages, lock.python, lock.platform)
    if header.get("content") == found:
        return
    require_platform(environment, lock)
    touched = touched_entries(lock.packages, header.get("entries", ""))
    raise EnvironmentFailed(
        f"{environment.name}: {environment.pip_lock} was edited by hand: "
        f"{touched or 'its header (content, python, platform)'}; the whole must hash to"
        f" {header.get('content')}, found {found}; bring it back from git, or {command}"
    )


def require_platform(environment: Environment, lock: PipLock) -> None:
    """Refuse a lock that was made for another platform.

    Raises:
        EnvironmentFailed: the lock names a platform that is not this machine's.
    """
    if lock.platform not in (ANY_PLATFORM, this_platform()):
        raise EnvironmentFailed(
            f"{environment.name}: {environment.pip_lock} is a lock for {lock.platform}, this"
            f" machine is {this_platform()}; lock it on a machine like this one: fusebench lock"
            f" {environment.name}"
        )

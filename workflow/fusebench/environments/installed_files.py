"""Holding installed files against the RECORDs of the wheels that they came from."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_DIST_INFO = re.compile(r"(?P<name>[^/]+?)-(?P<version>[^/-]+)\.dist-info")


@dataclass(frozen=True)
class RecordedFile:
    """One line of a wheel's RECORD: the package, the file (relative to the environment) and its sha256 in hex."""

    package: str
    path: str
    sha256: str


@dataclass(frozen=True, order=True)
class Difference:
    """One way in which an environment differs from its lock: the package (or empty), the file, what was found."""

    package: str
    path: str
    found: str

    def __str__(self) -> str:
        """One line for a message."""
        return f"{self.path}: {self.found}" + (f" (of {self.package})" if self.package else "")


def file_sha256(path: Path) -> str:
    """Sha256 (hex) of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_of(root: Path) -> dict[str, Path]:
    """Every file below ``root`` by its path relative to it; links to folders count as files and are not entered."""
    found: dict[str, Path] = {}
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in [*files, *links]:
            path = Path(folder) / name
            found[path.relative_to(root).as_posix()] = path
    return found


def installed_packages(root: Path) -> dict[str, str]:
    """Normalised name and version of every package that has a ``.dist-info`` folder below ``root``."""
    return {
        normalised(match["name"]): match["version"]
        for folder in _dist_infos(root)
        if (match := _DIST_INFO.fullmatch(folder.name))
    }


def normalised(name: str) -> str:
    """Name of a package as the registry compares names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def recorded_files(root: Path) -> Iterator[RecordedFile]:
    """Yield what the RECORDs below ``root`` say about files that have a hash there.

    Bytecode is left out: some wheels ship it, and it is compiled anew here.
    """
    for folder in _dist_infos(root):
        site, package = folder.parent, normalised(folder.name.split("-")[0])
        for line in csv.reader((folder / "RECORD").read_text(encoding="utf-8").splitlines()):
            if len(line) >= 2 and line[1].startswith("sha256=") and not line[0].endswith(".pyc"):
                path = Path(os.path.normpath(site / line[0])).relative_to(root).as_posix()
                yield RecordedFile(package, path, _hexadecimal(line[1]))


def check_records(root: Path) -> list[Difference]:
    """List the files below ``root`` that are missing or have other bytes than their wheel's RECORD says."""
    expected = list(recorded_files(root))
    actual = hash_files(root, (entry.path for entry in expected))
    differences = []
    for entry in expected:
        found = actual.get(entry.path)
        if found != entry.sha256:
            said = f"has sha256 {found}, RECORD says {entry.sha256}" if found else "is missing"
            differences.append(Difference(entry.package, entry.path, said))
    return differences


def hash_files(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Sha256 of each file of ``paths`` that exists below ``root``; of a link, its target's name is what is hashed."""
    wanted = [path for path in dict.fromkeys(paths) if os.path.lexists(root / path)]
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        return dict(zip(wanted, pool.map(lambda path: _digest(root / path), wanted), strict=True))


def _digest(path: Path) -> str:
    if path.is_symlink():
        return hashlib.sha256(f"link to {path.readlink()}".encode()).hexdigest()
    return file_sha256(path)


def _dist_infos(root: Path) -> list[Path]:
    """Folders of installed packages; ``lib64`` of a virtual environment is a link to ``lib``."""
    return sorted(file.parent for file in root.glob("lib/python3*/site-packages/*.dist-info/RECORD"))


def _hexadecimal(recorded: str) -> str:
    digest = recorded.removeprefix("sha256=")
    return base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex()

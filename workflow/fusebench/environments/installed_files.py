"""Checking installed files against the RECORDs of the wheels that they came from."""

# Names are strings here: with 40 000 files, Path objects cost more than hashing 1.7 GB does.
# ruff: noqa: PTH114, PTH115

from __future__ import annotations

import binascii
import csv
import hashlib
import json
import os
import re
import stat
from collections.abc import Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fusebench.environments.conda_meta import conda_records
from fusebench.hashes import sha256_of_file, sha256_of_json

RECEIPT = "fusebench-receipt.json"
"""What a build says of the environment, inside its folder."""

MANIFEST = "fusebench-files.json"
"""Every file of a built environment with its sha256."""

_URL_SAFE = str.maketrans("-_", "+/")
_OF_INSTALLER = re.compile(
    r"\.pyc$|\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json|uv_.*)$"
)
_DIST_INFO = re.compile(r"(?P<name>[^/]+?)-(?P<version>[^/-]+)\.dist-info")


@dataclass(frozen=True)
class RecordedFile:
    """One line of a wheel's RECORD.

    Attributes:
        package: the wheel's package.
        path: the file, relative to the environment.
        sha256: of the file, in hex.
    """

    package: str
    path: str
    sha256: str


@dataclass(frozen=True, order=True)
class Difference:
    """One way in which an environment differs from its lock.

    Attributes:
        package: the package, or empty.
        path: the file.
        found: what was found.
    """

    package: str
    path: str
    found: str

    def __str__(self) -> str:
        """One line for a message."""
        return f"{self.path}: {self.found}" + (f" (of {self.package})" if self.package else "")


def files_of(root: Path) -> list[str]:
    """List every file below ``root``, relative to it and sorted.

    Links to folders count as files and are not followed.
    """
    found: list[str] = []
    start = len(str(root)) + 1
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if os.path.islink(f"{folder}/{name}")]
        found += [f"{folder}/{name}"[start:] for name in [*files, *links]]
    return sorted(found)


def installed_packages(root: Path) -> dict[str, str]:
    """Normalised name and version of every package below ``root`` that came from a wheel."""
    return {
        normalised(match["name"]): match["version"]
        for folder in _wheels(root)
        if (match := _DIST_INFO.fullmatch(folder.name))
    }


def installed_digest(digests: Mapping[str, str]) -> str:
    """Return the sha256 over the files that packages have put into ``site-packages``.

    It is the same wherever the environment lies and whenever it was built: bytecode does not count,
    nor do the notes of the installer, which name the scripts of ``bin`` with their hashes.

    Args:
        digests: path of a file -> its sha256.
    """
    return sha256_of_json(
        {
            path.partition("/site-packages/")[2]: digest
            for path, digest in digests.items()
            if "/site-packages/" in path and not _OF_INSTALLER.search(path)
        }
    )


def normalised(name: str) -> str:
    """Name of a package as the registry compares names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def recorded_files(root: Path) -> Iterator[RecordedFile]:
    """Yield what the RECORDs below ``root`` say about files that have a hash there.

    Bytecode is left out: some wheels ship it, and it is compiled again here. So are the scripts in
    ``bin``, which are made for the folder they lie in.
    """
    for package, path, digest in _record_lines(root):
        if (
            digest.startswith("sha256=")
            and not path.endswith(".pyc")
            and not path.startswith("bin/")
        ):
            yield RecordedFile(package, path, _hexadecimal(digest))


def unrecorded_files(root: Path, paths: Iterable[str], own: Container[str]) -> list[Difference]:
    """List the files of ``paths`` in ``site-packages`` that no RECORD and no conda package names.

    ``own`` are files that were there before packages were installed. The package of a file is
    guessed from its folder, and empty where the folder tells nothing.
    """
    named, folders = set(conda_records(root)), {}
    for package, path, _ in _record_lines(root):
        named.add(path)
        folders[_top_folder(path)] = package
    folders[""] = ""
    strange = [
        path
        for path in paths
        if "/site-packages/" in path
        and not path.endswith(".pyc")
        and path not in named
        and path not in own
    ]
    return [
        Difference(folders.get(_top_folder(path), ""), path, "is in no RECORD") for path in strange
    ]


def _top_folder(path: str) -> str:
    """``lib/python3.8/site-packages/torch/nn/x.py`` -> ``torch``; empty for a file in no folder."""
    folder, _, rest = path.partition("/site-packages/")[2].partition("/")
    return folder if rest else ""


def _record_lines(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield package, file and hash (as it is written) of every line of every RECORD.

    A RECORD that cannot be read yields itself, with a hash that no file has.
    """
    for folder in _wheels(root):
        site = folder.parent.relative_to(root).as_posix()
        package = normalised(folder.name.split("-")[0])
        try:
            lines = list(csv.reader((folder / "RECORD").read_text(encoding="utf-8").splitlines()))
        except (OSError, ValueError, csv.Error):
            yield package, f"{site}/{folder.name}/RECORD", "sha256=unreadable"
            continue
        for line in lines:
            if len(line) >= 2:
                path = f"{site}/{line[0]}"
                yield package, os.path.normpath(path) if ".." in line[0] else path, line[1]


def check_records(
    root: Path, digests: dict[str, str], wrong: Mapping[str, str]
) -> list[Difference]:
    """List the files below ``root`` that are missing or differ from their wheel's RECORD.

    ``digests`` holds the sha256 of every file below ``root``, as :func:`hash_files` gives it.
    ``wrong`` holds the sha256 of files, named with their folder, whose RECORD is known to be wrong.
    """
    differences = []
    for entry in recorded_files(root):
        found = digests.get(entry.path)
        if found != entry.sha256 and wrong.get("/".join(entry.path.split("/")[-2:]), "") != found:
            said = f"has sha256 {found}, RECORD says {entry.sha256}" if found else "is missing"
            differences.append(Difference(entry.package, entry.path, said))
    return differences


def hash_files(
    root: Path, paths: Iterable[str], known: Mapping[int, str] | None = None
) -> dict[str, str]:
    """Sha256 of each file of ``paths`` that exists below ``root``.

    For a link, its target's name is hashed. ``known`` gives the sha256 of inodes that need not be
    read.
    """
    found = {path: status for path in paths if (status := _status(f"{root}/{path}"))}
    digests = (
        {path: known[status.st_ino] for path, status in found.items() if status.st_ino in known}
        if known
        else {}
    )
    wanted = [(path, status.st_mode) for path, status in found.items() if path not in digests]
    workers = len(os.sched_getaffinity(0))
    shares = [wanted[first::workers] for first in range(workers)]
    with ThreadPoolExecutor(workers) as pool:  # hashing releases Python's global lock (GIL)
        for hashed in pool.map(
            lambda share: [(path, _digest(f"{root}/{path}", mode)) for path, mode in share], shares
        ):
            digests.update(hashed)
    return digests


def _status(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _digest(path: str, mode: int) -> str:
    """Sha256 (hex) of a file, or of a link's target name."""
    if stat.S_ISLNK(mode):
        return hashlib.sha256(f"link to {os.readlink(path)}".encode()).hexdigest()
    return sha256_of_file(Path(path))


def _wheels(root: Path) -> list[Path]:
    """``.dist-info`` folders that came from wheels, not from conda packages.

    ``lib64`` of a virtual environment is a link to ``lib``.
    """
    conda = conda_records(root)
    folders = sorted(
        file.parent for file in root.glob("lib/python3*/site-packages/*.dist-info/RECORD")
    )
    return [folder for folder in folders if f"{folder.relative_to(root)}/METADATA" not in conda]


def _hexadecimal(recorded: str) -> str:
    """Turn a RECORD's hash into hexadecimal digits.

    A hash that is no base64 comes back as it is, and equals no file's.
    """
    digest = recorded.removeprefix("sha256=").translate(_URL_SAFE)
    try:
        return binascii.a2b_base64(digest + "=" * (-len(digest) % 4)).hex()
    except ValueError:
        return recorded


def one_a_line(value: Mapping[str, object]) -> str:
    """JSON with one entry on each line, by json's fast encoder, which cannot indent."""
    return json.dumps(value, separators=(",\n", ": ")) + "\n"

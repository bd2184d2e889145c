"""What built environments know about files that a new one shares with them by hard links.

Reading and hashing 30 000 files takes longer than linking them. A file need not be read again if it
was hashed when an environment was sealed and its inode was not touched since. The kernel's change
time shows this; no program can set it.
"""

# Names are strings here: with 30 000 files, Path objects cost more than all the rest.
from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import EnvironmentMarker
from fusebench.environments.installed_files import MANIFEST, RECEIPT, one_a_line
from fusebench.errors import UnreadableFile

STAMPS = "fusebench-stamps.json"
"""The change time of every file of a built environment when it was sealed, in nanoseconds."""


@dataclass(frozen=True)
class Donor:
    """The files of a built environment.

    Attributes:
        folder: of the environment.
        inodes: inode of each file.
        digests: sha256 of each file when the environment was sealed.
        untouched: the files that were not touched since.
    """

    folder: Path
    inodes: dict[str, int]
    digests: dict[str, str]
    untouched: set[str]


def donors_for(envs: Path, packages: Iterable[tuple[str, str]]) -> list[Donor]:
    """Return up to three built environments that share packages, those that share most first.

    Call it before anything is linked to their files: a new link changes the inode's change time.

    Args:
        envs: the folder of built environments.
        packages: normalised name and version of each package that the new one will hold.
    """
    wanted = dict(packages)
    shared: dict[Path, int] = {}
    for stamps in envs.glob(f"*/{STAMPS}"):
        with suppress(OSError, UnreadableFile):
            receipt = read_stored(stamps.with_name(RECEIPT), EnvironmentMarker)
            shared[stamps.parent] = len(receipt.packages.items() & wanted.items())
    chosen = sorted(
        (folder for folder, count in shared.items() if count), key=lambda folder: -shared[folder]
    )
    return [donor for folder in chosen[:3] if (donor := _read_donor(folder))]


def _read_donor(folder: Path) -> Donor | None:
    """Read what an environment says of its files; None if it was removed or cannot be read."""
    try:
        stamps = json.loads((folder / STAMPS).read_text(encoding="utf-8"))
        digests = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        found = {path: os.lstat(f"{folder}/{path}") for path in digests}
    except (OSError, ValueError, TypeError):
        return None
    inodes = {path: status.st_ino for path, status in found.items()}
    untouched = {path for path, status in found.items() if status.st_ctime_ns == stamps.get(path)}
    return Donor(folder, inodes, digests, untouched)


def write_stamps(root: Path, sealed: Mapping[str, os.stat_result]) -> None:
    """Record the change times of an environment's files, after the last change to them."""
    stamps = {path: status.st_ctime_ns for path, status in sealed.items()}
    (root / STAMPS).write_text(one_a_line(stamps), encoding="utf-8")


def known_digests(donors: Iterable[Donor]) -> dict[int, str]:
    """Return the sha256 of all untouched files of all donors by their inodes."""
    return {donor.inodes[path]: donor.digests[path] for donor in donors for path in donor.untouched}

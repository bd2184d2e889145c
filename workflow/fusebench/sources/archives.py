"""One file out of a downloaded archive, without trusting the archive.

Only the member that an entry names is read, and it is written where fusebench says: paths, links
and modes of the archive are never used. zip and tar need nothing; 7z and rar need the system's
libarchive.
"""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import Any

from fusebench.errors import WeightsMissing
from fusebench.texts import first_of

BLOCK = 1 << 20
MOST_BYTES = 50 * 10**9
"""The largest file that is unpacked where its size is not known beforehand."""
MOST_NAMED = 5

NO_LIBARCHIVE = (
    "is a 7z or rar archive, and this machine has no libarchive to read it; install it (package"
    " libarchive13 of Debian; libarchive of Fedora, conda-forge and Homebrew), or unpack the"
    " archive yourself and give the file to `fusebench weights`"
)

ASKS_FOR_A_PASSWORD = (
    "asks for a password; unpack it yourself and give the file to `fusebench weights`"
)
DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
)
"""What the standard library raises while it reads a damaged archive."""


@dataclass(frozen=True)
class Member:
    """A file of an archive.

    Attributes:
        name: its path in the archive.
        is_file: whether it is a file, and no folder, link or device.
        blocks: gives its content.
    """

    name: str
    is_file: bool
    blocks: Callable[[], Iterable[bytes]]


def take_member(archive: Path, member: str, target: Path, most: int = MOST_BYTES) -> None:
    """Write one file of an archive.

    Args:
        archive: zip, tar, 7z or rar; its content decides which.
        member: the path of the file in it.
        target: where it is written; its folder is there.
        most: the size in bytes that it may have.

    Raises:
        WeightsMissing: it is no archive, is damaged or protected by a password, lacks the file, or
            the file is a link or too large.
    """
    part = target.with_name(f"{target.name}.unpacked")
    try:
        _take(archive, member, part, most)
        part.replace(target)
    except DAMAGED as error:
        raise WeightsMissing(f"{archive.name} must be a whole archive; {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _take(archive: Path, member: str, part: Path, most: int) -> None:
    names = []
    for found in _members(archive):
        if normpath(found.name.replace("\\", "/")) == normpath(member):
            if not found.is_file:
                raise WeightsMissing(
                    f"{member} of {archive.name} must be a file; found a link or a folder"
                )
            _write(found, part, most)
            return
        names.append(found.name)
    raise WeightsMissing(
        f"{archive.name} must hold {member}; found {_alike(names, member)}; correct `member` of the"
        " entry"
    )


def _alike(names: list[str], member: str) -> str:
    """Return the files of an archive, first those with the name that was looked for."""
    last = member.rpartition("/")[2]
    names = sorted(names, key=lambda name: name.rpartition("/")[2] != last)
    return first_of(names, MOST_NAMED) or "nothing in it"


def _write(member: Member, part: Path, most: int) -> None:
    size = 0
    with part.open("wb") as stream:
        for block in member.blocks():
            size += len(block)
            if size > most:
                raise WeightsMissing(f"{member.name} must have at most {most} bytes; it has more")
            stream.write(block)


def _members(archive: Path) -> Iterator[Member]:
    """Yield the files of an archive."""
    if zipfile.is_zipfile(archive):
        return _zip_members(archive)
    if tarfile.is_tarfile(archive):
        return _tar_members(archive)
    return _other_members(archive)


def _zip_members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)

            def blocks(info: zipfile.ZipInfo = info) -> Iterator[bytes]:
                if info.flag_bits & 1:
                    raise WeightsMissing(f"{archive.name} {ASKS_FOR_A_PASSWORD}")
                with opened.open(info) as stream:
                    yield from iter(lambda: stream.read(BLOCK), b"")

            yield Member(info.filename, not info.is_dir() and kind in (0, stat.S_IFREG), blocks)


def _tar_members(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive) as opened:
        for info in opened:

            def blocks(info: tarfile.TarInfo = info) -> Iterator[bytes]:
                stream = opened.extractfile(info)
                assert stream is not None
                with stream:
                    yield from iter(lambda: stream.read(BLOCK), b"")

            yield Member(info.name, info.isfile(), blocks)


def _other_members(archive: Path) -> Iterator[Member]:
    """Yield the files of an archive that libarchive knows: 7z, rar and others."""
    try:
        import libarchive
    except (ImportError, OSError, AttributeError, TypeError) as error:  # no library, or not found
        raise WeightsMissing(f"{archive.name} {NO_LIBARCHIVE}") from error
    damaged = libarchive.exception.ArchiveError
    with _told(archive, damaged), libarchive.file_reader(str(archive)) as entries:
        for entry in entries:

            def blocks(entry: Any = entry) -> Iterator[bytes]:
                with _told(archive, damaged):
                    yield from entry.get_blocks()

            yield Member(entry.pathname, entry.isfile, blocks)


@contextmanager
def _told(archive: Path, kind: type[Exception]) -> Iterator[None]:
    """Turn an error of libarchive into one that says what to do."""
    try:
        yield
    except kind as error:
        if "ncrypt" in str(error) or "assphrase" in str(error):
            raise WeightsMissing(f"{archive.name} {ASKS_FOR_A_PASSWORD}") from error
        raise WeightsMissing(
            f"{archive.name} must be a whole archive (zip, tar, 7z, rar); {error}"
        ) from error


def room_for(folder: Path) -> int:
    """Return the bytes that are free in a folder, as a limit for what is unpacked there."""
    return min(MOST_BYTES, shutil.disk_usage(folder).free)

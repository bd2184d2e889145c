"""One file out of a downloaded archive: zip, tar, 7z and rar, of which nothing else is trusted."""

from __future__ import annotations

import builtins
import io
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fusebench.errors import WeightsMissing
from fusebench.sources.archives import take_member

CONTENT = b"trained parameters" * 1000


def _zip(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _tar(path: Path, **members: bytes) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def _seven_zip(path: Path, **members: bytes) -> None:
    libarchive = pytest.importorskip("libarchive")
    with libarchive.file_writer(str(path), "7zip") as archive:
        for name, content in members.items():
            archive.add_file_from_memory(name, len(content), content)


def _number(value: int) -> bytes:
    """Return a number as RAR 5 writes it: seven bits in a byte, the lowest first."""
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _number(high) if high else bytes([low])


def _block(*fields: int, text: bytes = b"", data: bytes = b"") -> bytes:
    """Return a header of RAR 5, with its size and checksum, and the data that follow it."""
    header = b"".join(map(_number, fields)) + text
    header = _number(len(header)) + header
    return zlib.crc32(header).to_bytes(4, "little") + header + data


def _rar(path: Path, **members: bytes) -> None:
    """Write a RAR 5 archive whose files are stored without compression."""
    parts = [b"Rar!\x1a\x07\x01\x00", _block(1, 0, 0)]
    for name, content in members.items():
        size, text = len(content), name.encode()
        parts.append(
            _block(2, 2, size, 0, size, 0o100644, 0, 1, len(text), text=text, data=content)
        )
    path.write_bytes(b"".join([*parts, _block(5, 0, 0)]))


@pytest.mark.parametrize("write", [_zip, _tar, _seven_zip, _rar])
def test_a_file_is_taken_out_of_every_kind_of_archive(
    write: Callable[..., None], tmp_path: Path
) -> None:
    """The content decides what kind it is, not the name."""
    if write is _rar:
        pytest.importorskip("libarchive")
    write(tmp_path / "download", **{"other.txt": b"x", "top/a.pth": CONTENT})
    take_member(tmp_path / "download", "top/a.pth", tmp_path / "a.pth")
    assert (tmp_path / "a.pth").read_bytes() == CONTENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pth", "download"]


@pytest.mark.parametrize("write", [_zip, _tar, _seven_zip])
def test_an_archive_without_the_member_says_what_it_holds(
    write: Callable[..., None], tmp_path: Path
) -> None:
    """A file of the same name in another folder is named first."""
    write(tmp_path / "w", **{"b.pth": b"x", "deep/a.pth": b"x"})
    with pytest.raises(
        WeightsMissing, match=r"must hold a\.pth; found deep/a\.pth, b\.pth; correct"
    ):
        take_member(tmp_path / "w", "a.pth", tmp_path / "a.pth")


def test_paths_of_an_archive_are_never_used(tmp_path: Path) -> None:
    """A member that would lie outside the folder is written nowhere."""
    (tmp_path / "in").mkdir()
    _zip(tmp_path / "in/w.zip", **{"../evil.pth": b"x", "a.pth": CONTENT})
    take_member(tmp_path / "in/w.zip", "a.pth", tmp_path / "in/a.pth")
    assert not (tmp_path / "evil.pth").exists()


def test_links_of_a_tar_are_refused(tmp_path: Path) -> None:
    """A symbolic link could give any file of this machine as weights."""
    with tarfile.open(tmp_path / "w.tar", "w") as archive:
        info = tarfile.TarInfo("a.pth")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(WeightsMissing, match="must be a file; found a link"):
        take_member(tmp_path / "w.tar", "a.pth", tmp_path / "a.pth")


def test_links_of_a_zip_are_refused(tmp_path: Path) -> None:
    """A zip tells a link by the mode of its member."""
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        info = zipfile.ZipInfo("a.pth")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(WeightsMissing, match="must be a file; found a link"):
        take_member(tmp_path / "w.zip", "a.pth", tmp_path / "a.pth")


def test_a_file_that_grows_beyond_its_size_is_stopped(tmp_path: Path) -> None:
    """A small archive can hold a file that fills the disk; nothing of it stays."""
    _zip(tmp_path / "w.zip", **{"a.pth": bytes(10_000_000)})
    with pytest.raises(WeightsMissing, match="must have at most 5000000 bytes"):
        take_member(tmp_path / "w.zip", "a.pth", tmp_path / "a.pth", 5_000_000)
    assert [path.name for path in tmp_path.iterdir()] == ["w.zip"]


@pytest.mark.parametrize("write", [_zip, _tar, _seven_zip])
def test_a_damaged_archive_is_told(write: Callable[..., None], tmp_path: Path) -> None:
    """An archive that was cut off gives a state, not a traceback."""
    import random

    content = random.Random(0).randbytes(200_000)
    write(tmp_path / "w", **{"a.pth": content})
    (tmp_path / "w").write_bytes((tmp_path / "w").read_bytes()[:100_000])
    with pytest.raises(WeightsMissing, match="must be a whole archive"):
        take_member(tmp_path / "w", "a.pth", tmp_path / "a.pth")


def test_without_libarchive_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only 7z and rar need it: zip and tar go on working."""
    there = builtins.__import__

    def refuse(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("libarchive"):
            raise OSError("libarchive.so: cannot open shared object file")
        return there(name, *args, **options)

    _rar(tmp_path / "w.rar", **{"a.pth": CONTENT})
    _zip(tmp_path / "w.zip", **{"a.pth": CONTENT})
    monkeypatch.delitem(sys.modules, "libarchive", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(WeightsMissing, match=r"no libarchive to read it; install it \(package"):
        take_member(tmp_path / "w.rar", "a.pth", tmp_path / "a.pth")
    take_member(tmp_path / "w.zip", "a.pth", tmp_path / "a.pth")


def test_a_locked_archive_asks_a_person(tmp_path: Path) -> None:
    """A zip with a password is opened by the person who has it."""
    _zip(tmp_path / "w.zip", **{"a.pth": CONTENT})
    content = bytearray((tmp_path / "w.zip").read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of encryption in the directory
    (tmp_path / "w.zip").write_bytes(content)
    with pytest.raises(WeightsMissing, match="asks for a password; unpack it yourself"):
        take_member(tmp_path / "w.zip", "a.pth", tmp_path / "a.pth")

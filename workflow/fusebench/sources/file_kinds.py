"""What a file is that was downloaded as weights, by its first bytes.

A page of a website (a warning of Google Drive, a login, an error) must not be kept as weights:
torch would refuse it only when the method runs, and with another message.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from fusebench.errors import WeightsMissing
from fusebench.texts import plain

LFS_HEADER = b"version https://git-lfs.github.com/spec/"

ZIP, HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(1, 6))
PICKLE_OF_TEXT = re.compile(rb"\([dlt]p?\d*\n|c[\w.]+\n")
"""How a dictionary, list, tuple or object begins in protocol 0, which has no mark of its own."""
SEVEN_ZIP, RAR, GZIP = b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b"

ARCHIVES = {SEVEN_ZIP: "a 7z archive", RAR: "a RAR archive", GZIP: "a gzip archive"}
TORCH = frozenset({".pth", ".pt", ".pkl", ".ckpt", ".pickle"})
"""Suffixes of files that torch or pickle wrote: a pickle, or a zip archive that holds one.

Keras writes HDF5 under any of them.
"""
STARTS = {".h5": (HDF5,), ".hdf5": (HDF5,), ".npz": (ZIP,), ".npy": (b"\x93NUMPY",)}
"""Suffix -> how such a file begins; other suffixes (``.bin``, ``.model``, ...) hold anything."""

SHOWN = 240
"""Characters of a page that a message quotes."""


def refuse_other_kinds(path: Path, name: str) -> None:
    """Refuse a file that cannot be the weights that its name promises.

    Args:
        path: the file.
        name: the name that it gets; its suffix says what it must be.

    Raises:
        WeightsMissing: it is empty, a web page, another text, a git-lfs pointer, an archive, a file
            of another kind, or cut off.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    if found := _never_weights(path, start) or _not_of_suffix(path, Path(name).suffix, start):
        raise WeightsMissing(f"must be a file of weights; found {found}")


def is_page(start: bytes) -> bool:
    """Say whether a file that starts like this is a web page."""
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:400].lower()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or (
        head.startswith((b"<?xml", b"<!--")) and b"<html" in start.lower()
    )


def is_pointer(path: Path) -> bool:
    """Say whether a file is a git-lfs pointer, a text of three lines."""
    with path.open("rb") as stream:
        return stream.read(len(LFS_HEADER)) == LFS_HEADER


def page_text(path: Path) -> str:
    """Return the words of a web page, without its code: the first ``SHOWN`` characters."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(path.read_bytes()[:1_000_000], "html.parser")
    words = " ".join(plain(soup.get_text(" ", strip=True)).split())
    return words if len(words) <= SHOWN else f"{words[:SHOWN]} ..."


def _never_weights(path: Path, start: bytes) -> str:
    """Return what a file is that can be no weights, whatever its name; else an empty text."""
    if not start:
        return "an empty file"
    if is_page(start):
        return f'a web page that says: "{page_text(path)}"'
    if start.startswith(LFS_HEADER):
        return "a git-lfs pointer; the file itself is elsewhere"
    for magic, archive in ARCHIVES.items():
        if start.startswith(magic):
            return f"{archive}; name it in `archive`, and the file in `member`"
    if start.lstrip()[:1] in (b"{", b"<") and _is_text(start):
        return f"a text that begins with {_quoted(start)}"
    return ""


def _not_of_suffix(path: Path, suffix: str, start: bytes) -> str:
    """Return what a file is that its suffix does not promise; else an empty text."""
    if suffix in STARTS and not start.startswith(STARTS[suffix]):
        return f"no {suffix[1:].upper()} file: it begins with {_quoted(start)}"
    if start.startswith(ZIP) and (suffix in TORCH or suffix == ".npz"):
        return _no_checkpoint(path, suffix)
    if suffix in TORCH and not (
        start.startswith((*PICKLES, HDF5))
        or PICKLE_OF_TEXT.match(start)
        or start[257:262] == b"ustar"  # torch before 0.1.10 wrote tar archives
    ):
        return f"neither a pickle nor a checkpoint of torch: it begins with {_quoted(start)}"
    return ""


def _no_checkpoint(path: Path, suffix: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return "a file that is damaged or cut off; download it again"
    if suffix == ".npz" or any(name.endswith(("data.pkl", "constants.pkl")) for name in names):
        return ""
    return (
        f"a zip archive of {', '.join(names[:3]) or 'nothing'}; name it in `archive`, and the file"
        " in `member`"
    )


def _is_text(start: bytes) -> bool:
    return re.search(rb"[\x00-\x08\x0e-\x1f]", start) is None


def _quoted(start: bytes) -> str:
    return repr(start[:24])[1:] if _is_text(start[:24]) else start[:8].hex(" ")

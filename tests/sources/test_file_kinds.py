"""What a download is, by its first bytes: weights, or what a server sends instead."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest
from fusebench.errors import WeightsMissing
from fusebench.sources.file_kinds import SHOWN, page_text, refuse_other_kinds


def _zip_of(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return content.getvalue()


TORCH = _zip_of("model/data.pkl", "model/version")
HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pth", TORCH),
        ("a.pth", pickle.dumps({"a": 1}, protocol=2)),
        ("a.pkl", pickle.dumps({"a": 1}, protocol=0)),
        ("a.pt", HDF5),
        ("a.h5", HDF5),
        ("a.npz", _zip_of("a.npy")),
        ("AMLCA.model", b"\x08\x01any bytes at all"),
        ("x.ckpt.data-00000-of-00001", bytes(40)),
    ],
)
def test_weights_are_taken(name: str, content: bytes, tmp_path: Path) -> None:
    """Files that torch, pickle, Keras or NumPy wrote, and any bytes under another suffix."""
    (tmp_path / "file").write_bytes(content)
    refuse_other_kinds(tmp_path / "file", name)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.model", b"", "an empty file"),
        ("a.model", b"\n <HTML><body>Sign in</body></HTML>", 'a web page that says: "Sign in"'),
        ("a.model", b'{"error": "not found"}', 'a text that begins with \'{"error"'),
        ("a.pth", b"version https://git-lfs.github.com/spec/v1\noid", "a git-lfs pointer"),
        ("a.pth", b"Rar!\x1a\x07\x01\x00", "a RAR archive; name it in `archive`"),
        ("a.pth", b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        ("a.pth", _zip_of("b.pth", "c.pth"), "a zip archive of b.pth, c.pth; name it in `archive`"),
        ("a.pth", TORCH[:-30], "damaged or cut off"),
        ("a.pth", b"some words", "neither a pickle nor a checkpoint of torch"),
        ("a.pth", b"\xff\xd8\xff\xe0\x00\x10", "it begins with ff d8 ff e0"),
        ("a.h5", TORCH, "no H5 file"),
    ],
)
def test_anything_else_is_refused_in_words(
    name: str, content: bytes, told: str, tmp_path: Path
) -> None:
    """The message says what was found, so that nobody has to open the file."""
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(WeightsMissing) as error:
        refuse_other_kinds(tmp_path / "file", name)
    assert told in str(error.value)


def test_a_page_is_quoted_by_its_words(tmp_path: Path) -> None:
    """Code and styles are left out, and a long page is cut."""
    page = "<html><style>p {}</style><script>x()</script><p>Virus scan  warning</p></html>"
    (tmp_path / "page").write_text(page)
    assert page_text(tmp_path / "page") == "Virus scan warning"
    (tmp_path / "page").write_text(f"<html>{'word ' * 500}</html>")
    assert len(page_text(tmp_path / "page")) < SHOWN + 10

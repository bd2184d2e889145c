"""Any damage to a shared package cache is found and repaired."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.environments.building import build
from fusebench.environments.locking import lock
from fusebench.environments.verifying import verify
from fusebench.errors import EnvironmentFailed

from tests.environments.conftest import THIS_PYTHON, MakeEnvironment
from tests.environments.http_server import served_folder

SITE = f"lib/python{THIS_PYTHON}/site-packages"


@pytest.fixture
def unpacked(make_locked: MakeEnvironment, tmp_path: Path) -> Path:
    """The folder of beta 1.5 in uv's cache, after an environment with it was built and removed."""
    folder = make_locked("first", pip="[beta]")
    shutil.rmtree(build(folder, "cpu", tmp_path / "resources").path)
    [info] = (tmp_path / "uv-cache").rglob("beta-1.5.dist-info")
    return info.parent


def change(file: Path, content: bytes) -> None:
    """Write a file of the cache, which is read-only since an environment shared it."""
    if file.exists():
        file.chmod(0o644)
    file.write_bytes(content)


def add_start_file(unpacked: Path) -> None:
    """Add a file that Python runs at every start, and that no package has."""
    change(unpacked / "evil.pth", b"import os\n")


def add_module(unpacked: Path) -> None:
    """Add one more module to the package's folder."""
    change(unpacked / "beta" / "extra.py", b"EVIL = 1\n")


def empty_record(unpacked: Path) -> None:
    """Empty the RECORD and change a module."""
    change(unpacked / "beta-1.5.dist-info" / "RECORD", b"")
    change(unpacked / "beta" / "__init__.py", b"VERSION = 'damaged'\n")


def remove_record(unpacked: Path) -> None:
    """Remove the RECORD."""
    (unpacked / "beta-1.5.dist-info" / "RECORD").unlink()


def binary_record(unpacked: Path) -> None:
    """Replace the RECORD by bytes that are not text."""
    change(unpacked / "beta-1.5.dist-info" / "RECORD", b"\xff\xfe\x00")


def strange_record(unpacked: Path) -> None:
    """Write a hash that is not base64 into the RECORD."""
    change(
        unpacked / "beta-1.5.dist-info" / "RECORD",
        b"beta/__init__.py,sha256=a,1\nbeta-1.5.dist-info/RECORD,,\n",
    )


def append_metadata(unpacked: Path) -> None:
    """Add a line to the metadata."""
    file = unpacked / "beta-1.5.dist-info" / "METADATA"
    change(file, file.read_bytes() + b"Requires-Dist: alpha\n")


def other_version(unpacked: Path) -> None:
    """Change the version in the metadata."""
    file = unpacked / "beta-1.5.dist-info" / "METADATA"
    change(file, file.read_bytes().replace(b"1.5", b"9.9"))


def empty_wheel(unpacked: Path) -> None:
    """Empty the WHEEL file."""
    change(unpacked / "beta-1.5.dist-info" / "WHEEL", b"")


def remove_folder(unpacked: Path) -> None:
    """Remove the unpacked package."""
    shutil.rmtree(unpacked)


def garble_pointers(unpacked: Path) -> None:
    """Damage the files that tell uv where the unpacked package is."""
    pointers = [*unpacked.parents[1].rglob("*.rev")]
    assert pointers
    for pointer in pointers:
        change(pointer, b"garbled")


DAMAGES: list[Callable[[Path], None]] = [
    add_start_file,
    add_module,
    empty_record,
    remove_record,
    binary_record,
    strange_record,
    append_metadata,
    other_version,
    empty_wheel,
    remove_folder,
    garble_pointers,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_repaired_and_not_passed_on(
    damage: Callable[[Path], None],
    unpacked: Path,
    make_locked: MakeEnvironment,
    tmp_path: Path,
) -> None:
    """The next environment is like its archives, verifies, and its receipt notes the repair."""
    folder = make_locked("second", pip="[alpha, beta]")
    damage(unpacked)
    receipt = build(folder, "cpu", tmp_path / "resources")
    site = Path(receipt.path) / SITE
    assert [note.split(";")[0] for note in receipt.notes] in (
        ["repaired from a damaged cache: beta"],
        ["repaired from a damaged cache: alpha, beta"],
    )
    assert (site / "beta" / "__init__.py").read_text().startswith("VERSION = '1.5'")
    assert sorted(
        path.name for path in site.iterdir() if not path.name.startswith("_virtualenv")
    ) == [
        "alpha",
        "alpha-2.0.dist-info",
        "beta",
        "beta-1.5.dist-info",
    ]
    assert not (site / "beta" / "extra.py").exists()
    assert verify(folder, "cpu", tmp_path / "resources", archives=True) == []


def test_damage_without_a_registry_is_told(
    make_environment: MakeEnvironment, tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a damaged package cannot be fetched, the message says what was damaged and what to do."""
    folder = make_environment("small", pip="[beta]")
    with served_folder(wheels) as address:
        monkeypatch.setenv("UV_FIND_LINKS", address)
        lock(folder)
        shutil.rmtree(build(folder, "cpu", tmp_path / "resources").path)
    [info] = (tmp_path / "uv-cache").rglob("beta-1.5.dist-info")
    add_module(info.parent)
    with pytest.raises(
        EnvironmentFailed,
        match=r"run again where (.|\n)*; the package cache held damaged files of beta",
    ):
        build(folder, "cpu", tmp_path / "resources")


def test_file_that_the_registry_lists_and_lacks_is_told(
    make_environment: MakeEnvironment, tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel that is listed but gives 404 was withdrawn; the message does not say run again."""
    name = "beta-1.5-py3-none-any.whl"
    (wheels / "index.html").write_text(f'<a href="{name}">{name}</a>')
    folder = make_environment("small", pip="[beta]")
    with served_folder(wheels) as address:
        monkeypatch.setenv("UV_FIND_LINKS", address)
        lock(folder)
        (wheels / name).unlink()
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty-cache"))
        with pytest.raises(
            EnvironmentFailed, match=r"small: (.|\n)*beta(.|\n)*; withdrawn from the registry"
        ):
            build(folder, "cpu", tmp_path / "resources")

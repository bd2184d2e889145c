"""Verification: every way in which an environment can differ from its lock is found and named."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from fusebench.command import main
from fusebench.environments.building import build
from fusebench.environments.locking import lock
from fusebench.environments.verifying import verify
from fusebench.errors import EnvironmentFailed

from tests.environments.conftest import THIS_PYTHON, MakeEnvironment
from tests.environments.wheelhouse import make_wheel

SITE = f"lib/python{THIS_PYTHON}/site-packages"


@pytest.fixture
def folder(make_locked: MakeEnvironment) -> Path:
    """The folder of a locked environment with alpha 2.0 and beta 1.5."""
    return make_locked()


@pytest.fixture
def environment(folder: Path, tmp_path: Path) -> Path:
    """That environment, built."""
    return Path(build(folder, "cpu", tmp_path / "resources").path)


def write(path: Path, text: str) -> None:
    """Write to a read-only file, as its owner can after a ``chmod``."""
    if path.exists():
        path.chmod(0o644)
    path.write_text(text, encoding="utf-8")


def differences(folder: Path, tmp_path: Path, *, archives: bool = False) -> list[str]:
    """Verify and return the paths that differ."""
    return [
        found.path for found in verify(folder, "cpu", tmp_path / "resources", archives=archives)
    ]


def test_what_was_built_is_what_was_locked(folder: Path, environment: Path, tmp_path: Path) -> None:
    """A new environment differs neither from its records nor from fresh archives."""
    assert environment.is_dir()
    assert differences(folder, tmp_path) == []
    assert differences(folder, tmp_path, archives=True) == []


def test_an_edited_line_is_found(folder: Path, environment: Path, tmp_path: Path) -> None:
    """A changed line is reported with the file, its package and both hashes."""
    write(environment / SITE / "alpha/__init__.py", "VERSION = '2.1'\n")
    [found] = verify(folder, "cpu", tmp_path / "resources")
    assert (found.package, found.path) == ("alpha", f"{SITE}/alpha/__init__.py")
    assert "RECORD says" in str(found)


def test_missing_and_additional_files_are_found(
    folder: Path, environment: Path, tmp_path: Path
) -> None:
    """A module that was removed and one that was added are both named."""
    (environment / SITE / "beta/__init__.py").unlink()
    write(environment / SITE / "sitecustomize.py", "import evil\n")
    assert differences(folder, tmp_path) == [f"{SITE}/sitecustomize.py", f"{SITE}/beta/__init__.py"]


def test_an_extra_package_is_found(folder: Path, environment: Path, tmp_path: Path) -> None:
    """A package that is not in the lock is reported with name, version, and each file."""
    write_package(environment / SITE, "gamma", "0.1")
    found = verify(folder, "cpu", tmp_path / "resources")
    assert "gamma-0.1.dist-info: version 0.1, the lock says nothing of it (of gamma)" in map(
        str, found
    )
    assert f"{SITE}/gamma/__init__.py" in [difference.path for difference in found]


def write_package(site: Path, name: str, version: str) -> None:
    """Install a package the way ``pip install`` would: module, metadata, RECORD."""
    (site / name).mkdir()
    write(site / name / "__init__.py", "x = 1\n")
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    write(info / "RECORD", f"{name}/__init__.py,{_recorded('x = 1' + chr(10))},6\n")


def _recorded(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    return f"sha256={digest}"


def test_bytecode_and_scripts_are_held_against_the_build(
    folder: Path, environment: Path, tmp_path: Path
) -> None:
    """Files that are in no wheel, such as bytecode and console scripts, are checked too."""
    write(environment / "bin" / "alpha", "#!/bin/sh\n")
    [compiled] = (environment / SITE / "alpha" / "__pycache__").glob("*.pyc")
    write(compiled, "not what was compiled")
    assert differences(folder, tmp_path) == [
        "bin/alpha",
        compiled.relative_to(environment).as_posix(),
    ]


def test_a_file_edited_with_its_record_is_found_in_the_archive(
    folder: Path, environment: Path, tmp_path: Path
) -> None:
    """A file changed together with RECORD, manifest and receipt is found by fresh archives."""
    old, new = (environment / SITE / "beta/__init__.py").read_text(), "VERSION = 'forged'\n"
    write(environment / SITE / "beta/__init__.py", new)
    record = environment / SITE / "beta-1.5.dist-info" / "RECORD"
    write(record, record.read_text().replace(_recorded(old), _recorded(new)))
    manifest, receipt = environment / "fusebench-files.json", environment / "fusebench-receipt.json"
    before = hashlib.sha256(manifest.read_bytes()).hexdigest()
    for was, path in (
        (old, f"{SITE}/beta/__init__.py"),
        ("", record.relative_to(environment).as_posix()),
    ):
        digest = hashlib.sha256((environment / path).read_bytes()).hexdigest()
        lines = manifest.read_text().splitlines()
        write(
            manifest,
            "\n".join(f'"{path}": "{digest}",' if path in line else line for line in lines),
        )
        assert was != new
    write(
        receipt,
        receipt.read_text().replace(before, hashlib.sha256(manifest.read_bytes()).hexdigest()),
    )
    assert differences(folder, tmp_path) == []
    assert differences(folder, tmp_path, archives=True) == [f"{SITE}/beta/__init__.py"]


def test_a_damaged_cache_is_repaired_and_not_passed_on(
    folder: Path, environment: Path, tmp_path: Path, make_environment: MakeEnvironment, wheels: Path
) -> None:
    """A line appended in one environment reaches the shared cache.

    The next build notices and fetches it again.
    """
    write(environment / SITE / "beta/__init__.py", "VERSION = 'damaged'\n")
    make_wheel(wheels, "gamma", "1.0")
    other = make_environment("other", pip="[beta, gamma]")
    lock(other)
    receipt = build(other, "cpu", tmp_path / "resources")
    assert "VERSION = '1.5'" in (Path(receipt.path) / SITE / "beta/__init__.py").read_text()
    assert receipt.notes == [
        "repaired from a damaged cache: beta; other environments that hold it: fusebench verify"
    ]
    assert verify(other, "cpu", tmp_path / "resources") == []
    assert differences(folder, tmp_path) == [f"{SITE}/beta/__init__.py"]


def test_an_archive_with_a_wrong_record_is_noted(
    make_environment: MakeEnvironment, wheels: Path, tmp_path: Path
) -> None:
    """If an archive's own RECORD is wrong (as in torch 1.8.1), the build notes it and verifies."""
    import zipfile

    wheel = make_wheel(wheels, "odd", "1.0")
    with zipfile.ZipFile(wheel) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["odd-1.0.dist-info/METADATA"] += b"Summary: changed after the RECORD was written\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    folder = make_environment("odd", pip="[odd]")
    lock(folder)
    [note] = build(folder, "cpu", tmp_path / "resources").notes
    assert note.startswith(
        f"RECORD of the archive itself is wrong: {SITE}/odd-1.0.dist-info/METADATA"
    )
    assert verify(folder, "cpu", tmp_path / "resources") == []


def test_not_built_is_told(folder: Path, tmp_path: Path) -> None:
    """Verifying an environment that is not built says so."""
    with pytest.raises(EnvironmentFailed, match="small: not built: no whole"):
        verify(folder, "cpu", tmp_path / "resources")


def test_command_ends_with_1_on_a_difference(
    folder: Path, environment: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``fusebench verify ENV`` prints differences and what to do, and then ends with status 1."""
    arguments = [
        "verify",
        "small",
        "--envs",
        str(folder.parent),
        "--resources",
        str(tmp_path / "resources"),
    ]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "small: every file is what the lock says\n"
    write(environment / SITE / "beta/__init__.py", "changed\n")
    assert main(arguments) == 1
    assert f"{SITE}/beta/__init__.py: has sha256" in (out := capsys.readouterr().out)
    assert out.endswith(
        f"small: 1 differences; remove {environment} and {environment}.json"
        " and run the pipeline again\n"
    )

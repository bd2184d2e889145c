"""Octave packages from archives with a sha256: installed into the environment, found by a run."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from fusebench.contracts.markers import EnvironmentMarker
from fusebench.environments.building import build
from fusebench.environments.definition import OctaveArchive, read_environment
from fusebench.environments.key import environment_key
from fusebench.environments.octave_packages import package_list
from fusebench.environments.verifying import verify
from fusebench.errors import EnvironmentFailed
from fusebench.hashes import sha256_of_file

from tests.harness.conftest import Stage
from tests.octave.conftest import needs_octave
from tests.octave.test_launcher import launched

TEXT = """
name: oct
dependencies: [python>=3.11]
x-fusebench:
  octave:
    version: ">=6.1"
    packages:
      answers: {{version: "{version}", url: "{url}", sha256: "{sha256}"}}
"""
DESCRIPTION = """Name: answers
Version: 1.2.3
Date: 2020-01-01
Author: A
Maintainer: A
Title: answers
Description: answers
Categories: answers
Depends: octave (>= 4.0)
"""
FILES = {
    "DESCRIPTION": DESCRIPTION,
    "COPYING": "none",
    "inst/the_answer.m": "function y = the_answer()\n  y = 42;\nend\n",
}
CALLS_IT = """
function img = run_X(imgVI, imgIR, visualization)
  img = uint8(the_answer() * ones(4));
end
"""


def archived(root: Path) -> Path:
    """Write an archive of a package into ``envs/oct``, once: it has the time of its making."""
    target = root / "envs" / "oct" / "answers-1.2.3.tar.gz"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:gz") as archive:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"answers/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return target


def folder(
    root: Path, sha256: str, url: str = "answers-1.2.3.tar.gz", version: str = ">=1.2"
) -> Path:
    """Write ``envs/oct/environment.yml`` and return its folder."""
    made = root / "envs" / "oct"
    made.mkdir(parents=True, exist_ok=True)
    (made / "environment.yml").write_text(TEXT.format(version=version, url=url, sha256=sha256))
    return made


def built(root: Path, **given: str) -> EnvironmentMarker:
    """Build the environment whose archive lies beside its definition."""
    where = folder(root, **({"sha256": sha256_of_file(archived(root))} | given))
    return build(where, "cpu", root / "resources")


@needs_octave
def test_a_package_is_installed_and_found_by_a_run(tmp_path: Path) -> None:
    """The receipt has its version, ``verify`` finds no difference, and code can call it."""
    receipt = built(tmp_path)
    assert receipt.octave and receipt.octave.packages == {"answers": "1.2.3"}
    assert verify(tmp_path / "envs" / "oct", "cpu", tmp_path / "resources") == []
    assert built(tmp_path) == receipt
    stage = Stage(tmp_path / "clone")
    stage.write("methods/X/run_X.m", CALLS_IT)
    done = launched(
        stage,
        ("p1",),
        packages=["answers"],
        package_list=package_list(Path(receipt.path)),
    )
    assert done.returncode == 0 and (stage.root / "out" / "p1.png").exists(), done.stdout


@needs_octave
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sha256": "0" * 64}, "answers must have the sha256 0000"),
        ({"url": "absent.tar.gz"}, "answers cannot be had from file:"),
        ({"version": ">=2"}, "package answers >=2; found 1.2.3"),
    ],
)
def test_what_is_wrong_with_an_archive_is_told(
    tmp_path: Path, given: dict[str, str], words: str
) -> None:
    """Another content, an address that gives nothing, another version: nothing is built."""
    with pytest.raises(EnvironmentFailed) as told:
        built(tmp_path, **given)
    assert words in str(told.value)
    assert not list((tmp_path / "resources" / "envs").glob("*/receipt.json"))


@needs_octave
def test_an_archive_that_cannot_be_installed_is_told(tmp_path: Path) -> None:
    """Octave's own words are in the message."""
    target = archived(tmp_path)
    target.write_bytes(b"not an archive")
    where = folder(tmp_path, sha256_of_file(target))
    with pytest.raises(EnvironmentFailed, match="answers cannot be installed: "):
        build(where, "cpu", tmp_path / "resources")


def test_the_key_depends_on_the_archive(tmp_path: Path) -> None:
    """Another sha256 is another environment; another address of the same file is not."""
    first = environment_key(folder(tmp_path, "a" * 64), "cpu")
    assert environment_key(folder(tmp_path, "b" * 64), "cpu") != first
    where = folder(tmp_path, "a" * 64, "https://example.org/a.tar.gz")
    assert environment_key(where, "cpu") == first
    wanted = read_environment(where, "cpu").octave
    assert wanted and wanted.packages == {"answers": ">=1.2"}
    assert wanted.archives == {
        "answers": OctaveArchive("https://example.org/a.tar.gz", "a" * 64),
    }


@pytest.mark.parametrize(
    ("sha256", "url", "words"),
    [("ab", "x.tar.gz", "sha256` must be 64 lower-case hexadecimal digits"), ("a" * 64, "", "")],
)
def test_a_wrong_archive_is_told(tmp_path: Path, sha256: str, url: str, words: str) -> None:
    """A hash must be whole, and there must be an address."""
    if not url:
        where = folder(tmp_path, sha256)
        text = (where / "environment.yml").read_text().replace("url:", "address:")
        (where / "environment.yml").write_text(text)
        words = "`octave: answers` must have `url` and `sha256`"
    else:
        where = folder(tmp_path, sha256, url)
    with pytest.raises(EnvironmentFailed) as told:
        read_environment(where, "cpu")
    assert words in str(told.value)

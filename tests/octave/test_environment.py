"""An environment with Octave: found, held against its ranges, linked, and kept in the receipt."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.contracts.markers import EnvironmentMarker, OctaveFacts
from fusebench.environments.building import build
from fusebench.environments.definition import WantedOctave, read_environment
from fusebench.environments.key import environment_key
from fusebench.environments.octave import octave_reads
from fusebench.environments.verifying import verify
from fusebench.errors import EnvironmentFailed

from tests.octave.stand_in import write_octave

TEXT = """
name: oct
dependencies: [python>=3.11]
x-fusebench:
  octave:
    version: ">=6.1,<12"
    packages: {image: ">=2.12", signal: }
"""


def folder(root: Path, text: str = TEXT) -> Path:
    """Write ``oct/environment.yml`` and return its folder."""
    made = root / "envs" / "oct"
    made.mkdir(parents=True, exist_ok=True)
    (made / "environment.yml").write_text(text, encoding="utf-8")
    return made


def built(root: Path, text: str = TEXT) -> EnvironmentMarker:
    """Build the environment."""
    return build(folder(root, text), "cpu", root / "resources")


def test_the_octave_of_the_machine_is_linked_and_told(tmp_path: Path, octave: Path) -> None:
    """The receipt has version, program, origin and packages; ``verify`` finds no difference."""
    receipt = built(tmp_path)
    assert receipt.octave == OctaveFacts(
        version="7.3.0",
        executable=str(octave),
        origin="the machine",
        packages={"image": "2.14.0", "signal": "1.4.3"},
    )
    assert (Path(receipt.path) / "bin" / "octave-cli").resolve() == octave
    assert octave_reads(receipt.octave) == (str(octave.parent),)
    assert verify(folder(tmp_path), "cpu", tmp_path / "resources") == []
    assert built(tmp_path) == receipt


def test_the_compiler_beside_octave_is_linked(tmp_path: Path, octave: Path) -> None:
    """``mkoctfile`` of the same folder is the one that compiles mex files."""
    compiler = octave.with_name("mkoctfile")
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    assert (Path(built(tmp_path).path) / "bin" / "mkoctfile").resolve() == compiler


def test_an_octave_that_is_missing_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the version, the program and the packages of the system."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailed) as told:
        built(tmp_path)
    assert str(told.value) == (
        "oct: must have GNU Octave >=6.1,<12; found no octave-cli on PATH: install it (apt install"
        " octave octave-dev octave-image octave-signal), or add it on PATH, and run again"
    )


@pytest.mark.parametrize(
    ("version", "packages", "words"),
    [
        ("5.2.0", "image 2.14.0\nsignal 1.4.3", "GNU Octave >=6.1,<12; found 5.2.0 in"),
        ("7.3.0", "image 2.10.0\nsignal 1.4.3", "package image >=2.12; found 2.10.0 in"),
        ("7.3.0", "image 2.14.0", "package signal of any version; found none in"),
    ],
)
def test_another_version_is_refused(
    tmp_path: Path, octave: Path, version: str, packages: str, words: str
) -> None:
    """Octave and each of its packages must be of their range."""
    write_octave(octave.parent, version, packages)
    with pytest.raises(EnvironmentFailed, match="must have") as told:
        built(tmp_path)
    assert words in str(told.value) and "apt install octave octave-dev octave-image" in str(
        told.value
    )


def test_an_octave_that_does_not_start_is_refused(tmp_path: Path, octave: Path) -> None:
    """What it printed is in the message."""
    octave.write_text("#!/bin/sh\necho no library >&2\nexit 3\n")
    with pytest.raises(EnvironmentFailed, match="must start and name its version; found: no lib"):
        built(tmp_path)


def test_an_octave_that_changed_is_refused(tmp_path: Path, octave: Path) -> None:
    """An upgrade of the machine is told, for results of two versions must not be mixed."""
    receipt = built(tmp_path)
    write_octave(octave.parent, "8.4.0")
    with pytest.raises(EnvironmentFailed) as told:
        built(tmp_path)
    assert "was built with Octave 7.3.0 (image 2.14.0, signal 1.4.3)" in str(told.value)
    assert f"found Octave 8.4.0 (image 2.14.0, signal 1.4.3) at {octave}" in str(told.value)
    assert f"remove {receipt.path}" in str(told.value)
    octave.unlink()
    with pytest.raises(EnvironmentFailed, match="found Octave none"):
        built(tmp_path)


def test_the_key_depends_on_the_ranges(tmp_path: Path) -> None:
    """Another range is another environment; one without Octave keeps its key."""
    first = environment_key(folder(tmp_path), "cpu")
    assert environment_key(folder(tmp_path, TEXT.replace("<12", "<9")), "cpu") != first
    plain = TEXT[: TEXT.index("x-fusebench")]
    assert environment_key(folder(tmp_path, plain), "cpu") == "9074d43beb36ea6d"
    assert read_environment(folder(tmp_path), "cpu").octave == WantedOctave(
        ">=6.1,<12", {"image": ">=2.12", "signal": ""}
    )


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("octave: {packages: {}}", "must have `version` and may have `packages`"),
        ("octave: {version: '>=6', versions: 3}", "must have `version` and may have `packages`"),
        ("octave: {version: 'about 6'}", "`octave: version` must be a range of versions in quotes"),
        ("octave: {version: '>=6', packages: {image: 2.12}}", "found 2.12"),
        ("octave: 6", "`octave` must be a mapping"),
    ],
)
def test_a_wrong_block_is_told(tmp_path: Path, block: str, words: str) -> None:
    """The message says what must stand there, and what was found."""
    text = f"name: oct\ndependencies: [python>=3.11]\nx-fusebench: {{{block}}}\n"
    with pytest.raises(EnvironmentFailed, match=r"environment\.yml") as told:
        read_environment(folder(tmp_path, text), "cpu")
    assert words in str(told.value)

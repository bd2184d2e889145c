"""A script that fails in a damaged environment is not blamed; the environment is built again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Attempts, EnvironmentMarker
from fusebench.environments.building import build
from fusebench.environments.damage import damaged_files, refuse_damaged
from fusebench.errors import EnvironmentFailed
from fusebench.layout import marker_attempts

from tests.environments.conftest import MakeEnvironment


@pytest.fixture
def folder(make_locked: MakeEnvironment) -> Path:
    """The folder of a locked environment with alpha 2.0 and beta 1.5."""
    return make_locked()


@pytest.fixture
def built(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnvironmentMarker:
    """Return an environment of the project in the working folder."""
    monkeypatch.chdir(tmp_path)
    return build(folder, "cpu", Path("resources"))


def module(environment: EnvironmentMarker) -> Path:
    """Return a file of package alpha."""
    (path,) = Path(environment.path).glob("lib/python3*/site-packages/alpha/__init__.py")
    return path


def test_a_whole_environment_is_not_blamed(built: EnvironmentMarker) -> None:
    """Files that were only linked once more are read, and found to be the same."""
    os.link(module(built), Path("another-name"))
    assert damaged_files(Path(built.path)) == []
    refuse_damaged(built)


@pytest.mark.parametrize("kind", ["gone", "changed"])
def test_a_damaged_environment_is_told_and_built_again(
    kind: str, built: EnvironmentMarker, folder: Path
) -> None:
    """The message names the first file; the next build replaces the folder."""
    path = module(built)
    path.unlink()
    if kind == "changed":
        path.write_text("raise ImportError")
    with pytest.raises(EnvironmentFailed, match=r"1 file\(s\) .*alpha/__init__\.py; the next run"):
        refuse_damaged(built)
    counter = Path(marker_attempts(f"resources/envs/{built.key}.json"))
    assert read_stored(counter, Attempts) == Attempts(attempts=1, failed=True)
    again = build(folder, "cpu", Path("resources"))
    assert again.path == built.path and damaged_files(Path(again.path)) == []


def test_an_environment_that_says_nothing_of_its_files_is_not_blamed(tmp_path: Path) -> None:
    """As one that an older fusebench built."""
    assert damaged_files(tmp_path) == []

"""``fusebench fetch``: fetches everything that needs a network, and names what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import git
import pytest
from fusebench.command import main
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import EnvironmentMarker, Manifest, SourceMarker, WeightsMarker
from fusebench.project import HOME

from tests.registry.small import METHOD, SmallProject

SOURCE = "resources/sources/lab+one@000000000000.json"
ENVIRONMENT = "resources/envs/unlocked-small.json"
DATASET = "resources/datasets/pairs.json"
WEIGHTS = "resources/weights/one.json"


@pytest.fixture
def small(tmp_path: Path) -> SmallProject:
    """A project whose environment is not locked, so that nothing large is built."""
    return SmallProject(tmp_path)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that were started instead of Snakemake; each ends well."""
    commands: list[list[str]] = []

    def note(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("fusebench.command.fetch.subprocess.run", note)
    return commands


def had(small: SmallProject) -> None:
    """Write the markers of everything that the small project needs."""
    write_stored(small.root / SOURCE, SourceMarker())
    write_stored(small.root / ENVIRONMENT, EnvironmentMarker())
    write_stored(small.root / DATASET, Manifest())


def fetch(small: SmallProject, *words: str) -> int:
    """Write the project and run the command on it."""
    small.write()
    return main(["fetch", "--project", str(small.root), *words])


def test_what_cannot_be_had_is_named(
    small: SmallProject, capfd: pytest.CaptureFixture[str]
) -> None:
    """Clone, environment and images are named, each with the state and the reason of its marker.

    The workflow is really run.
    """
    mirror = f"{small.root}/mirrors/{{owner}}+{{name}}"
    assert fetch(small, "--mirror", mirror, "--cores", "1") == 1
    told = capfd.readouterr().err.partition("fusebench fetch: ")[2].splitlines()
    assert told[0] == "could not be fetched or built:"
    assert told[1].startswith(f"  {SOURCE}: source-unavailable: no mirror of ")
    assert told[2].startswith(f"  {ENVIRONMENT}: env-failed: small: no ")
    assert told[3].startswith(f"  {DATASET}: skipped: images: must be the folder of your images")
    assert told[4:] == ["The next `fusebench fetch` tries them again."]


def test_the_next_one_tries_again(small: SmallProject, capfd: pytest.CaptureFixture[str]) -> None:
    """A repository that exists now is fetched, and is no longer named."""
    repository = git.Repo.init(small.root / "mirrors" / "lab+one")
    actor = git.Actor("An Author", "author@example.org")
    commit = repository.index.commit("publish", author=actor, committer=actor).hexsha
    mirror = f"{small.root}/mirrors/{{owner}}+{{name}}"
    small.methods["one"]["commit"] = commit
    (small.root / "mirrors").rename(small.root / "away")
    source = f"resources/sources/lab+one@{commit[:12]}.json"
    assert fetch(small, "--mirror", mirror) == 1
    assert f"{source}: source-unavailable" in capfd.readouterr().err
    (small.root / "away").rename(small.root / "mirrors")
    assert fetch(small, "--mirror", mirror) == 1
    told = capfd.readouterr().err.partition("could not be fetched or built:")[2]
    assert source not in told and ENVIRONMENT in told


def test_snakemake_is_asked_for_what_is_fetched(
    small: SmallProject, started: list[list[str]]
) -> None:
    """Snakemake runs this workflow in the project's folder, with two cores and ``--keep-going``."""
    had(small)
    assert fetch(small) == 0
    assert started == [
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(HOME / "workflow/Snakefile")),
            *("--directory", str(small.root), "--cores", "2", "--keep-going", "fetch"),
        ]
    ]


def test_options_are_handed_on(small: SmallProject, started: list[list[str]]) -> None:
    """Suite and mirror become configuration of Snakemake, the number of jobs its ``--cores``."""
    had(small)
    small.config["suites"]["t"] = small.config["suites"]["s"]
    assert fetch(small, "--suite", "s,t", "--mirror", "/m/{name}", "--cores", "5") == 0
    (command,) = started
    assert command[command.index("--cores") + 1] == "5"
    assert command[-3:] == ["--config", "suite=s,t", "mirror=/m/{name}"]


def test_only_what_the_suite_needs_is_missed(
    small: SmallProject, started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """With another suite, only the datasets of that suite are reported as missing."""
    had(small)
    small.datasets["more"] = {**small.datasets["pairs"], "title": "More"}
    small.config["suites"]["t"] = {"methods": ["one"], "datasets": ["more"]}
    assert fetch(small) == 0
    assert fetch(small, "--suite", "t") == 1
    assert "  resources/datasets/more.json: absent: see above\n" in capsys.readouterr().err
    assert len(started) == 2


def test_weights_are_missed_where_they_have_an_address(
    small: SmallProject, started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Weights that a person has to download are named with the reason of their marker."""
    had(small)
    small.methods["one"] = {**METHOD, "weights": [{"path": "w.pth", "page": "https://example.org"}]}
    write_stored(small.root / WEIGHTS, WeightsMarker(state="weights-missing", reason="by hand"))
    assert fetch(small) == 1
    told = capsys.readouterr().err.splitlines()
    assert f"  {WEIGHTS}: weights-missing: by hand" in told
    assert len(started) == 1


def test_the_status_of_snakemake_is_kept(
    small: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is missing and Snakemake failed, the command returns Snakemake's status."""
    had(small)
    monkeypatch.setattr(
        "fusebench.command.fetch.subprocess.run",
        lambda command, **_: subprocess.CompletedProcess(command, 3),
    )
    assert fetch(small) == 3


def test_an_unknown_suite_is_told(small: SmallProject, capfd: pytest.CaptureFixture[str]) -> None:
    """The workflow reports an unknown suite without a traceback."""
    assert fetch(small, "--suite", "nosuch") == 1
    told = capfd.readouterr().err
    assert "(suite): unknown suite 'nosuch'; known: s" in told and "Traceback" not in told

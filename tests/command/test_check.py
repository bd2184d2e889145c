"""``fusebench check``: what the registry holds, or everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.command import main

from tests.registry.small import METHOD, SmallProject

IDLE = {
    **{"title": "I", "tasks": ["medical"], "code": "https://example.org/lab/idle"},
    **{"status": "no-code", "reason": "an announcement"},
}


@pytest.fixture
def small(tmp_path: Path) -> SmallProject:
    """A project with a method that runs and one that cannot."""
    project = SmallProject(tmp_path)
    project.methods["idle"] = IDLE
    project.config["suites"]["more"] = {"methods": "all", "datasets": ["pairs"]}
    return project


def test_the_registry_is_counted(small: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    """Methods, active methods, datasets and suites are counted; the selected suite is named."""
    small.write()
    assert main(["check", "--project", str(small.root)]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "methods.yaml: 2 methods, 1 active",
        "datasets.yaml: 1 datasets",
        "config/config.yaml: 2 suites; selected: s",
    ]
    assert shown.err == ""


def test_this_folder_is_the_default(
    small: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without ``--project`` the command reads the working folder, as every subcommand does."""
    small.config["suite"] = ["more", "s"]
    small.write()
    monkeypatch.chdir(small.root)
    assert main(["check"]) == 0
    assert capsys.readouterr().out.endswith("2 suites; selected: more, s\n")


def test_every_problem_is_told_at_once(
    small: SmallProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each problem has a line with file, line and entry; the status is 1 and nothing is counted."""
    small.methods["two"] = {**METHOD, "code": "https://example.org/lab/two", "tasks": ["sonar"]}
    small.datasets["pairs"]["kid"] = "local"
    small.config["suites"]["s"]["datasets"] = ["pears"]
    small.write()
    assert main(["check", "--project", str(small.root)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    head, *problems = shown.err.splitlines()
    assert head == "fusebench check: the registry has problems:"
    assert len(problems) == 2
    assert "(two.tasks.0): must be one of infrared-visible, medical" in problems[0]
    assert "(pairs.kid): unknown key 'kid' (did you mean 'kind'?)" in problems[1]
    small.datasets["pairs"].pop("kid")
    small.methods.pop("two")
    small.write()
    assert main(["check", "--project", str(small.root)]) == 1
    told = capsys.readouterr().err
    assert "(suites.s.datasets.0): unknown dataset 'pears' (did you mean 'pairs'?)" in told


def test_the_registry_of_the_workflow_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    """The registry that is shipped passes its own check."""
    assert main(["check", "--project", str(Path(__file__).parents[2])]) == 0
    assert "methods.yaml: " in capsys.readouterr().out

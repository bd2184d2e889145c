"""``fusebench doctor``: what is here, what is lacking, and the next command."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.command import main
from fusebench.environments.definition import read_environment
from fusebench.machine import offers as machine
from fusebench.machine.needs import interpreter_finding, needs
from fusebench.machine.offers import Finding, offers
from fusebench.registry.loading import load_registry

from tests.registry.small import METHOD, SmallProject


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """A project whose method has nothing fetched, and an environment that is not locked."""
    made = SmallProject(tmp_path)
    made.write()
    text = "name: small\ndependencies: [python=3.11, pip: [numpy]]\n"
    (tmp_path / "envs" / "small").mkdir(parents=True, exist_ok=True)
    (tmp_path / "envs" / "small" / "environment.yml").write_text(text, encoding="utf-8")
    return made


def test_what_a_suite_needs(project: SmallProject) -> None:
    """What is not here is counted, with the command that brings it."""
    found = {one.what: one for one in needs(load_registry(project.root))}
    assert found["repositories"].command == "fusebench fetch --suite s"
    assert "0 of 1 here" in found["repositories"].found
    assert (found["env small"].state, found["env small"].command) == (
        *("lacks", "fusebench lock small"),
    )


def test_a_folder_of_mirrors_that_lacks_one(project: SmallProject, tmp_path: Path) -> None:
    """The place where a repository is looked for is named; a local folder needs no mirror."""
    mirror = f"{tmp_path}/mirrors/{{owner}}+{{name}}"
    project.methods["local"] = {**METHOD, "code": "images", "commit": "1" * 40}
    project.write()
    (tmp_path / "images").mkdir(exist_ok=True)
    registry = load_registry(project.root, {"mirror": mirror})
    found = {one.what: one for one in needs(registry)}
    assert found["mirrors"].found == f"not there: {tmp_path}/mirrors/lab+one"


def test_the_python_and_the_cuda_of_an_environment(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter that the machine lacks is named with the command that brings it."""
    folder = project.root / "envs" / "small"
    text = "name: small\ndependencies: [python=3.7, pip: [torch]]\n"
    (folder / "environment.yml").write_text(text, encoding="utf-8")
    environment = read_environment(folder, "")
    environment.pip_lock.write_text("torch==1.8.1+cu111\n", encoding="utf-8")
    monkeypatch.setattr("fusebench.environments.interpreters._candidates", lambda _: iter(()))
    found = interpreter_finding(environment)
    assert (found.state, found.command) == ("note", "uv python install 3.7")
    assert "Python 3.7, CUDA 11.1; this machine has none" in found.found


def test_programs_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git, Octave and Slurm says so; only git is needed by all."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setattr(machine, "_sandbox", lambda: Finding("sandbox", "ok", "userns"))
    found = {one.what: one for one in offers(tmp_path)}
    assert (found["git"].state, found["git"].command) == ("lacks", "apt install git")
    assert (found["Octave"].state, found["Slurm"].state) == ("note", "note")


def test_the_exit_status(project: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1 where something is lacking that no fetching brings."""
    assert main(["doctor", "s", "--project", str(project.root)]) == 1
    printed = capsys.readouterr().out
    assert "LACKS  env small" in printed and "->  fusebench lock small" in printed
    assert "sandbox" in printed and "disk" in printed

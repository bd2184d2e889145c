"""``fusebench new`` and ``fusebench import-list`` on repositories of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fusebench.authoring.writing import append
from fusebench.command import main
from fusebench.errors import RegistryError
from fusebench.registry.loading import load_registry

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import HARD_CODED

README = "# Net\nInfrared and visible image fusion."


@pytest.fixture
def project(tmp_path: Path, environments: Path) -> MiniProject:
    """A project with two repositories in its folder of mirrors and no method."""
    made = MiniProject.create(tmp_path / "project", environments)
    made.config["suites"]["mini"]["methods"] = "multi-focus"
    made.publish("net", {"test.py": HARD_CODED, "README.md": README})
    made.publish("empty-of-code", {"README.md": README})
    made.write()
    return made


def call(project: MiniProject, *words: str) -> int:
    """Call the command on the project, whose mirrors replace the network."""
    mirror = f"{project.root}/mirrors/{{owner}}+{{name}}"
    return main([*words, "--project", str(project.root), "--mirror", mirror])


def test_a_draft_is_appended(project: MiniProject, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in methods.yaml stays, the draft is a valid entry, and its name is free."""
    old = "# kept\nold: {title: O, tasks: [medical], code: https://a.org/b/c, status: no-code,"
    (project.root / "methods.yaml").write_text(f"{old} reason: none}}\n", encoding="utf-8")
    assert call(project, "new", "https://github.com/mini/net", "--name", "net") == 0
    assert "next: fusebench try net" in capsys.readouterr().out
    text = (project.root / "methods.yaml").read_text(encoding="utf-8")
    assert text.startswith("# kept\nold:")
    registry = load_registry(project.root)
    assert registry.methods["net"].run.stage.a == "input/infrared/{name}.jpg"
    assert call(project, "new", "https://github.com/mini/net", "--print") == 0
    told = capsys.readouterr().out
    assert "\nnet-2:\n" in f"\n{told}" and "\n  label: net-2\n" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("https://github.com/mini/empty-of-code",), "holds no Python and no MATLAB code"),
        (("https://github.com/mini/gone",), "no mirror of https://github.com/mini/gone"),
        (("https://github.com/mini/net/tree/main/x",), "take https://github.com/mini/net"),
        (("https://github.com/mini/net", "--commit", "abc"), "must be a full hash"),
        (("nowhere",), "must be an existing folder"),
    ],
)
def test_what_cannot_be_drafted(
    project: MiniProject,
    words: tuple[str, ...],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each bad address ends with status 1, what was found and what to do."""
    assert call(project, "new", *words, "--print") == 1
    printed = capsys.readouterr()
    assert told in printed.out + printed.err


def test_an_empty_repository(project: MiniProject, capsys: pytest.CaptureFixture[str]) -> None:
    """A repository without a commit is said to be empty."""
    import git

    git.Repo.init(project.root / "mirrors" / "mini+nothing")
    assert call(project, "new", "https://github.com/mini/nothing") == 1
    assert "the repository is empty" in capsys.readouterr().err


def test_a_list_of_papers(project: MiniProject, capsys: pytest.CaptureFixture[str]) -> None:
    """What is known is skipped, what cannot be had is named, and the rest is drafted."""
    project.methods["known"] = {
        **{"title": "K", "tasks": ["medical"], "code": "https://github.com/mini/known"},
        **{"status": "no-code", "reason": "-"},
    }
    project.write()
    rows = "".join(
        f"| {name} | [code](https://github.com/mini/{name}) |\n"
        for name in ("known", "net", "gone")
    )
    (project.root / "list.md").write_text(rows, encoding="utf-8")
    assert call(project, "import-list", str(project.root / "list.md"), "--write") == 1
    printed = capsys.readouterr()
    assert "3 repositories, 1 known already, 1 failed" in printed.err
    assert set(yaml.safe_load(printed.out)) == {"net"}
    assert set(load_registry(project.root).methods) == {"known", "net"}


def test_a_refused_draft_is_not_appended(project: MiniProject) -> None:
    """A draft that the registry refuses would stop every other command; the file stays."""
    file = project.root / "methods.yaml"
    before = file.read_text(encoding="utf-8")
    bad = "bad: {title: B, tasks: [medical], code: https://a.org/b/c, env: nowhere, licence: MIT}\n"
    with pytest.raises(RegistryError, match="mend it by hand"):
        append(project.root, bad)
    assert file.read_text(encoding="utf-8") == before

"""``fusebench claims``: a published table becomes a file of the project.

The readers of the tables are tested with the evidence.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import git
import pytest
from fusebench.command import main
from fusebench.evidence import importing
from fusebench.registry.claims import read_claims_file

README = "The test result of TNO :\n    EN      SD\nCDDFuse   7.12   46.0\nCDDFuse_IVF  6.5  40.1\n"


@pytest.fixture
def mirrors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The template of a folder of mirrors with a README of two methods."""
    folder = tmp_path / "mirrors" / "Zhaozixiang1228+MMIF-CDDFuse"
    repository = git.Repo.init(folder)
    (folder / "README.md").write_text(README, encoding="utf-8")
    repository.git.add("--all")
    actor = git.Actor("An Author", "author@example.org")
    commit = str(repository.index.commit("publish", author=actor, committer=actor).hexsha)
    table = replace(importing.TABLES["cddfuse"], commit=commit)
    monkeypatch.setitem(importing.TABLES, "cddfuse", table)
    return str(tmp_path / "mirrors" / "{owner}+{name}")


@pytest.mark.parametrize(
    ("words", "names", "count"),
    [
        ([], ["CDDFuse", "CDDFuse_IVF"], 4),
        (["--name", "CDDFuse"], ["CDDFuse"], 2),
        (["--name", "CDDFuse", "CDDFuse_IVF"], ["CDDFuse", "CDDFuse_IVF"], 4),
        (["--name", "CDDFuse_IVF", "--name", "CDDFuse"], ["CDDFuse", "CDDFuse_IVF"], 4),
    ],
)
def test_rows_of_the_methods_named_are_written(
    tmp_path: Path,
    mirrors: str,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    names: list[str],
    count: int,
) -> None:
    """Rows are written in the order of the table; without a name, all of them.

    The command prints the file and the number of rows.
    """
    project = tmp_path / "project"
    call = ["claims", "cddfuse", "--project", str(project), "--mirror", mirrors]
    assert main([*call, *words]) == 0
    target = project / "claims" / "cddfuse.csv"
    assert capsys.readouterr().out == (
        f"{target}: {count} numbers of CDDFuse's README (Zhaozixiang1228/MMIF-CDDFuse); name it in"
        " `claims` of an entry\n"
    )
    _, rows = read_claims_file(target)
    assert list(dict.fromkeys(row["name"] for row in rows)) == names
    assert len(rows) == count


def test_an_unknown_method_leaves_the_file_as_it_was(
    tmp_path: Path, mirrors: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is 1, and the message says which methods the table holds."""
    call = ["claims", "cddfuse", "--project", str(tmp_path), "--mirror", mirrors]
    assert main([*call, "--name", "nobody"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not (tmp_path / "claims").exists()
    assert shown.err == (
        "fusebench claims: cddfuse: must hold rows of nobody; found those of CDDFuse, CDDFuse_IVF\n"
    )


def test_a_repository_that_cannot_be_had_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says where the repository was looked for."""
    mirror = f"{tmp_path}/none/{{owner}}+{{name}}"
    assert main(["claims", "vifb", "--project", str(tmp_path), "--mirror", mirror]) == 1
    told = capsys.readouterr().err
    assert told.startswith("fusebench claims: ") and "none/xingchenzhang+VIFB" in told

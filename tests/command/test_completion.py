"""Shell completion: the words that may come next, and a script for each shell."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from fusebench.command import SUBCOMMANDS, main
from fusebench.command.completion import words_after

from tests.registry.small import SmallProject


def test_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the subcommands, then names of the registry; a damaged registry offers none."""
    SmallProject(tmp_path).write()
    monkeypatch.chdir(tmp_path)
    assert words_after([]) == list(SUBCOMMANDS)
    assert {"one", "pairs"} <= set(words_after(["try"]))
    assert words_after(["doctor"]) == ["s"]
    assert "compat" in words_after(["list"])
    (tmp_path / "methods.yaml").write_text("{", encoding="utf-8")
    assert words_after(["try"]) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each script is one that its shell reads without a fault."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "fusebench completion words" in script
    if shell == "bash" and shutil.which("bash"):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)

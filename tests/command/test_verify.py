"""``fusebench verify``: whether a built environment agrees with its lock."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.command import main
from fusebench.environments.building import build
from fusebench.environments.locking import lock

from tests.environments.conftest import MakeEnvironment


class Built:
    """An environment that was locked and built, and the options that lead the command there."""

    def __init__(self, folder: Path, resources: Path) -> None:
        """Lock and build it."""
        self.folder, self.resources = folder, resources
        lock(folder)
        self.root = Path(build(folder, "cpu", resources).path)
        [module] = self.root.glob("**/site-packages/beta/__init__.py")
        self.module = module

    def verify(self, *words: str) -> int:
        """Run the command on it."""
        return main(
            [
                *("verify", self.folder.name, "--envs", str(self.folder.parent)),
                *("--resources", str(self.resources), *words),
            ]
        )

    def spoil(self) -> None:
        """Change a file; what shares it by a hard link stays as it is."""
        self.module.unlink()
        self.module.write_text("changed\n", encoding="utf-8")


@pytest.fixture
def built(make_environment: MakeEnvironment, tmp_path: Path) -> Built:
    """An environment of two wheels."""
    return Built(make_environment(), tmp_path / "resources")


@pytest.mark.parametrize("words", [[], ["--archives"], ["--variant", "cpu"]])
def test_a_good_environment(
    built: Built, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """One line and status 0, by the manifest or with the archives fetched again."""
    assert built.verify(*words) == 0
    assert capsys.readouterr().out == "small: every file is what the lock says\n"


def test_each_difference_is_a_line(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    """The last line has the number of differences and what to remove; the status is 1."""
    built.spoil()
    (built.root / "stray.txt").write_text("x", encoding="utf-8")
    assert built.verify() == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.endswith("stray.txt: is no part of the environment") for line in lines)
    assert any("beta/__init__.py: has sha256" in line for line in lines)
    assert lines[-1] == (
        f"small: {len(lines) - 1} differences; remove {built.root} and {built.root}.json and run"
        " the pipeline again"
    )


def test_an_edited_list_of_files_hides_nothing_from_the_archives(
    built: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    """With ``--archives`` every file is compared with the wheel itself."""
    built.spoil()
    assert built.verify("--archives") == 1
    assert "beta/__init__.py" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere", "nowhere: no "),
        ("unlocked", "unlocked: not locked: no "),
        ("unbuilt", "unbuilt: not built: no whole "),
    ],
)
def test_what_cannot_be_verified_is_told(
    make_environment: MakeEnvironment,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    told: str,
) -> None:
    """Without an environment, a lock or a build, a message says what to do, and the status is 1."""
    make_environment("unlocked")
    folder = make_environment("unbuilt", pip="[beta]")
    lock(folder)
    places = ["--envs", str(folder.parent), "--resources", str(tmp_path / "resources")]
    assert main(["verify", name, *places]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith(f"fusebench verify: {told}")


def test_the_variant_asked_for_is_verified(
    make_environment: MakeEnvironment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--variant`` replaces the variant of this machine: only one of the two is locked here."""
    variants = "x-fusebench: {variants: {cpu: {}, cuda: {}}}\n"
    folder = make_environment(pip="[beta]", more=variants)
    lock(folder, "cpu")
    places = ["--envs", str(folder.parent), "--resources", str(tmp_path / "resources")]
    assert main(["verify", "small", "--variant", "cuda", *places]) == 1
    assert "small: not locked: no " in (told := capsys.readouterr().err)
    assert "requirements.cuda.lock" in told
    assert main(["verify", "small", *places]) == 1
    assert "small: not built: no whole " in capsys.readouterr().err


def test_the_folders_of_a_project_are_the_defaults(
    built: Built, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command takes ``envs`` and ``resources`` of the working folder."""
    monkeypatch.chdir(built.folder.parents[1])
    assert main(["verify", "small"]) == 0
    assert capsys.readouterr().out == "small: every file is what the lock says\n"

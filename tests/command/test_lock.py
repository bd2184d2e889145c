"""``fusebench lock``: which environments are locked, and what the command prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.command import main

from tests.environments.conftest import MakeEnvironment
from tests.environments.wheelhouse import make_wheel

VARIANTS = """
x-fusebench:
  variants:
    cpu: {dependencies: [{pip: [beta]}]}
    cuda: {dependencies: [{pip: ["alpha<2"]}]}
"""


def test_each_package_that_changed_has_a_line(
    make_environment: MakeEnvironment, wheels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below the name of the lock and the number of changes, each changed package has a line.

    A lock with the same content is unchanged.
    """
    folder = make_environment()
    lock = folder / "requirements.lock"
    words = ["lock", "small", "--envs", str(folder.parent)]
    assert main(words) == 0
    assert capsys.readouterr().out == f"{lock}: 2 changed\n  + alpha 2.0\n  + beta 1.5\n"
    assert main(words) == 0
    assert capsys.readouterr().out == f"{lock}: unchanged\n"
    make_wheel(wheels, "beta", "1.6")
    assert main(words) == 0
    assert capsys.readouterr().out == f"{lock}: 1 changed\n    beta 1.5 -> 1.6\n"


def test_those_that_are_named_are_locked_in_their_order(
    make_environment: MakeEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    """No other environment is locked."""
    for name in ("one", "two", "three"):
        folder = make_environment(name, pip="[beta]")
    assert main(["lock", "two", "one", "--envs", str(folder.parent)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("/")[-2] for line in lines if "/" in line] == ["two", "one"]
    assert not (folder.parent / "three" / "requirements.lock").exists()


def test_without_a_name_all_are_locked(
    make_environment: MakeEnvironment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All environments of ``envs`` in this folder are locked, by name.

    A folder without an ``environment.yml`` is no environment.
    """
    for name in ("b", "a"):
        folder = make_environment(name, pip="[beta]")
    (folder.parent / "notes").mkdir()
    monkeypatch.chdir(folder.parents[1])
    assert main(["lock"]) == 0
    told = capsys.readouterr().out
    assert told == (
        "envs/a/requirements.lock: 1 changed\n  + beta 1.5\n"
        "envs/b/requirements.lock: 1 changed\n  + beta 1.5\n"
    )
    assert main(["lock", "--envs", "nowhere"]) == 0
    assert capsys.readouterr().out == ""


def test_one_variant_can_be_locked_alone(
    make_environment: MakeEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the option ``--variant`` every variant gets its lock."""
    folder = make_environment(pip="[]", more=VARIANTS)
    envs = ["--envs", str(folder.parent)]
    assert main(["lock", "small", "--variant", "cuda", *envs]) == 0
    assert [path.name for path in sorted(folder.glob("*.lock"))] == ["requirements.cuda.lock"]
    assert "+ alpha 1.0" in capsys.readouterr().out
    assert main(["lock", "small", *envs]) == 0
    told = capsys.readouterr().out
    assert "requirements.cpu.lock: 1 changed\n  + beta 1.5" in told
    assert "requirements.cuda.lock: unchanged" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "nowhere: no "),
        (
            ["small", "--variant", "cuda"],
            "environment.yml: variant must be of ['cpu']; found 'cuda'",
        ),
        (["unsolvable"], "unsolvable: "),
    ],
)
def test_what_cannot_be_locked_is_told(
    make_environment: MakeEnvironment,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    """The status is 1 for an environment, a variant or a package that does not exist."""
    make_environment("unsolvable", pip="[gamma]")
    folder = make_environment(pip="[]", more=VARIANTS.partition("    cuda:")[0])
    assert main(["lock", *words, "--envs", str(folder.parent)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith(f"fusebench lock: {words[0]}: ")
    assert told in shown.err and "Traceback" not in shown.err


def test_what_was_locked_before_an_error_stays_locked(
    make_environment: MakeEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each lock is printed as it is made."""
    make_environment("a", pip="[beta]")
    folder = make_environment("b", pip="[gamma]")
    assert main(["lock", "--envs", str(folder.parent)]) == 1
    shown = capsys.readouterr()
    assert "a/requirements.lock: 1 changed" in shown.out
    assert "b: " in shown.err

"""The ``fusebench`` command itself: its subcommands, its exit statuses and its errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fusebench.command import SUBCOMMANDS, main
from fusebench.errors import FusebenchError

from tests.registry.small import SmallProject


@pytest.mark.parametrize("name", list(SUBCOMMANDS))
def test_every_subcommand_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` ends well: usage, purpose, and a call that begins with the subcommand."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith(f"usage: fusebench {name} ")
    assert SUBCOMMANDS[name] in told
    assert f"fusebench {name} " in told.partition("examples: ")[2]


def test_the_command_lists_its_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    """``fusebench --help`` has each subcommand with its one-line help."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} {summary}" in told for name, summary in SUBCOMMANDS.items())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["mesure"], "invalid choice: 'mesure'"),
        (["check", "--projekt", "."], "unrecognized arguments: --projekt"),
        (["list", "nothing"], "invalid choice: 'nothing'"),
        (["list"], "the following arguments are required: what"),
        (["pin"], "the following arguments are required: name"),
        (["verified"], "the following arguments are required: method"),
        (["verify"], "one of the arguments env --all is required"),
        (["claims"], "the following arguments are required: table"),
        (["claims", "nowhere"], "invalid choice: 'nowhere' (choose from 'cddfuse', 'fcdfusion'"),
        (["measure", "a.png"], "A, B and F must be given"),
        (["fetch", "--cores", "many"], "argument --cores: invalid int value: 'many'"),
        (["lock", "--variant", "tpu"], "argument --variant: invalid choice: 'tpu'"),
        (["verify", "e", "--variant", "tpu"], "argument --variant: invalid choice: 'tpu'"),
    ],
)
def test_a_call_that_means_nothing_is_status_2(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The usage and the mistake are printed on stderr."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == "" and told in shown.err and "usage: fusebench" in shown.err


def test_an_error_is_one_message_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the name of the subcommand and no traceback."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("suite: [", encoding="utf-8")
    assert main(["check", "--project", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and "Traceback" not in shown.err
    assert shown.err.startswith(f"fusebench check: {tmp_path}/config/config.yaml:2: not valid YAML")


def test_only_the_errors_of_fusebench_are_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of fusebench keeps its traceback."""

    def broken(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("fusebench.command.check.run", broken)
    with pytest.raises(ZeroDivisionError):
        main(["check"])
    assert not issubclass(ZeroDivisionError, FusebenchError)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """``fusebench list metrics | head`` ends well, without a message."""
    SmallProject(tmp_path).write()
    done = subprocess.run(
        f"{sys.executable} -c 'from fusebench.command import main; raise SystemExit(main())'"
        " list metrics --json | head -1; exit ${PIPESTATUS[0]}",
        shell=True,
        executable="/bin/bash",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[\n", "")


def test_a_subcommand_loads_no_other() -> None:
    """A subcommand imports neither other subcommands nor the numerical libraries."""
    code = (
        "import sys; from fusebench.command import _parser; _parser(['measure', 'a', 'b', 'f']);"
        "print(sorted({'numpy', 'cv2', 'snakemake', 'rattler', 'fusebench.command.lock'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

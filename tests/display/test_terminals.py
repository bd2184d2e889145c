"""A run of Snakemake with the logger of fusebench, in a real terminal and without one."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

SNAKEFILE = """
from fusebench import snakemake_facts as facts

rule all:
    input: "a.json", "b.txt"

rule obtain_source:
    output: "a.json"
    shell: 'echo \\'{{"state": "source-unavailable", "reason": "it is gone"}}\\' > {output}'

rule measure:
    output: "b.txt"
    log: "measure.log"
    retries: 0
    shell: "echo why > {log}; exit 1"

def told():
    facts.finish_display(workflow)
    return "THE END"

onsuccess: print(told(), flush=True)
onerror: print(told(), flush=True)
"""


def command(folder: Path) -> list[str]:
    """Return the command of a run that fails in one step and whose marker says no in another."""
    (folder / "Snakefile").write_text(SNAKEFILE)
    options = ["--cores", "2", "--keep-going", "--logger", "fusebench"]
    return [sys.executable, "-m", "snakemake", *options]


def in_a_terminal(folder: Path, columns: int) -> str:
    """Return all that a run writes to a terminal of some width."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    with subprocess.Popen(
        command(folder), cwd=folder, stdin=its, stdout=its, stderr=its, env=environment
    ) as process:
        os.close(its)
        written = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            written += part
    os.close(ours)
    assert process.returncode == 1
    return written.decode()


@pytest.mark.parametrize("columns", [80, 200])
def test_a_terminal_has_bars_and_then_the_end(tmp_path: Path, columns: int) -> None:
    """Bars are drawn, failures stand above them, and nothing is drawn after the end of the run."""
    written = in_a_terminal(tmp_path, columns)
    bars, _, end = written.partition("THE END")
    for words in (
        "FAILED",
        "source-unavailable: it is gone",
        "FAILED measure; log: measure.log",
        "    why",
        "all steps",
        "sources ",
    ):
        assert words in bars
    assert "all steps" not in end and "█" not in end and "Complete log(s)" in end
    lines = bars.replace("\x1b[A", "\n").replace("\r", "\n").splitlines()
    assert max(len(line) for line in lines if "█" in line) <= columns


def test_without_a_terminal_there_are_plain_lines(tmp_path: Path) -> None:
    """The output has no escapes and less than twenty lines; the log file has all."""
    done = subprocess.run(
        command(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stdout == "THE END\n"
    assert "\x1b" not in done.stderr and "\r" not in done.stderr
    assert "FAILED measure; log: measure.log" in done.stderr
    assert len(done.stderr.splitlines()) < 20
    (log,) = (tmp_path / ".snakemake/log").glob("*.log")
    assert str(log.relative_to(tmp_path)) in done.stderr and "rule measure" in log.read_text()

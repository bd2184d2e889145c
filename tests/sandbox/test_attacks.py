"""A hostile program reaches nothing that docs/sandbox.md calls contained, at each level."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import fusebench
import pytest
from fusebench.sandbox.inside.landlock import version

from tests.sandbox.attacked import GREEDY, OUTLIVING, TOKEN, WITHOUT_LANDLOCK

PACKAGES = Path(fusebench.__file__).parents[1]
PAGE = PACKAGES.parent / "docs" / "sandbox.md"
ATTACKED = Path(__file__).with_name("attacked.py")
LEVELS = ("bwrap", "userns", "env-only", WITHOUT_LANDLOCK)
SYSTEM_PYTHON = Path("/usr/bin/python3")
NEEDED = {
    "connect by TCP": 4,
    "send a signal to other processes": 6,
    "connect to an abstract Unix socket": 6,
}
"""Attack -> the version of Landlock that contains it."""


def table() -> dict[str, dict[str, str]]:
    """Return the table of the page: level -> attack -> ``contained`` or ``open``."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    [place] = [place for place, row in enumerate(rows) if row[0] == "attack"]
    found: dict[str, dict[str, str]] = {level: {} for level in rows[place][1:]}
    for row in rows[place + 2 :]:
        for level, told in zip(rows[place][1:], row[1:], strict=True):
            found[level][row[0]] = told
    return found


def open_at(level: str) -> set[str]:
    """Return the attacks that may lead out at a level."""
    known = {attack for attack, told in table()[level].items() if told != "contained"}
    if level == "env-only":
        known |= {attack for attack, needed in NEEDED.items() if version() < needed}
    return known


@pytest.fixture(params=["this user", "an ordinary user"])
def start(request: pytest.FixtureRequest) -> list[str]:
    """Return the words that start a Python as a user; skip where that cannot be done here."""
    if request.param == "this user":
        return [sys.executable]
    if os.geteuid() != 0:
        pytest.skip("this user is an ordinary one")
    words = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    words.append(str(SYSTEM_PYTHON))
    probe = "import sys, fusebench.sandbox.starting; sys.exit(sys.version_info < (3, 11))"
    environ = {"PYTHONPATH": str(PACKAGES)}
    tried = ["false"] if shutil.which("setpriv") is None else [*words, "-c", probe]
    if subprocess.run(tried, env=environ, cwd="/", capture_output=True, check=False).returncode:
        pytest.skip(f"an ordinary user cannot run this code with {SYSTEM_PYTHON}")
    return words


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that every user may write; those of pytest belong to this user."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.parametrize("level", LEVELS)
def test_a_hostile_program_is_contained(start: list[str], folder: Path, level: str) -> None:
    """Only what the page calls open leads out; a level that does not work here is skipped."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGES), "SECRET": TOKEN}
    environ["PYTHONDONTWRITEBYTECODE"] = "1"
    words = [*start, str(ATTACKED), level, str(folder)]
    ended = subprocess.run(words, env=environ, cwd="/", capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    if "refused" in told:
        pytest.skip(told["refused"])
    if level == "env-only" and not version():
        pytest.skip("the kernel has no Landlock")
    assert set(told["led out"]) <= open_at(level)


def test_the_page_lists_every_attack() -> None:
    """Each attack of the hostile program has a row, and no row is without its attack."""
    text = ATTACKED.with_name("hostile.py").read_text()
    attacks = {*re.findall(r'@attack\("(.+)"\)', text), OUTLIVING, *GREEDY}
    assert {attack for row in table().values() for attack in row} == attacks

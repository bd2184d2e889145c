"""Each known cause is found by what a script prints, and its remedy reaches the reader."""

from __future__ import annotations

import re

import pytest
from fusebench.causes import cause_of, causes, shim_problem
from fusebench.causes.documentation import PAGE, README, page, readme_with_table
from fusebench.compare.terminal import failures
from fusebench.contracts.causes import Cause, shims
from fusebench.contracts.harness import LaunchReport
from fusebench.contracts.records import Record
from fusebench.fuse.launching import Launch

TRACEBACK = "Traceback (most recent call last):\n  File 'test.py', line 1, in <module>\n"


@pytest.mark.parametrize("known", causes(), ids=lambda known: known.example[:40])
def test_a_cause_is_found_by_its_example(known: Cause) -> None:
    """No earlier cause of the file takes the example of a later one."""
    found = cause_of(TRACEBACK + known.example)
    assert found is not None
    assert (found.field, found.cause.split(" {")[0][:12]) == (known.field, known.cause[:12])


def test_the_last_traceback_counts() -> None:
    """What a script has survived is not the cause; its last traceback is."""
    survived = f"{TRACEBACK}ModuleNotFoundError: No module named 'tensorboard'\n"
    ended = f"{TRACEBACK}OSError: cannot write mode F as PNG\n"
    assert "env" in str(cause_of(survived + ended))
    assert cause_of(f"{survived}{TRACEBACK}ZeroDivisionError: 1 of 0\n") is None


def test_a_remedy_names_what_was_missing() -> None:
    """A part of what was printed stands in the remedy as the entry must have it."""
    found = cause_of("ModuleNotFoundError: No module named 'xlwt'")
    assert found and 'compat: ["missing-modules:xlwt"]' in found.remedy


def test_every_shim_of_a_remedy_exists() -> None:
    """A remedy names no shim that the harness has not got."""
    named = [
        word.strip('" ')
        for known in causes()
        for written in re.findall(r"compat: \[([^\]]*)\]", known.remedy)
        for word in written.split(",")
    ]
    assert named
    for word in named:
        if "{name}" not in word:
            assert not shim_problem(word.replace("{module}", "thop")), word


def test_a_shim_is_written_with_its_argument() -> None:
    """A shim that needs an argument says so, and one that has none too."""
    assert not shim_problem("numpy-aliases")
    assert not shim_problem("module-alias:old=new")
    assert shim_problem("numpy-alias") == "unknown"
    assert "thop,seaborn" in shim_problem("missing-modules")
    assert "two names" in shim_problem("module-alias:old")
    assert "takes no argument" in shim_problem("yaml-load:x")


def test_a_failed_run_has_the_remedy() -> None:
    """The error of a script has the remedy of its cause, and the end of a run prints it."""
    printed = f"{TRACEBACK}AttributeError: module 'numpy' has no attribute 'int'.\n"
    error = Launch(1, printed, LaunchReport()).failure()
    assert "numpy-aliases" in error.remedy
    record = Record(
        method="m", dataset="d", state=error.state, reason=str(error), remedy=error.remedy
    )
    assert "remedy: `run.compat`: compat: [numpy-aliases]" in failures([record])


def test_the_pages_are_as_the_files_say() -> None:
    """``docs/causes.md`` and README's table of shims are written from the data files."""
    told = "run python -m fusebench.causes.documentation"
    assert PAGE.read_text(encoding="utf-8") == page(), told
    text = README.read_text(encoding="utf-8")
    assert readme_with_table(text) == text, told
    assert all(f"| `{shim.usage(name)}` |" in text for name, shim in shims().items())

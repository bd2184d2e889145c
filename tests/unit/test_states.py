"""Every state can be reached, and users and tables know its word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fusebench import errors
from fusebench.contracts.base import choices_of
from fusebench.errors import FusebenchError, StepError
from fusebench.states import OK, SKIPPED, State

README = Path(__file__).resolve().parents[2] / "README.md"
STATES = choices_of(State)


def subclasses(kind: type[FusebenchError]) -> set[type[FusebenchError]]:
    """Return all classes below a class."""
    return {one for below in kind.__subclasses__() for one in (below, *subclasses(below))}


@pytest.mark.parametrize("state", [state for state in STATES if state != OK])
def test_a_state_has_one_error_that_leads_to_it(state: State) -> None:
    """A step ends in the state by raising this error."""
    assert [one.state for one in StepError.__subclasses__()].count(state) == 1


@pytest.mark.parametrize("state", [state for state in STATES if state not in (OK, SKIPPED)])
def test_the_readme_names_every_failure(state: str) -> None:
    """Where it says what the cells of a failed method show."""
    assert f"`{state}`" in README.read_text(encoding="utf-8")


def test_the_tree_of_errors_is_whole() -> None:
    """The docstring of ``errors.py`` shows every error, and no other."""
    shown = re.findall(r"[|`]-- (\w+)", errors.__doc__ or "")
    assert sorted(shown) == sorted(one.__name__ for one in subclasses(FusebenchError))

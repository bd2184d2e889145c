"""What a record keeps of a run."""

from __future__ import annotations

import pytest
from fusebench.fuse.records import deviations


@pytest.mark.parametrize(
    ("declared", "ran", "told"),
    [
        ("3.8", "3.8.18", False),
        ("1.7.0+cu110", "1.7.0", False),
        ("1.7.0+cu110", "2.13.0+cpu", True),
        ("3.1", "3.11.7", True),
        ("==1.21.5", "1.21.5", False),
    ],
)
def test_other_versions_than_declared_are_told(declared: str, ran: str, told: bool) -> None:
    """A version that is not the declared one, or a patch of it, is a deviation."""
    assert bool(deviations({"torch": declared}, {"torch": ran})) == told


def test_what_was_not_imported_is_no_deviation() -> None:
    """A declared package that the script never imported cannot deviate."""
    assert deviations({"deepspeed": "0.9"}, {"python": "3.11.7"}) == []

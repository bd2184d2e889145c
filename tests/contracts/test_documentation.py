"""``docs/contracts.md`` lists every field of every contract, as the contracts have them."""

from __future__ import annotations

import re
from pathlib import Path

from fusebench.contracts.base import Rule
from fusebench.contracts.documentation import documentation
from msgspec import inspect

from tests.contracts.making import CONTRACTS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "contracts.md"


def test_the_page_is_as_it_would_be_written_now() -> None:
    """A contract that was changed without its page is noticed."""
    assert DOCUMENT.read_text(encoding="utf-8") == documentation(), (
        "run: python -m fusebench.contracts.documentation > docs/contracts.md"
    )


def test_every_field_has_a_line() -> None:
    """Every structure has a heading, and below it a line for each of its fields.

    The line has type, default and meaning.
    """
    parts = re.split(r"^### ", documentation(), flags=re.MULTILINE)
    lines = {part.partition("\n")[0]: part.splitlines() for part in parts}
    for kind in CONTRACTS:
        described = inspect.type_info(kind)
        assert isinstance(described, inspect.StructType)
        if not issubclass(kind, Rule) and described.fields:
            rows = [line for line in lines[kind.__name__] if line.startswith("| `")]
            assert [row.split("`")[1] for row in rows] == [
                field.encode_name for field in described.fields
            ]
            assert all(all(cell.strip() for cell in row.split(" | ")) for row in rows)

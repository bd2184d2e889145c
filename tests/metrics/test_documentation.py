"""The page that documents the metrics."""

from __future__ import annotations

from pathlib import Path

from fusebench.metrics.documentation import markdown
from fusebench.metrics.resolving import all_definitions

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_page_is_fresh() -> None:
    """docs/metrics.md is what the table and the docstrings give.

    If not, write it again with the command in its first lines.
    """
    assert PAGE.read_text() == markdown()


def test_every_definition_is_on_the_page() -> None:
    """Each definition has an entry or a row."""
    page = markdown()
    missing = [
        name
        for name in all_definitions()
        if f"### {name}\n" not in page and f"| `{name}` |" not in page
    ]
    assert missing == []

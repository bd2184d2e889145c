"""The HTML files of papers' tables in a real browser: readable in both themes and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.compare.paper_html import html

from tests.compare.test_paper_tables import table
from tests.report.conftest import Browser, needs_browser


@pytest.fixture
def coloured(tmp_path: Path) -> Path:
    """A table with coloured ranks."""
    path = tmp_path / "table.html"
    path.write_text(html(table(colour=True, highlight=3)), encoding="utf-8")
    return path


@needs_browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_coloured_ranks_can_be_read(
    browser: Browser, coloured: Path, width: int, theme: str
) -> None:
    """axe reports nothing serious, contrast included, and ranks have the colours of the theme."""
    browser.open(coloured, width=width, theme=theme)
    assert browser.violations(only_serious=True) == []
    colours = browser.js(
        "return [...new Set([...document.querySelectorAll('tbody td')]"
        ".map((td) => getComputedStyle(td).color))]"
    )
    assert len(colours) > 2 and (("rgb(255, 144, 144)" in colours) == (theme == "dark"))


@needs_browser
def test_a_wide_table_scrolls_in_its_box(browser: Browser, coloured: Path) -> None:
    """On a phone the document and its caption are as wide as the screen.

    The table scrolls, also by keyboard.
    """
    browser.open(coloured, width=390)
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    assert (
        browser.js("return document.querySelector('caption').getBoundingClientRect().right") <= 390
    )
    assert browser.js(
        "const box = document.querySelector('.wide'); return box.scrollWidth > box.clientWidth"
    )
    browser.js("document.querySelector('.wide').focus()")
    browser.press("\ue014")
    browser.until("return document.querySelector('.wide').scrollLeft > 0", "the table scrolls")

"""A paper's table as a page of HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from fusebench.compare.means import Mean
from fusebench.compare.paper_html import COLOURS, html, html_table
from msgspec.structs import replace

from tests.compare.test_paper import RECORDS, SPEC, VALUES, table

VOID = frozenset({"meta", "br", "link", "img"})


class Page(HTMLParser):
    """Reads the rows of a page, and whether its elements are closed in the right order."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.widths: list[int] = []
        self.texts: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a row or a cell."""
        if tag in VOID:
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
            self.widths.append(0)
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.widths[-1] += int(dict(attrs).get("colspan") or 1)

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text of a cell, and of each kind of element."""
        if self.rows and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data
        for tag in set(self.open):
            self.texts[tag] = self.texts.get(tag, "") + data


def test_every_row_is_equally_wide() -> None:
    """Heads, titles, headings and numbers fill all columns; every element is closed."""
    for layout in ("side-by-side", "stacked"):
        page = Page(html(table(layout=layout, columns=["year", "seconds", "flops"])))
        assert page.open == [] and len(set(page.widths)) == 1


def test_the_whole_table_side_by_side() -> None:
    """It has titles above their columns, then heads, headings and rows."""
    page = Page(html(table(columns=["year"], years={"a": "2020"})))
    assert page.rows == [
        ["", "D", "E"],
        ["method", "year", "EN ↑", "EN ↑"],
        ["Old"],
        ["Alpha", "2020", "1.0", "–a"],
        ["Beta", "–", "2.0", "3.0"],
        ["New"],
        ["Gamma", "–", "–a", "4.0"],
    ]
    assert page.texts["li"] == "a not published for this task"


def test_the_whole_table_stacked() -> None:
    """It has one row of heads; a dataset is named before the first of its groups."""
    page = Page(html(table(layout="stacked")))
    assert page.rows == [
        ["method", "EN ↑"],
        ["D (2 pairs) · Old"],
        ["Alpha", "1.0"],
        ["Beta", "2.0"],
        ["E (2 pairs) · Old"],
        ["Beta", "3.0"],
        ["New"],
        ["Gamma", "4.0"],
    ]


def styles_of(text: str) -> dict[str, str]:
    """Number of the cell -> its style."""
    return {
        cell: style
        for cells, style in re.findall(r"((?:#T_\S+_row\d+_col\d+(?:, )?)+) \{\s*([^}]*)\}", text)
        for cell in re.findall(r"row\d+_col\d+", cells)
    }


def test_ranks_have_a_style_of_their_own() -> None:
    """The best is bold, the second underlined; colours only if they are asked for."""
    styles = styles_of(html_table(table()))
    assert styles["row1_col1"].split() == ["font-weight:", "bold;"]
    assert styles["row0_col1"].split() == ["text-decoration:", "underline;"]
    assert set(styles) == {"row0_col1", "row1_col1", "row1_col2", "row2_col2"}
    coloured = styles_of(html_table(table(colour=True)))
    assert COLOURS[1] in coloured["row1_col1"] and COLOURS[2] in coloured["row0_col1"]


@pytest.mark.parametrize(
    ("mean", "changes", "shown"),
    [
        (Mean(1.0, 2, std=0.25), {"spread": "std"}, "1.0 <small>± 0.2</small>"),
        (Mean(1.0, 1, "flat"), {}, "1.0<sup>a</sup>"),
        (Mean(None, 0, "flat"), {}, "–<sup>a</sup>"),
    ],
)
def test_how_a_mean_is_written(mean: Mean, changes: dict[str, Any], shown: str) -> None:
    """The spread of a mean is small, its footnote raised."""
    text = html_table(table(values={**VALUES, "d/a": mean}, **changes))
    (cell,) = re.findall(r'row0_col1" class="[^"]*"\s*>(.*?)</td>', text)
    assert cell == shown


def test_a_tie_is_marked_behind_the_number() -> None:
    """As in every other format, the mark of a tie follows the number."""
    values = {"d/a": Mean(1.0, 2), "d/b": Mean(2.0, 2, tied=True), "d/c": Mean(3.0, 2)}
    records = [replace(RECORDS[0], method=method) for method in "abc"]
    datasets = [replace(SPEC.datasets[0], methods=["a", "b", "c"])]
    assert ["Beta", "2.0 ≈"] in Page(html(table(records, values, datasets=datasets))).rows


def test_no_text_is_taken_for_markup() -> None:
    """Titles, labels, heads, headings and reasons are shown as they are."""
    odd = "<script>x</script> & \"y\" 'z'"
    failed = replace(RECORDS[0], state="crashed", reason=odd, images=[])
    shown = table(
        [failed, *RECORDS[1:]],
        title=odd,
        labels={**SPEC.labels, "a": odd},
        heads={"EN": odd},
        groups={odd: ["a", "b"], "New": ["c"]},
        datasets=[replace(SPEC.datasets[0], title=odd), SPEC.datasets[1]],
    )
    page = Page(html(shown))
    assert "script" not in page.texts and page.texts["title"] == odd
    assert page.rows[:4] == [
        ["", odd, "E"],
        ["method", f"{odd} ↑", f"{odd} ↑"],
        [odd],
        [odd, "–a", "–b"],
    ]
    assert page.texts["li"].startswith(f"a crashed: {odd}")


def test_the_page_says_what_it_is_to_a_screen_reader() -> None:
    """The table scrolls in a named region that can have the focus; heads have a scope."""
    text = html(table())
    assert '<div class="wide" role="region" aria-label="A title." tabindex="0">' in text
    assert text.count('scope="col"') == 3 and text.count('scope="colgroup"') == 2

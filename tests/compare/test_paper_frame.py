"""What LaTeX and HTML share of a paper's table: its frame, headings and spans."""

from __future__ import annotations

from typing import Any

import pytest
from fusebench.compare.paper import Block, Entry, Line, PaperTable
from fusebench.compare.paper_frame import headings, spans, styled, with_heads

from tests.compare.test_paper import table


def blocks(*of: tuple[str, str, int]) -> PaperTable:
    """A table of blocks, each with its dataset, its heading and its number of rows."""
    shown = table()
    made = tuple(
        Block(dataset, heading, tuple(Line(f"m{n}", f"M{n}", ()) for n in range(rows)))
        for dataset, heading, rows in of
    )
    return PaperTable(shown.spec, shown.parts, (), made, {})


@pytest.mark.parametrize(
    ("of", "found"),
    [
        ([], {}),
        ([("", "", 3)], {}),
        ([("", "Old", 2), ("", "New", 1)], {0: ("", "Old"), 2: ("", "New")}),
        ([("D", "", 2), ("E", "", 1)], {0: ("D", ""), 2: ("E", "")}),
        (
            [("D", "Old", 2), ("D", "New", 3), ("E", "Old", 1)],
            {0: ("D", "Old"), 2: ("", "New"), 5: ("E", "Old")},
        ),
        ([("D", "", 2), ("D", "New", 1)], {0: ("D", ""), 2: ("", "New")}),
    ],
)
def test_headings_stand_before_the_rows_that_they_begin(
    of: list[tuple[str, str, int]], found: dict[int, tuple[str, str]]
) -> None:
    """A dataset is named once, before its first group; a block without heading gets none."""
    assert headings(blocks(*of)) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"layout": "stacked"}, []),
        ({}, [("", 1), ("D", 1), ("E", 1)]),
        ({"columns": ["year"]}, [("", 2), ("D", 1), ("E", 1)]),
        (
            {"columns": ["seconds", "model-seconds", "parameters", "flops"]},
            [("", 1), ("D", 3), ("E", 3), ("", 2)],
        ),
    ],
)
def test_titles_span_the_columns_of_their_dataset(
    changes: dict[str, Any], found: list[tuple[str, int]]
) -> None:
    """The column of names comes first; a stacked table has no titles above its columns."""
    shown = table(**changes)
    assert spans(shown) == found
    assert not found or sum(width for _, width in found) == len(shown.columns) + 1


def test_the_frame_has_a_row_for_each_method_and_a_style_for_each_rank() -> None:
    """Headings are not rows of it; columns are numbered, so that two may have the same head."""
    styles = {1: "textbf:--rwrap", 2: "underline:--rwrap"}
    styler = styled(table(), _in_brackets, lambda name, label: f"{name}:{label}", styles)
    assert styler.to_latex().splitlines()[1:-1] == [
        r"0 & 1 & 2 \\",
        r"a:Alpha & \underline{[1.0]} & [–] \\",
        r"b:Beta & \textbf{[2.0]} & \underline{[3.0]} \\",
        r"c:Gamma & [–] & \textbf{[4.0]} \\",
    ]


def test_a_rank_without_a_style_is_not_marked() -> None:
    """The text of a rank without a style stays plain."""
    styler = styled(table(), _in_brackets, lambda _, label: label, {1: "textbf:--rwrap"})
    assert "underline" not in styler.to_latex() and "textbf" in styler.to_latex()


def _in_brackets(entry: Entry) -> str:
    return f"[{entry.text}]"


def test_heads_are_written_over_the_numbers() -> None:
    """Heads replace the numbers of the columns, also if two columns have the same head."""
    shown = table()
    heads = [("", "method"), *((column.dataset, column.head) for column in shown.columns)]
    styler = with_heads(styled(shown, lambda entry: entry.text, lambda _, label: label, {}), heads)
    assert styler.to_string(delimiter="|").splitlines()[0] == "method|EN|EN"

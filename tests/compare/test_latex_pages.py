"""Tables that are longer than a page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from fusebench.compare.latex_pages import LINE, PAGE, continued, lines, pages
from hypothesis import given
from hypothesis import strategies as st

heights = st.integers(10, 100).map(float)
blocks = st.lists(st.lists(heights, min_size=1, max_size=3), max_size=40)
captions = st.integers(0, 250).map(float)


@given(blocks, captions)
def test_every_piece_stands_on_one_page_in_its_order(
    blocks: list[list[float]], caption: float
) -> None:
    """Nothing is lost, repeated or moved; without any piece there is one empty page."""
    found = pages(blocks, sum, caption)
    assert [piece for page in found for piece in page] == [p for block in blocks for p in block]
    assert all(found) or found == [[]]


@given(blocks, captions)
def test_no_page_is_too_high(blocks: list[list[float]], caption: float) -> None:
    """The caption counts on the first page, one line on the others."""
    first, *others = pages(blocks, sum, caption)
    assert caption + sum(first) <= PAGE
    assert all(LINE + sum(page) <= PAGE for page in others)


@given(blocks, captions)
def test_a_page_ends_only_where_it_must(blocks: list[list[float]], caption: float) -> None:
    """The first piece of a page is a later piece of its block, or did not fit before."""
    numbered = [[(height, number) for number, height in enumerate(block)] for block in blocks]

    def height(pieces: Sequence[tuple[float, int]]) -> float:
        return sum(piece for piece, _ in pieces)

    found = pages(numbered, height, caption)
    for place, (page, following) in enumerate(pairwise(found)):
        (begins, number), above = following[0], LINE if place else caption
        assert number or above + height(page) + begins > PAGE


def test_a_page_may_be_full() -> None:
    """A page may be filled exactly, with its caption or with the line above a later page."""
    first, second = PAGE / 2, PAGE - LINE
    assert pages([[first - 20.0], [first]], sum, 20.0) == [[first - 20.0, first]]
    assert pages([[PAGE], [second - 10.0], [10.0], [1.0]], sum, 0.0)[1] == [second - 10.0, 10.0]


def test_a_piece_higher_than_a_page_has_one_for_itself() -> None:
    """It sticks out of its page, but no other piece is on that page."""
    assert pages([[PAGE * 2], [1.0]], sum, 0.0) == [[PAGE * 2], [1.0]]


@pytest.mark.parametrize(
    ("length", "width", "count"), [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (95, 10, 10)]
)
def test_a_text_takes_so_many_lines(length: int, width: int, count: int) -> None:
    """A line that is only begun counts as a whole line."""
    assert lines("x" * length, width) == count


def test_a_later_page_names_its_table() -> None:
    """A later page refers to the label of the first one."""
    assert continued("tab:x") == r"Table~\ref{tab:x}, continued.\par\vspace{6pt}"

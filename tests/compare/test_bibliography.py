"""The bibliography of a table."""

from __future__ import annotations

import pytest
from fusebench.compare.bibliography import bibliography, citation_key
from fusebench.contracts.base import NAME_PATTERN
from fusebench.contracts.methods import Paper
from fusebench.contracts.tables import PaperReference
from hypothesis import given
from hypothesis import strategies as st


def reference(paper: Paper, key: str = "k", title: str = "T") -> PaperReference:
    """What a bibliography says of a method."""
    return PaperReference(key=key, title=title, paper=paper)


def entries(*references: PaperReference) -> str:
    """The entries without the comment above them."""
    told = bibliography({f"m{number}": one for number, one in enumerate(references)})
    return told[told.find("@") :]


def test_a_whole_entry() -> None:
    """Fields have a fixed order, titles keep their case, special characters are escaped."""
    paper = Paper(
        authors=["Li, Hui", "René & Co"],
        venue="IEEE  Trans.\n Image Process.",
        year=2024,
        doi="10.1/x_y",
        arxiv="2401.00001",
        url="https://x.org/a_b",
    )
    assert entries(reference(paper, title="A_1:\n  50% faster")) == (
        "@article{k,\n"
        "  author = {Li, Hui and René \\& Co},\n"
        "  key = {k},\n"
        "  title = {{A\\_1: 50\\% faster}},\n"
        "  journal = {IEEE Trans. Image Process.},\n"
        "  year = {2024},\n"
        "  doi = {10.1/x_y},\n"
        "  eprint = {2401.00001},\n"
        "  archiveprefix = {arXiv},\n"
        "  url = {https://x.org/a_b},\n"
        "}\n"
    )


def test_an_entry_has_only_what_is_known() -> None:
    """An unpublished method has its title alone."""
    assert entries(reference(Paper())) == "@misc{k,\n  key = {k},\n  title = {{T}},\n}\n"


@pytest.mark.parametrize(
    ("venue", "kind", "field"),
    [
        ("CVPR", "inproceedings", "booktitle"),
        ("CVPR Workshops", "inproceedings", "booktitle"),
        ("Proc. of the IEEE Conference on X", "inproceedings", "booktitle"),
        ("neurips", "inproceedings", "booktitle"),
        ("ACM MM", "inproceedings", "booktitle"),
        ("Information Fusion", "article", "journal"),
        ("IJCV", "article", "journal"),
        ("IEEE TCSVT", "article", "journal"),
        ("arXiv", "misc", "howpublished"),
        ("ARXIV", "misc", "howpublished"),
    ],
)
def test_where_a_paper_was_published_decides_its_kind(venue: str, kind: str, field: str) -> None:
    """A conference's name makes it proceedings; anything else except arXiv is a journal."""
    told = entries(reference(Paper(venue=venue)))
    assert told.startswith(f"@{kind}{{k,") and f"  {field} = {{{venue}}}," in told


def test_methods_of_one_paper_share_its_entry() -> None:
    """BibTeX refuses a key that comes twice."""
    told = entries(
        reference(Paper(year=2020), "one"),
        reference(Paper(year=2020), "one"),
        reference(Paper(year=2021), "two"),
    )
    assert [line for line in told.splitlines() if line.startswith("@")] == [
        "@misc{one,",
        "@misc{two,",
    ]


def test_without_a_paper_there_is_only_the_comment() -> None:
    """The file is written all the same, because the proof loads it."""
    assert all(line.startswith("%") for line in bibliography({}).splitlines())


def test_accents_are_composed() -> None:
    """A letter and the combining accent after it become one character."""
    assert "title = {{Café}}" in entries(reference(Paper(), title="Cafe\u0301"))


@given(st.from_regex(NAME_PATTERN), st.one_of(st.none(), st.integers(1980, 2100)))
def test_a_made_key_is_one_that_bibtex_takes(name: str, year: int | None) -> None:
    """The key is the letters and digits of the name, with the year if it is known."""
    key = citation_key(name, Paper(year=year) if year else Paper())
    assert key.isascii() and key.isalnum()
    assert key.endswith(str(year or ""))


def test_the_key_of_the_entry_wins() -> None:
    """The key is ``cite`` of the entry's paper for any name and year."""
    assert citation_key("u2fusion", Paper(year=2020, cite="xu2020u2fusion")) == "xu2020u2fusion"

"""The ``.bib`` of a table: one entry for each method's paper, from the facts in the registry."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping

from fusebench.compare.latex import escaped
from fusebench.contracts.methods import Paper
from fusebench.contracts.tables import PaperReference

CONFERENCES = re.compile(
    r"\b(CVPR|ICCV|ECCV|AAAI|IJCAI|NeurIPS|NIPS|ICLR|ICML|WACV|BMVC|ACCV|PRCV|MICCAI|ICASSP|ICIP|"
    r"ICME|ICRA|IROS|ICPR|ACM MM|ACM Multimedia|Conference|Workshops?|Symposium)\b",
    re.IGNORECASE,
)


def citation_key(method: str, paper: Paper, taken: Container[str] = ()) -> str:
    """Return the BibTeX key of a method: its paper's ``cite``, or one made of its name and year.

    A made key has the letters and digits of the name; its other characters stay where another
    method has ``taken`` that key, so that ``a-b`` and ``ab`` are two entries.
    """
    year = str(paper.year or "")
    made = re.sub(r"[^A-Za-z0-9]", "", method) + year
    return paper.cite or (method + year if made in taken else made)


def bibliography(papers: Mapping[str, PaperReference]) -> str:
    """Return BibTeX entries.

    Args:
        papers: by method.
    """
    entries = {paper.key: _entry(paper) for paper in papers.values()}
    head = (
        "% The papers of the methods, as methods.yaml knows them."
        " Where authors are missing, add them to the entry's paper;\n"
        "% a DOI or an arXiv number leads to them.\n"
    )
    return head + "".join(f"\n{entry}" for entry in entries.values())


def _entry(reference: PaperReference) -> str:
    paper = reference.paper
    venue = paper.venue or ""
    kind = "misc"
    if CONFERENCES.search(venue):
        kind = "inproceedings"
    elif _is_journal(venue):
        kind = "article"
    where = {"inproceedings": "booktitle", "article": "journal"}.get(kind, "howpublished")
    fields = {
        "author": " and ".join(escaped(_plain(name)) for name in paper.authors or ()),
        "key": reference.key,
        "title": f"{{{escaped(_plain(reference.title))}}}",
        where: escaped(_plain(venue)),
        "year": str(paper.year or ""),
        "doi": paper.doi or "",
        "eprint": paper.arxiv or "",
        "archiveprefix": "arXiv" if paper.arxiv else "",
        "url": paper.url or "",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{reference.key},", *lines, "}\n"])


def _is_journal(venue: str) -> bool:
    return bool(venue) and venue.lower() != "arxiv"


def _plain(text: str) -> str:
    """Return a title as one line of composed characters."""
    return unicodedata.normalize("NFC", " ".join(str(text).split()))

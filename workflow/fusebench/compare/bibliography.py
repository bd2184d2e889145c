"""The ``.bib`` of a table: one entry for each method's paper, from what the registry knows of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from fusebench.compare.latex import escaped

CONFERENCES = re.compile(
    r"\b(CVPR|ICCV|ECCV|AAAI|IJCAI|NeurIPS|NIPS|ICLR|ICML|WACV|BMVC|ACCV|PRCV|MICCAI|ICASSP|ICIP|ICME|ICRA|IROS|ICPR|"
    r"ACM MM|ACM Multimedia|Conference|Workshops?|Symposium)\b",
    re.IGNORECASE,
)


def citation_key(method: str, entry: Mapping[str, Any]) -> str:
    """Return the BibTeX key of a method: its paper's ``cite``, or one made of its name and year."""
    paper = entry.get("paper", {})
    made = re.sub(r"[^A-Za-z0-9]", "", method) + str(paper.get("year", ""))
    return str(paper.get("cite") or made)


def bibliography(papers: Mapping[str, Mapping[str, Any]]) -> str:
    """Return BibTeX entries.

    Args:
        papers: method -> ``key``, ``title`` and ``paper`` (authors, venue, year, doi, arxiv, url) of its entry.
    """
    entries = {paper["key"]: _entry(paper) for paper in papers.values()}
    head = (
        "% The papers of the methods, as methods.yaml knows them. Where authors are missing, add them to the entry's paper;\n"
        "% a DOI or an arXiv number leads to them.\n"
    )
    return head + "".join(f"\n{entry}" for entry in entries.values())


def _entry(paper: Mapping[str, Any]) -> str:
    known: Mapping[str, Any] = paper["paper"]
    venue = str(known.get("venue", ""))
    kind = (
        "inproceedings"
        if CONFERENCES.search(venue)
        else "article"
        if _is_journal(venue)
        else "misc"
    )
    fields = {
        "author": " and ".join(escaped(_plain(name)) for name in known.get("authors", [])),
        "key": paper["key"],
        "title": f"{{{escaped(_plain(paper['title']))}}}",
        {"inproceedings": "booktitle", "article": "journal"}.get(kind, "howpublished"): escaped(
            _plain(venue)
        ),
        "year": str(known.get("year", "")),
        "doi": str(known.get("doi", "")),
        "eprint": str(known.get("arxiv", "")),
        "archiveprefix": "arXiv" if "arxiv" in known else "",
        "url": str(known.get("url", "")),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{paper['key']},", *lines, "}\n"])


def _is_journal(venue: str) -> bool:
    return bool(venue) and venue.lower() != "arxiv"


def _plain(text: str) -> str:
    """Return a title as one line of composed characters."""
    return unicodedata.normalize("NFC", " ".join(str(text).split()))

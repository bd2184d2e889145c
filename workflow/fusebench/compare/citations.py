"""BibTeX entries of datasets, metrics and fusebench itself, beside those of the methods' papers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from fusebench.compare.latex import escaped
from fusebench.metrics import Definition
from fusebench.registry.datasets import Dataset
from fusebench.texts import plain_line

DOI = re.compile(r"doi:(?P<doi>10\.\S+?)(?=[;,]?(?:\s|$))")
YEAR = re.compile(r"\b(?P<year>(?:19|20)\d\d)\b")


def dataset_entries(datasets: Iterable[Dataset]) -> Iterator[str]:
    """Yield an entry for each dataset: its title, where its images are, and their licence."""
    for dataset in datasets:
        entry = dataset.entry
        told = [entry.source or "", f"Licence: {dataset.licence}" if dataset.licence else ""]
        yield _entry(
            f"dataset-{dataset.name}",
            {
                "title": f"{{{escaped(plain_line(entry.title))}}}",
                "howpublished": _address(entry.code or ""),
                "note": escaped(plain_line(". ".join(filter(None, told)))),
            },
        )


def metric_entries(definitions: Iterable[Definition]) -> Iterator[str]:
    """Yield an entry for each published source of the formulas, and the metrics that it is of."""
    sources: dict[str, list[str]] = {}
    for definition in definitions:
        sources.setdefault(definition.source, []).append(definition.id)
    for source, ids in sources.items():
        doi, year = DOI.search(source), YEAR.search(source)
        yield _entry(
            f"metric-{_key(ids[0])}",
            {
                "key": escaped(ids[0]),
                "title": f"{{{escaped('Metric ' + ', '.join(ids))}}}",
                "howpublished": escaped(plain_line(DOI.sub("", source)).rstrip(" ,;")),
                "year": year["year"] if year else "",
                "doi": doi["doi"] if doi else "",
            },
        )


def own_entry(version: str) -> str:
    """Return the entry of fusebench."""
    return _entry(
        "fusebench",
        {
            "author": "{The fusebench authors}",
            "title": "{fusebench: rerunning published image-fusion methods and comparing them under"
            " one protocol}",
            "note": f"Version {version}",
        },
    )


def _address(code: str) -> str:
    return f"\\url{{{code}}}" if code.startswith("http") else ""


def _key(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", text)


def _entry(key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}\n"])

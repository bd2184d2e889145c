"""The files of a paper's table.

They are CSV with full digits, Markdown, HTML, and LaTeX with a bibliography and a proof document.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.compare.bibliography import bibliography
from fusebench.compare.files import frame_of
from fusebench.compare.paper import PaperTable
from fusebench.compare.paper_html import html
from fusebench.compare.paper_latex import latex, proof
from fusebench.compare.paper_markdown import markdown
from fusebench.contracts.tables import PaperReference
from fusebench.files import write_text

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".md", ".html", ".tex", ".bib", ".proof.tex")


def write_paper_table(
    folder: Path, table: PaperTable, papers: Mapping[str, PaperReference]
) -> list[Path]:
    """Write ``<folder>/<name>`` with each of ``SUFFIXES`` and return the paths.

    Args:
        folder: where the files are written.
        table: what they show.
        papers: method -> its reference, for those that are cited.
    """
    texts = {
        ".csv": wide_frame(table).to_csv(index=False, lineterminator="\n"),
        ".md": markdown(table),
        ".html": html(table),
        ".tex": latex(table),
        ".bib": bibliography(papers),
        ".proof.tex": proof(table),
    }
    paths = [folder / f"{table.spec.name}{suffix}" for suffix in SUFFIXES]
    for path, suffix in zip(paths, SUFFIXES, strict=True):
        write_text(path, texts[suffix])
    return paths


def wide_frame(table: PaperTable) -> pd.DataFrame:
    """Return one row for each dataset and method, with full digits, states and reasons."""
    import pandas as pd

    groups = {
        method: heading for heading, methods in table.spec.groups.items() for method in methods
    }
    frames = []
    for part in table.parts:
        frame = frame_of(part)
        frame.insert(0, "dataset", part.spec.dataset)
        frame.insert(1, "group", frame["method"].map(groups))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)

"""The files of a figure: vector PDF, PNG, and the data drawn in it as CSV."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs
from fusebench.figures.style import paper_style
from fusebench.files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {"pdf": {"CreationDate": None}, "png": {"Software": None}}
"""Format -> metadata, without the time of drawing: the same data give the same file."""


def write_figure(path: Path, spec: FigureSpec, inputs: Inputs) -> None:
    """Draw a figure and write it beside its data.

    Args:
        path: of the PDF; the others have the same stem.
        spec: which figure.
        inputs: what it is drawn from.
    """
    module = import_module(f"fusebench.figures.{spec.kind.replace('-', '_')}")
    with paper_style():
        figure, data = module.draw(spec, inputs)
        # A table without columns has no header line, and CSV readers would refuse its rows.
        text = data.to_csv(index=False, lineterminator="\n") if len(data.columns) else "\n"
        write_text(path.with_suffix(".csv"), text)
        _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    for suffix, metadata in FORMATS.items():
        figure.savefig(path.with_suffix(f".{suffix}"), metadata=metadata)

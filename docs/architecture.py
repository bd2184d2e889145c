"""Draws ``docs/architecture.svg``: the parts of the package in their layers, from the code.

Run ``python docs/architecture.py``. Layers are those that import-linter holds (``pyproject.toml``),
lines are imports, and run down. An import that follows from others is left out.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp
import matplotlib as mpl
import networkx as nx
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "architecture.svg"
PACKAGE = "fusebench"
WIDTH, STEP = 10.0, 0.62
MANY = 3
SHIFTS = (0.0, 1.1, -1.1)
"""Of the rows in turn, so that lines do not lie upon each other."""


def main() -> None:
    """Write the picture."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": PACKAGE, "font.size": 9})
    draw(layers(), sorted(reduced(imports()))).savefig(PICTURE, metadata={"Date": None})


def layers() -> list[list[str]]:
    """Return the parts of each layer, from the top down."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ordered = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    return [[part.strip() for part in layer.split("|")] for layer in ordered]


def imports() -> set[tuple[str, str]]:
    """Return each pair of parts of which the first one imports the second one."""
    graph = grimp.build_graph(PACKAGE)
    pairs = {
        (part_of(importer), part_of(imported))
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    }
    return {(one, other) for one, other in pairs if one != other and PACKAGE not in (one, other)}


def reduced(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the pairs that do not follow from others."""
    return set(nx.transitive_reduction(nx.DiGraph(pairs)).edges)


def part_of(module: str) -> str:
    """Return the part that a module belongs to: ``planning`` for ``fusebench.planning.cells``."""
    return module.split(".")[1] if "." in module else module


def draw(rows: list[list[str]], lines: list[tuple[str, str]]) -> Figure:
    """Draw the parts row by row, and the imports between them."""
    height = STEP * (len(rows) + 0.5)
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    places = {
        part: (
            WIDTH * (index + 0.5) / len(row) + (SHIFTS[number % 3] if len(row) < MANY else 0),
            STEP * (number + 0.75),
        )
        for number, row in enumerate(rows)
        for index, part in enumerate(row)
    }
    for importer, imported in lines:
        ends = zip(places[importer], places[imported], strict=True)
        axes.plot(*ends, color="0.6", lw=0.8, zorder=1, gid=f"{importer} imports {imported}")
    box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": "0.3"}
    for part, place in places.items():
        axes.text(*place, part, ha="center", va="center", bbox=box)
    return figure


if __name__ == "__main__":
    main()

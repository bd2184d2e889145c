"""``fusebench diff OLD NEW``: what changed between two results, and why."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fusebench.differences.comparing import ChangedCell, Difference
    from fusebench.differences.results import CellName

DIFFERENT = 3
MOST_MEANS = 3

EXAMPLES = """examples:
  fusebench diff ../last-month .                  two folders
  fusebench diff paper.tar.gz . --exit-code       an archive; status 3 where a cell differs
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench diff``."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "old", type=Path, help="a project's folder with results, or an archive of results"
    )
    parser.add_argument("new", type=Path, help="another one; default this folder", nargs="?")
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help=f"end with {DIFFERENT} where a cell differs; default 0",
    )


def run(options: argparse.Namespace) -> int:
    """Print the cells that differ, with the cause, and the largest changes of their means."""
    from fusebench.differences.comparing import difference
    from fusebench.differences.results import results_of

    new_place = options.new or Path()
    with results_of(options.old) as old, results_of(new_place) as new:
        found = difference(old, new)
    print("\n".join(_lines(found, str(options.old), str(new_place))))
    differs = bool(found.only_old or found.only_new or found.changed)
    return DIFFERENT if options.exit_code and differs else 0


def _lines(found: Difference, old: str, new: str) -> Iterator[str]:
    for place, cells in ((old, found.only_old), (new, found.only_new)):
        if cells:
            yield f"only in {place}: {_named(cells)}"
    for cell in found.changed:
        yield from _of_cell(cell)
    yield f"{_count(found.changed)} changed, {found.same} the same"


def _of_cell(cell: ChangedCell) -> Iterator[str]:
    before, after = cell.states
    state = before if before == after else f"{before} -> {after}"
    yield f"{cell.method} on {cell.dataset}: {state}"
    for cause in cell.causes:
        yield f"  {cause}"
    if cell.compared:
        yield f"  images: {cell.images} of {cell.compared} differ"
    for mean in cell.means[:MOST_MEANS]:
        yield f"  {mean.metric}: {mean.old:.6g} -> {mean.new:.6g} ({mean.relative:.1%})"
    if (left := len(cell.means) - MOST_MEANS) > 0:
        yield f"  and {left} more metrics"


def _named(cells: list[CellName]) -> str:
    methods: dict[str, list[str]] = {}
    for method, dataset in cells:
        methods.setdefault(method, []).append(dataset)
    return "; ".join(f"{method} on {', '.join(datasets)}" for method, datasets in methods.items())


def _count(changed: list[ChangedCell]) -> str:
    return f"{len(changed)} cell" + ("" if len(changed) == 1 else "s")

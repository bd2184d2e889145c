"""The content of a table or a figure: names, metrics, digits, and the cells it is made from.

``planning`` writes it into the jobs of tables and figures, ``compare`` and ``figures`` read it.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET

from fusebench.contracts.base import Contract, Maybe, says
from fusebench.contracts.configuration import (
    Box,
    CostColumn,
    FigureKind,
    Layout,
    SpreadShown,
    Unfinished,
)
from fusebench.contracts.methods import Paper

Labels = Annotated[dict[str, str], says("method -> name shown, in the order of the rows")]


class SkippedCell(Contract, kw_only=True):
    """A cell that cannot be run."""

    method: Annotated[str, says("the name of the method")]
    dataset: Annotated[str, says("the name of the dataset; empty for a method that has none")]
    reason: Annotated[str, says("why it cannot be run")]


class CellList(Contract, kw_only=True):
    """Some cells: those that run, and those that cannot."""

    runs: Annotated[dict[str, list[str]], says("dataset -> methods that run on it")]
    skipped: Annotated[list[SkippedCell], says("the cells that cannot be run")]


class TableSpec(Contract, kw_only=True):
    """Which table of a suite is asked for."""

    suite: Annotated[str, says("the name of the suite")]
    dataset: Annotated[str, says("the name of the dataset")]
    title: Annotated[str, says("the title of the dataset, shown in the caption")]
    methods: Labels
    seeds: Maybe[
        Annotated[
            dict[str, list[str]],
            says("row that shows several trainings of a method -> the methods of its seeds"),
        ]
    ] = UNSET
    metrics: Annotated[
        list[str], says("ids of metrics in the order of the columns: METRIC or METRIC@DEFINITION")
    ]
    decimals: Annotated[
        int | dict[str, int],
        says("digits after the point, of all metrics or by id; methods are ranked on these digits"),
    ] = 4
    pairs: Annotated[
        int | None,
        says(
            "how many pairs the dataset has; null, or 0 of one that could not be prepared: the"
            " largest number that any run has is taken"
        ),
    ] = None

    def decimals_of(self, metric: str) -> int:
        """Return how many digits after the point are printed of a metric, by its id."""
        return self.decimals if isinstance(self.decimals, int) else self.decimals[metric]


class ShownDataset(Contract, kw_only=True):
    """A dataset in a table or a figure."""

    name: Annotated[str, says("the name of the dataset")]
    title: Annotated[str, says("its title")]
    methods: Annotated[list[str], says("the methods that were published for its task")]
    metrics: Annotated[list[str], says("ids of the metrics shown for it")]
    pairs: Annotated[int | None, says("how many pairs it has; null where it is not known")] = None


class PaperReference(Contract, kw_only=True):
    """What a bibliography says about a method."""

    key: Annotated[str, says("the BibTeX key")]
    title: Annotated[str, says("the paper's title")]
    paper: Annotated[Paper, says("where the method was published")]


class PaperSpec(Contract, kw_only=True):
    """Which table of a paper is asked for."""

    name: Annotated[str, says("what its files are named")]
    title: Annotated[str, says("the first sentence of the caption")]
    groups: Annotated[
        dict[str, list[str]],
        says("heading -> methods in the order of the rows; the heading of a plain list is empty"),
    ]
    labels: Labels
    datasets: Annotated[
        list[ShownDataset], says("its datasets in the order of the columns or blocks")
    ]
    decimals: Annotated[dict[str, int], says("id of a metric -> digits after the point")]
    heads: Annotated[
        dict[str, str], says("id of a metric -> head of its column, where it is not its name")
    ] = {}
    cite: Annotated[
        dict[str, str],
        says("method -> BibTeX key; empty where names are not followed by citations"),
    ] = {}
    years: Annotated[dict[str, str], says("method -> text of its cell in the column `year`")] = {}
    evidence: Annotated[
        dict[str, str], says("method -> text of its cell in the column `evidence`")
    ] = {}
    layout: Annotated[Layout, says("datasets side by side, or stacked")] = "side-by-side"
    unfinished: Annotated[Unfinished, says("where methods without any result are listed")] = "rows"
    spread: Annotated[SpreadShown, says("what follows a mean")] = "none"
    highlight: Annotated[int, says("how many ranks are marked")] = 2
    colour: Annotated[bool, says("whether marked ranks are coloured")] = False
    ties: Annotated[bool, says("whether ties with the best mean are marked")] = True
    columns: Annotated[list[CostColumn], says("columns besides the metrics")] = []


class FigureSpec(Contract, kw_only=True):
    """Which figure is drawn."""

    kind: Annotated[FigureKind, says("the kind of the figure")]
    labels: Labels
    datasets: Annotated[list[ShownDataset], says("the datasets of the table")]
    heads: Annotated[
        dict[str, str], says("id of a metric -> name shown, where it is not its id")
    ] = {}
    dataset: Annotated[str, says("the dataset that is drawn; empty for all of them")] = ""
    cells: Annotated[CellList, says("the table's cells, for kinds that read records")] = CellList(
        runs={}, skipped=[]
    )
    pairs: Annotated[
        list[str] | int, says("of a grid: the pairs shown, or how many are chosen")
    ] = 2
    crops: Annotated[
        dict[str, list[Box]], says("of a grid: pair -> boxes that are shown enlarged")
    ] = {}
    modalities: Annotated[
        tuple[str, str], says("of a grid: what the source images A and B show")
    ] = ("a", "b")

    @property
    def shown(self) -> ShownDataset:
        """The dataset that is drawn."""
        return next(dataset for dataset in self.datasets if dataset.name == self.dataset)

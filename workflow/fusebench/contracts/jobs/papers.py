"""The parameters of the jobs that write statistics, tables and figures of a paper."""

from __future__ import annotations

from typing import Annotated

from fusebench.contracts.base import Contract, says
from fusebench.contracts.tables import CellList, FigureSpec, PaperReference, PaperSpec


class StatisticsJob(Contract, kw_only=True):
    """The statistics of a table of a paper."""

    metrics: Annotated[dict[str, list[str]], says("dataset -> ids of the metrics shown for it")]


class PaperTableJob(Contract, kw_only=True):
    """A table of a paper in every format."""

    table: Annotated[PaperSpec, says("what the table shows")]
    cells: Annotated[CellList, says("its cells: those that run, and those that cannot")]
    papers: Annotated[dict[str, PaperReference], says("method -> what the bibliography says of it")]


class FigureJob(Contract, kw_only=True):
    """A figure of a table."""

    figure: Annotated[FigureSpec, says("what is drawn")]

"""The parameters of the jobs that measure runs, and that write the tables of suites."""

from __future__ import annotations

from typing import Annotated

from fusebench.contracts.base import Contract, MetricIds, says
from fusebench.contracts.tables import CellList, TableSpec


class Measured(Contract, kw_only=True):
    """What is measured on one dataset."""

    dataset: Annotated[str, says("the name of the dataset")]
    methods: Annotated[list[str], says("the methods whose runs are measured")]
    metrics: MetricIds


class MeasureJob(Contract, kw_only=True):
    """A measuring job: the runs on one or several datasets, one after the other."""

    datasets: Annotated[list[Measured], says("what is measured on each dataset")]


class TableJob(Contract, kw_only=True):
    """One table of a suite."""

    table: Annotated[TableSpec, says("what the table shows")]
    cells: Annotated[CellList, says("its cells: those that run, and those that cannot")]


class TablesJob(Contract, kw_only=True):
    """A tabulating job: tables of suites, and the long files where they are asked for."""

    tables: Annotated[list[TableJob], says("the tables, each in every format")]
    collected: Annotated[
        CellList | None, says("the cells of the long files; null where only tables are written")
    ] = None


class SpeedJob(Contract, kw_only=True):
    """The speed tables of a suite."""

    suite: Annotated[str, says("the name of the suite")]
    cells: Annotated[CellList, says("its methods on the fixed pairs")]

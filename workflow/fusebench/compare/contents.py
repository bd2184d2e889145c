"""What a table says, before it is written in any format: means, ranks and states of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import UNSET

from fusebench.compare.means import Mean, Means, means_of
from fusebench.compare.seeds import with_rows
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec
from fusebench.contracts.training import SMOKE
from fusebench.fuse.caveats import caveat_of
from fusebench.metrics import Definition, resolve
from fusebench.states import SKIPPED

if TYPE_CHECKING:
    import pandas as pd

BEST, SECOND, THIRD = 1, 2, 3
NO_MEAN = Mean(None, 0)
NOT_RUN = "the method has not been run on this dataset"


@dataclass(frozen=True)
class Cell:
    """The mean of one metric over a method's images.

    Attributes:
        mean: None where no image has a value.
        measured: how many images have a value.
        printed: the mean as shown, ``""`` where there is none.
        rank: 1 is best; None where the cell is not ranked.
        problem: why values are missing, ``""`` if none is.
        source: the mean with its deviation, interval and tie, as far as they are known.
        between: the deviation between seeds as shown, ``""`` for a row of one run.
    """

    mean: float | None
    measured: int
    printed: str
    rank: int | None = None
    problem: str = ""
    source: Mean = NO_MEAN
    between: str = ""


@dataclass(frozen=True)
class Row:
    """One method: its state, its cells in the order of the metrics, and what it costs."""

    method: str
    label: str
    record: Record
    cells: tuple[Cell, ...]

    @property
    def state(self) -> str:
        """The state of its run."""
        return self.record.state

    @property
    def has_results(self) -> bool:
        """Whether it has numbers; those of a suspicious run are shown and not ranked."""
        return self.record.has_results

    @property
    def caveat(self) -> str:
        """What is suspicious, and what was done to its results; ``""`` for nothing."""
        return caveat_of(self.record)

    @property
    def reason(self) -> str:
        """Why there is no number, or why some are missing, and the caveat; ``""`` for nothing."""
        problems = [cell.problem for cell in self.cells]
        told = dict.fromkeys(filter(None, [*problems, self.caveat]))
        return "; ".join(told) if self.has_results else self.record.reason


@dataclass(frozen=True)
class Table:
    """A comparison on one dataset."""

    spec: TableSpec
    definitions: tuple[Definition, ...]
    pairs: int
    rows: tuple[Row, ...]


def table_of(spec: TableSpec, records: Iterable[Record], measures: pd.DataFrame) -> Table:
    """Return the table that ``spec`` asks for.

    Args:
        spec: which table.
        records: of any methods and datasets; a method without one is shown as ``skipped``.
        measures: of any methods and datasets, columns method, dataset, image, metric, definition,
            value, and reason where it is known why a value is missing.

    Raises:
        MetricError: a metric of ``spec`` is unknown.
    """
    return tabulate(spec, records, means_of(measures[measures["dataset"] == spec.dataset]))


def tabulate(spec: TableSpec, records: Iterable[Record], means: Means) -> Table:
    """Return the table that ``spec`` asks for from known means; otherwise as ``table_of``."""
    if spec.seeds:
        records, means = with_rows(spec, records, means)
    here = {record.method: record for record in records if record.dataset == spec.dataset}
    runs = {method: here.get(method) or _no_record(spec, method) for method in spec.methods}
    pairs = spec.pairs or max((len(record.images) for record in runs.values()), default=0)
    definitions = tuple(resolve(spec.metrics))
    columns = [_column(spec, definition, runs, pairs, means) for definition in definitions]
    rows = [
        Row(method, spec.methods[method], record, tuple(column[method] for column in columns))
        for method, record in runs.items()
    ]
    return Table(spec, definitions, pairs, tuple(rows))


def _no_record(spec: TableSpec, method: str) -> Record:
    return Record(method=method, dataset=spec.dataset, state=SKIPPED, reason=NOT_RUN)


def _column(
    spec: TableSpec,
    definition: Definition,
    runs: Mapping[str, Record],
    pairs: int,
    means: Means,
) -> dict[str, Cell]:
    """Return the cells of one metric by method, ranked."""
    key = (definition.metric, definition.definition)
    cells = {
        method: _cell(spec, means.get((spec.dataset, method, *key), NO_MEAN), definition, pairs)
        if record.has_results
        else Cell(None, 0, "")
        for method, record in runs.items()
    }
    complete = [
        method
        for method, cell in cells.items()
        if cell.mean is not None and cell.measured == pairs and _is_ranked(runs[method])
    ]
    ranks = ranks_of([cells[method].printed for method in complete], definition.direction)
    return cells | {
        method: replace(cells[method], rank=rank)
        for method, rank in zip(complete, ranks, strict=True)
    }


def _is_ranked(record: Record) -> bool:
    """Say whether numbers of a run are compared: not those of a network trained for minutes."""
    training = record.training
    return record.is_ok and (training is UNSET or training.variant != SMOKE)


def _cell(spec: TableSpec, mean: Mean, definition: Definition, pairs: int) -> Cell:
    """Return the cell of a run that has results; its problem says what was not measured."""
    problem = _problem(mean, definition, pairs) if mean.measured < pairs else ""
    shown = "" if mean.value is None else printed(mean.value, spec.decimals_of(definition.id))
    decimals = spec.decimals_of(definition.id)
    between = "" if mean.between is None else f" ± {printed(mean.between, decimals)}"
    return Cell(mean.value, mean.measured, shown, problem=problem, source=mean, between=between)


def _problem(mean: Mean, definition: Definition, pairs: int) -> str:
    """Say how many pairs have a value, and why the others have none."""
    reason = mean.reason or "the others were not measured"
    return f"{definition.id}: {mean.measured} of {pairs} pairs have a value ({reason})"


def printed(value: float, decimals: int) -> str:
    """The value as a table shows it; a negative number that is shown as zero has no sign."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def ranks_of(shown: Sequence[str], direction: str) -> list[int | None]:
    """Rank numbers as they are shown: equal digits share a rank; after two firsts comes 3.

    Args:
        shown: numbers as text.
        direction: ``higher``, ``lower``, or ``none``, which ranks nothing.
    """
    if direction == "none":
        return [None] * len(shown)
    numbers = [float(text) if direction == "lower" else -float(text) for text in shown]
    return [1 + sum(other < number for other in numbers) for number in numbers]

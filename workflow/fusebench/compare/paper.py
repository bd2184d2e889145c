"""A table of a paper before it is written in any format.

It has several datasets, groups of methods, marks and footnotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fusebench.compare.contents import BEST, Cell, Row, Table, tabulate
from fusebench.compare.devices import device_of, rows_by_device, with_threads
from fusebench.compare.few_pairs import has_too_few_pairs, pairs_needed
from fusebench.compare.means import Means
from fusebench.compare.wording import (
    NOTHING,
    definition_shown,
    mark,
    name_shown,
    parameters,
    seconds,
    shortened,
)
from fusebench.contracts.records import Record
from fusebench.contracts.tables import PaperSpec, ShownDataset, TableSpec
from fusebench.metrics import Definition

STACKED = "stacked"
CAPTION = "caption"
OTHER_TASK = "not published for this task"
COST_HEADS = {
    "year": "year",
    "evidence": "evidence",
    "model-seconds": "model s",
    "seconds": "total s",
    "parameters": "params",
    "flops": "FLOPs",
}
LEADING = ("year", "evidence")
"""Columns before the metrics; those of a dataset come after its metrics, the others at the end."""
PER_DATASET = ("model-seconds", "seconds")


@dataclass(frozen=True)
class Column:
    """One column: a metric on a dataset, or what a method costs.

    Attributes:
        dataset: whose values it shows; ``""`` for a column of the method, and in a stacked table.
        definition: of the metric, None for a cost.
        cost: a key of ``COST_HEADS``, ``""`` for a metric.
        head: its head without arrow.
    """

    dataset: str
    definition: Definition | None
    cost: str
    head: str

    @property
    def name_and_definition(self) -> tuple[str, str]:
        """The head in two parts: metric and definition.

        The definition is ``""`` for a canonical one. A head of the user's own is never split.
        """
        if self.definition is None or self.head != self.definition.id:
            return self.head, ""
        return name_shown(self.definition), definition_shown(self.definition)


@dataclass(frozen=True)
class Entry:
    """The content of one cell.

    Attributes:
        text: without marks.
        rank: 1 is best; None if it is not marked.
        spread: what follows the mean, ``""`` for nothing.
        tied: whether the statistics do not distinguish it from the best mean.
        note: the letters of its footnote, ``""`` for none.
    """

    text: str
    rank: int | None = None
    spread: str = ""
    tied: bool = False
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One method in one block of rows."""

    method: str
    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Block:
    """Rows under one heading; ``dataset`` is the title of a stacked dataset, else ``""``."""

    dataset: str
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class PaperTable:
    """The whole table; ``notes`` maps letters to the text of each footnote."""

    spec: PaperSpec
    parts: tuple[Table, ...]
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    notes: Mapping[str, str]

    @property
    def has_ties(self) -> bool:
        """Whether any cell is marked as not distinguished from the best."""
        return any(
            entry.tied for block in self.blocks for line in block.lines for entry in line.entries
        )


def paper_table(spec: PaperSpec, records: Iterable[Record], means: Means) -> PaperTable:
    """Return the table that ``spec`` asks for.

    Args:
        spec: which table.
        records: of any methods and datasets; a method without one is shown as not run.
        means: of any methods and datasets.
    """
    kept = list(records)
    parts = tuple(tabulate(_part(spec, dataset), kept, means) for dataset in spec.datasets)
    notes = _Notes()
    if spec.layout == STACKED:
        columns = tuple(_columns(spec, [("", parts[0])]))
        blocks = [
            block
            for part in parts
            for block in _blocks(spec, columns, {"": part}, notes, _title(part), parts)
        ]
    else:
        columns = tuple(_columns(spec, [(part.spec.dataset, part) for part in parts]))
        blocks = list(
            _blocks(spec, columns, {part.spec.dataset: part for part in parts}, notes, "", parts)
        )
    return PaperTable(spec, parts, columns, tuple(blocks), notes.by_letter)


def _part(spec: PaperSpec, dataset: ShownDataset) -> TableSpec:
    return TableSpec(
        suite=spec.name,
        dataset=dataset.name,
        title=dataset.title,
        methods={method: spec.labels[method] for method in dataset.methods},
        metrics=dataset.metrics,
        decimals=spec.decimals,
        pairs=dataset.pairs,
    )


def _title(part: Table) -> str:
    return f"{part.spec.title} ({part.pairs} pairs)"


def _columns(spec: PaperSpec, parts: Sequence[tuple[str, Table]]) -> Iterator[Column]:
    """Yield the columns after the names, from left to right."""
    yield from (
        Column("", None, cost, COST_HEADS[cost]) for cost in spec.columns if cost in LEADING
    )
    for dataset, part in parts:
        for definition in part.definitions:
            yield Column(dataset, definition, "", spec.heads.get(definition.id, definition.id))
        yield from (
            Column(dataset, None, cost, COST_HEADS[cost])
            for cost in spec.columns
            if cost in PER_DATASET
        )
    yield from (
        Column("", None, cost, COST_HEADS[cost])
        for cost in spec.columns
        if cost not in (*LEADING, *PER_DATASET)
    )


def _blocks(
    spec: PaperSpec,
    columns: Sequence[Column],
    parts: Mapping[str, Table],
    notes: _Notes,
    title: str,
    all_parts: Sequence[Table],
) -> Iterator[Block]:
    """Yield one block for each group that has a method in these parts.

    Methods that the caption names are left out.
    """
    left_out = unfinished(spec, all_parts)
    rows = {key: {row.method: row for row in part.rows} for key, part in parts.items()}
    for heading, methods in spec.groups.items():
        shown = [
            method for method in methods if any(method in of_part for of_part in rows.values())
        ]
        lines = [
            Line(
                method,
                spec.labels[method],
                tuple(_entry(spec, method, column, parts, rows, notes) for column in columns),
            )
            for method in shown
            if method not in left_out
        ]
        if lines:
            yield Block(title, heading, tuple(lines))


def unfinished(spec: PaperSpec, parts: Sequence[Table]) -> dict[str, str]:
    """Return the methods without a result on any dataset, with their state.

    They are the methods that the caption names instead of a row; there are none if the table does
    not ask for that. If no method has a result, all keep their rows: otherwise there would be no
    table.
    """
    rows = [row for part in parts for row in part.rows]
    finished = {row.method for row in rows if row.has_results}
    if spec.unfinished != CAPTION or not finished:
        return {}
    return {row.method: row.state for row in reversed(rows) if row.method not in finished}


def _entry(
    spec: PaperSpec,
    method: str,
    column: Column,
    parts: Mapping[str, Table],
    rows: Mapping[str, Mapping[str, Row]],
    notes: _Notes,
) -> Entry:
    if column.cost in LEADING:
        return Entry((spec.years if column.cost == "year" else spec.evidence).get(method, NOTHING))
    if column.cost and column.cost not in PER_DATASET:
        found = [of_part[method].record for of_part in rows.values() if method in of_part]
        return Entry(_first_cost(column.cost, found))
    key = column.dataset
    if method not in rows[key]:
        return Entry(NOTHING, note=notes.letter(OTHER_TASK) if column.definition else "")
    row = rows[key][method]
    if column.definition is None:
        return _time_entry(column.cost, row, rows.values(), notes)
    cell = row.cells[parts[key].definitions.index(column.definition)]
    decided = not undecided(parts[key]) and column.definition.id not in too_small(parts[key])
    return _metric_entry(spec, row, cell, notes, decided=decided)


def _time_entry(cost: str, row: Row, parts: Iterable[Mapping[str, Row]], notes: _Notes) -> Entry:
    """Return a time; if the times are of several devices, its footnote names its device."""
    several = len(rows_by_device(other for of_part in parts for other in of_part.values())) > 1
    time = _cost(cost, row.record)
    if time == NOTHING or not several:
        return Entry(time)
    return Entry(time, note=notes.letter(f"on {with_threads(device_of(row.record), [row])}"))


def _metric_entry(spec: PaperSpec, row: Row, cell: Cell, notes: _Notes, *, decided: bool) -> Entry:
    if not row.has_results:
        reason = shortened(" ".join(row.reason.split())) or "no reason was recorded"
        return Entry(NOTHING, note=notes.letter(f"{row.state}: {reason}"))
    told = [cell.problem, row.caveat if cell.mean is not None else ""]
    note = notes.letter("; ".join(filter(None, told))) if any(told) else ""
    if cell.mean is None:
        return Entry(NOTHING, note=note)
    rank = cell.rank if cell.rank is not None and cell.rank <= spec.highlight else None
    return Entry(
        cell.printed, rank, _spread(spec, cell), spec.ties and decided and cell.source.tied, note
    )


def undecided(part: Table) -> bool:
    """Say whether the data distinguish no method from a best mean: then marks say nothing."""
    ranked = [cell for row in part.rows for cell in row.cells if cell.rank is not None]
    best = [cell for cell in ranked if not cell.source.tied]
    return len(ranked) > len(best) and all(cell.rank == BEST for cell in best)


def too_small(part: Table) -> dict[str, int]:
    """Return the metrics for whose test the dataset has too few pairs: then marks say nothing.

    Returns:
        Id of the metric -> how many methods were compared.
    """
    found = {}
    for index, definition in enumerate(part.definitions):
        cells = [row.cells[index] for row in part.rows if row.cells[index].rank is not None]
        apart = [cell for cell in cells if cell.rank != BEST and not cell.source.tied]
        if len(cells) > 1 and not apart and has_too_few_pairs(part.pairs, len(cells)):
            found[definition.id] = len(cells)
    return found


def _spread(spec: PaperSpec, cell: Cell) -> str:
    """Return the standard deviation or half the width of the interval, with the mean's digits."""
    digits = len(cell.printed.partition(".")[2])
    if spec.spread == "std" and cell.source.std is not None:
        return f"{cell.source.std:.{digits}f}"
    if spec.spread == "interval" and cell.source.interval is not None:
        low, high = cell.source.interval
        return f"{(high - low) / 2:.{digits}f}"
    return ""


def _first_cost(cost: str, records: Iterable[Record]) -> str:
    """Return the cost on the first dataset where it is known."""
    return next((text for record in records if (text := _cost(cost, record)) != NOTHING), NOTHING)


def _cost(cost: str, record: Record) -> str:
    if cost == "model-seconds":
        return seconds(record.model_seconds)
    if cost == "seconds":
        return seconds(record.seconds_per_image)
    return parameters(record.flops if cost == "flops" else record.parameters)


class _Notes:
    """Footnotes in the order in which they are first needed; the same text has one letter."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def letter(self, text: str) -> str:
        """Return the letters of the footnote with this text."""
        return self._letters.setdefault(text, mark(len(self._letters)))

    @property
    def by_letter(self) -> dict[str, str]:
        """Letters -> text."""
        return {letter: text for text, letter in self._letters.items()}


def caption(table: PaperTable) -> str:
    """Return what the table shows and how to read it, in sentences of plain text."""
    spec = table.spec
    return " ".join(
        filter(
            None,
            [
                _what(table),
                _unfinished(table),
                _spread_words(spec),
                _marks(spec),
                _ties(table),
                _costs(table),
            ],
        )
    )


def _what(table: PaperTable) -> str:
    pairs = dict.fromkeys(f"{part.pairs} pairs ({part.spec.title})" for part in table.parts)
    where = (
        f" over {', '.join(pairs)}"
        if table.spec.layout != STACKED
        else " over the pairs of each dataset"
    )
    return f"{table.spec.title.rstrip('.')}. Means{where}."


def _unfinished(table: PaperTable) -> str:
    """Name the requested methods that have no result, by their state."""
    left_out = unfinished(table.spec, table.parts)
    by_state: dict[str, list[str]] = {}
    for method in (
        method for group in table.spec.groups.values() for method in group if method in left_out
    ):
        by_state.setdefault(left_out[method], []).append(table.spec.labels[method])
    told = "; ".join(f"{', '.join(labels)} ({state})" for state, labels in by_state.items())
    return f"Without a result, hence not shown: {told}." if told else ""


def _spread_words(spec: PaperSpec) -> str:
    words = {
        "std": "the standard deviation over the pairs",
        "interval": "half the width of the 95 % bootstrap interval",
    }
    return f"± is {words[spec.spread]}." if spec.spread in words else ""


def _marks(spec: PaperSpec) -> str:
    ranks = ("best mean bold", "second underlined", "third in italics")[: spec.highlight]
    if not ranks:
        return ""
    return (
        f"{', '.join(ranks)[0].upper()}{', '.join(ranks)[1:]}, ranked on the printed digits; means"
        " of fewer pairs are not ranked."
    )


def _ties(table: PaperTable) -> str:
    """Say what the mark means, and on which datasets no difference can be shown."""
    how = "the 95 % paired bootstrap interval of the difference and Wilcoxon's test (Holm, 5 %)"
    told = [f"≈: not told from the best mean by {how}."] if table.has_ties else []
    open_ones = [part for part in table.parts if undecided(part)] if table.spec.ties else []
    if open_ones:
        pairs = " or ".join(f"the {part.pairs} pairs of {part.spec.title}" for part in open_ones)
        told.append(
            f"With {pairs}, no method is told from a best mean by {'these' if told else how}."
        )
    test = "this test" if told else "Wilcoxon's test (Holm, 5 %)"
    return " ".join([*told, *(_small(table, test) if table.spec.ties else ())])


def _small(table: PaperTable, test: str) -> Iterator[str]:
    """Yield the datasets whose pairs are too few for the test, by the number of methods."""
    named: dict[int, list[str]] = {}
    for part in table.parts:
        small = too_small(part)
        of_all = len(small) == sum(one.direction != "none" for one in part.definitions)
        for methods in dict.fromkeys(small.values()):
            own = [metric for metric, count in small.items() if count == methods]
            metrics = "" if of_all and len(own) == len(small) else f" for {', '.join(own)}"
            named.setdefault(methods, []).append(f"{part.spec.title} ({part.pairs}{metrics})")
    for methods, places in named.items():
        yield (
            f"Too few pairs for {test} of {methods} methods, which needs {pairs_needed(methods)}:"
            f" {', '.join(places)}."
        )


def _costs(table: PaperTable) -> str:
    """Say what the times include, and on which image FLOPs were counted: its size matters."""
    words = {
        "model-seconds": "of the model alone",
        "seconds": "in total, reading and writing included",
    }
    times = [words[cost] for cost in words if cost in table.spec.columns]
    told = [f"Seconds per image {' and '.join(times)}{_devices(table)}."] if times else []
    if "flops" in table.spec.columns:
        where = (
            "of each dataset"
            if table.spec.layout == STACKED
            else "of the first dataset that a method ran on"
        )
        told.append(f"FLOPs of the first pair {where}.")
    return " ".join(told)


def _devices(table: PaperTable) -> str:
    by_device = rows_by_device(row for part in table.parts for row in part.rows)
    if len(by_device) > 1:
        return "; times of different devices cannot be compared"
    return "".join(f", on {with_threads(device, rows)}" for device, rows in by_device.items())

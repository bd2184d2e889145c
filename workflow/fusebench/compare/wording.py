"""The wording of a table's parts; the same in Markdown, LaTeX and on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from fusebench.compare.contents import Cell, Row, Table
from fusebench.compare.devices import rows_by_device, with_threads
from fusebench.metrics import Definition
from fusebench.states import OK

NOTE_LENGTH = 300
"""Most characters of a footnote.

Reasons may quote a whole traceback; the CSV file has them in full.
"""

SUSPICIOUS_RESULTS = "results that cannot be right, shown and not ranked"

TIMES = ("model s", "total s")
PARAMETERS = "params"
NOTHING = "–"
_UNITS = ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"))
_DECIMALS_FROM = ((0, 100.0), (1, 10.0), (2, 1.0), (3, 0.1))
"""Decimals of seconds, and the smallest value that needs no more of them for three digits."""


def cost_heads(table: Table) -> tuple[str, ...]:
    """Heads of the columns after the metrics; the caption says what they are.

    Times are not among them if they are of several devices.
    """
    return (PARAMETERS,) if times_by_device(table) else (*TIMES, PARAMETERS)


def costs(row: Row, table: Table) -> list[str]:
    """The cells below ``cost_heads``: parameters, and seconds of the model alone and in total."""
    return [
        *([] if times_by_device(table) else _times(row)),
        parameters(row.record.parameters),
    ]


def times_by_device(table: Table, rows: Sequence[Row] | None = None) -> dict[str, list[list[str]]]:
    """Device -> method and ``TIMES`` of each of its rows, or only of those in ``rows``.

    Empty if all times of the table were measured on one device.
    """
    by_device = rows_by_device(table.rows)
    if len(by_device) < 2:
        return {}
    shown = {row.method for row in (table.rows if rows is None else rows)}
    times = {
        with_threads(device, own): [[row.label, *_times(row)] for row in own if row.method in shown]
        for device, own in by_device.items()
    }
    return {device: own for device, own in times.items() if own}


def _times(row: Row) -> list[str]:
    return [seconds(row.record.model_seconds), seconds(row.record.seconds_per_image)]


def seconds(value: float | None) -> str:
    """Three significant digits, four decimals at most, never as a power of ten."""
    if value is None:
        return NOTHING
    if 0 < value < 0.0001:
        return "<0.0001"
    rounded = float(f"{value:.3g}")
    enough = (decimals for decimals, least in _DECIMALS_FROM if rounded >= least)
    return f"{value:.{next(enough, 4)}f}"


def parameters(value: float | None) -> str:
    """Three significant digits with k, M, G or T."""
    if value is None:
        return NOTHING
    for size, unit in _UNITS:
        if float(f"{value:.3g}") >= size:
            return f"{three_digits(value / size)}{unit}"
    return three_digits(value)


def three_digits(value: float) -> str:
    """Three significant digits without zeros at the end, never as a power of ten."""
    return format(Decimal(f"{value:.3g}"), "f")


def incomplete(cell: Cell, table: Table) -> str:
    """Return what follows a mean: its deviation over seeds, and its pairs unless it is of all."""
    pairs = "" if cell.measured == table.pairs else f" ({cell.measured} of {table.pairs})"
    return cell.between + pairs


def definition_shown(definition: Definition) -> str:
    """The definition of a column, ``""`` for the canonical one."""
    return definition.id.partition("@")[2]


def name_shown(definition: Definition) -> str:
    """The metric of a column, under its evaluator's own name."""
    return definition.id.partition("@")[0]


def notes(table: Table) -> dict[str, str]:
    """Method -> the footnote: why numbers are missing, what was done to its results."""
    reasons = {
        row.method: " ".join(row.reason.split())
        for row in table.rows
        if row.reason or row.state != OK
    }
    return {
        method: shortened(reason) or "no reason was recorded" for method, reason in reasons.items()
    }


def shortened(text: str) -> str:
    """Return a text of at most ``NOTE_LENGTH`` characters."""
    return text if len(text) <= NOTE_LENGTH else text[: NOTE_LENGTH - 3] + "..."


def letters(footnotes: Mapping[str, str]) -> dict[str, str]:
    """Method -> the letter of its footnote; methods with the same text share one.

    >>> letters({"one": "crashed", "two": "no weights", "three": "crashed"})
    {'one': 'a', 'two': 'b', 'three': 'a'}
    """
    texts = list(dict.fromkeys(footnotes.values()))
    return {method: mark(texts.index(text)) for method, text in footnotes.items()}


def mark(number: int) -> str:
    """The letters of a footnote: a, b, ... z, aa, ab, ..."""
    letters = ""
    while number >= 0:
        letters = chr(ord("a") + number % 26) + letters
        number = number // 26 - 1
    return letters


def caption(table: Table) -> str:
    """What the table shows and how to read it."""
    return (
        f"{table.spec.title}: mean over {table.pairs} pairs. Best bold, second underlined, ranked"
        " on the printed digits; means of fewer pairs are not ranked. Seconds per"
        f" image{_devices(table)} of the model alone and in total, reading and writing included."
        f"{_seeds(table)}"
    )


def _seeds(table: Table) -> str:
    if not any(cell.between for row in table.rows for cell in row.cells):
        return ""
    return " After ±, the standard deviation over trainings with different seeds."


def _devices(table: Table) -> str:
    by_device = rows_by_device(table.rows)
    if len(by_device) > 1:
        return " (not to be compared between devices, hence in a table for each)"
    return "".join(f" on {with_threads(device, rows)}" for device, rows in by_device.items())

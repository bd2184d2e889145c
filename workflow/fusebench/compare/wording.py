"""How a table's parts are worded; the same in Markdown, LaTeX and on the terminal."""

from __future__ import annotations

from fusebench.compare.contents import Cell, Row, Table
from fusebench.markers import OK
from fusebench.metrics import Definition

NOTE_LENGTH = 300
"""Reasons may quote a whole traceback; the CSV file has them in full."""

COSTS = ("model s", "total s", "params")
"""Columns after the metrics; the caption says what they are."""
NOTHING = "–"
_UNITS = ((1e9, " G"), (1e6, " M"), (1e3, " k"))


def costs(row: Row) -> list[str]:
    """Seconds per image of the model alone and end to end, and the number of parameters."""
    record = row.record
    return [
        seconds(record.get("model_seconds")),
        seconds(record.get("seconds_per_image")),
        parameters(record.get("parameters")),
    ]


def seconds(value: float | None) -> str:
    """Three significant digits, four decimals at most, never as a power of ten."""
    if value is None:
        return NOTHING
    if 0 < value < 0.0001:
        return "<0.0001"
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:.{decimals}f}"


def parameters(value: int | None) -> str:
    """Three significant digits with k, M or G."""
    if value is None:
        return NOTHING
    for size, unit in _UNITS:
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return str(value)


def incomplete(cell: Cell, table: Table) -> str:
    """How many pairs a mean is of, where that is not all of them."""
    return "" if cell.measured == table.pairs else f" ({cell.measured} of {table.pairs})"


def definition_shown(definition: Definition) -> str:
    """The definition of a column, ``""`` for the canonical one."""
    return definition.id.partition("@")[2]


def name_shown(definition: Definition) -> str:
    """The metric of a column, under its evaluator's own name."""
    return definition.id.partition("@")[0]


def notes(table: Table) -> dict[str, str]:
    """Method -> the footnote that says why it has no number, or not all of them."""
    reasons = {
        row.method: " ".join(row.reason.split()) for row in table.rows if row.reason or row.state != OK
    }
    return {method: shortened(reason) or "no reason was recorded" for method, reason in reasons.items()}


def shortened(text: str) -> str:
    """Return a text of at most ``NOTE_LENGTH`` characters."""
    return text if len(text) <= NOTE_LENGTH else text[: NOTE_LENGTH - 3] + "..."


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
        f"{table.spec.title}: mean over {table.pairs} pairs. Best bold, second underlined, ranked on the printed digits;"
        " means of fewer pairs are not ranked. Seconds per image of the model alone and in total, reading and writing"
        " included."
    )

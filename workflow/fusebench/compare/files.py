"""The files of a comparison: written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.compare.contents import Row, Table, table_of
from fusebench.compare.latex import latex
from fusebench.compare.markdown import markdown
from fusebench.compare.means import comparable
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec
from fusebench.files import write_text

if TYPE_CHECKING:
    import pandas as pd

MEASURE_COLUMNS = ("method", "dataset", "image", "metric", "definition", "value")
STATUS_COLUMNS = ("method", "dataset", "state", "reason", "seconds")
COST_COLUMNS = ("model_seconds", "seconds_per_image", "parameters", "device")


def read_measures(paths: Iterable[Path]) -> pd.DataFrame:
    """Read the long tables of several datasets as one, every value as it was written.

    Names are text, also ``01``.
    """
    import pandas as pd

    names = dict.fromkeys([*MEASURE_COLUMNS[:-1], "reason"], str)
    tables = [
        pd.read_csv(path, dtype=names, keep_default_na=False, na_values={"value": [""]})
        for path in paths
    ]
    filled = [table for table in tables if len(table)]
    return (
        pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=[*names, "value"])
    )


def write_measures(path: Path, measures: pd.DataFrame) -> None:
    """Write all values with all digits, one line for each method, dataset, image and definition.

    Values of suspicious runs are left out: this file does not say what they are.
    """
    _write_csv(path, comparable(measures)[list(MEASURE_COLUMNS)])


def write_status(path: Path, records: Iterable[Record]) -> None:
    """Write the state of every run, with its reason and its seconds."""
    import pandas as pd

    rows = [{column: getattr(record, column) for column in STATUS_COLUMNS} for record in records]
    _write_csv(path, pd.DataFrame(rows, columns=[*STATUS_COLUMNS]))


def write_tables(
    folder: Path, spec: TableSpec, records: Iterable[Record], measures: pd.DataFrame
) -> list[Path]:
    """Write ``<folder>/<suite>/<dataset>.csv``, ``.md`` and ``.tex`` and return their paths.

    Args:
        folder: of all tables.
        spec: which table.
        records: as for ``contents.table_of``.
        measures: as for ``contents.table_of``.

    Raises:
        MetricError: a metric of ``spec`` is unknown.
    """
    table = table_of(spec, records, measures)
    paths = [folder / spec.suite / f"{spec.dataset}.{suffix}" for suffix in ("csv", "md", "tex")]
    _write_csv(paths[0], frame_of(table))
    write_text(paths[1], markdown(table))
    write_text(paths[2], latex(table))
    return paths


def frame_of(table: Table) -> pd.DataFrame:
    """Return the table for further computing: full digits, state, reason, and numbers of pairs."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "method": row.method,
                "label": row.label,
                "state": row.state,
                "reason": row.reason,
                "pairs": table.pairs,
                "measured": min((cell.measured for cell in row.cells), default=0),
                **{d.id: cell.mean for d, cell in zip(table.definitions, row.cells, strict=True)},
                **{column: getattr(row.record, column) for column in COST_COLUMNS},
                **_between(row, table),
            }
            for row in table.rows
        ]
    ).astype({"parameters": "Int64"})


def _between(row: Row, table: Table) -> dict[str, float | None]:
    """Return the deviations over seeds, in a table that has a row of several seeds."""
    if not table.spec.seeds:
        return {}
    cells = zip(table.definitions, row.cells, strict=True)
    return {f"{d.id} std over seeds": cell.source.between for d, cell in cells}


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    stream = io.StringIO()
    frame.to_csv(stream, index=False, lineterminator="\n")
    write_text(path, stream.getvalue())

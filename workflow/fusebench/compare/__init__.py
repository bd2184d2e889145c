"""Compare: the long files of values and states, and one table for each suite and dataset.

::

    spec = TableSpec(suite="quickstart", dataset="night-scenes", title="Night scenes",
                     methods={"mean": "Mean"}, metrics=["EN", "SSIM@cddfuse"])
    write_measures(results / "measures.csv", measures)
    write_status(results / "status.csv", records)
    write_tables(results / "tables", spec, records, measures)
    print(terminal_table(spec, records, measures))
    print(failures(records))

Records are those of ``contracts.records``. Measures are a long table as ``read_measures`` returns
it. Importing this package does not import pandas, because Snakemake imports it for every job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fusebench.compare.files import read_measures, write_measures, write_status, write_tables
    from fusebench.compare.terminal import failures, suspicions, terminal_table

__all__ = [
    "failures",
    "read_measures",
    "suspicions",
    "terminal_table",
    "write_measures",
    "write_status",
    "write_tables",
]

_HOMES = {
    "failures": "terminal",
    "read_measures": "files",
    "suspicions": "terminal",
    "terminal_table": "terminal",
    "write_measures": "files",
    "write_status": "files",
    "write_tables": "files",
}


def __getattr__(name: str) -> Any:
    """Load the module that holds a name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

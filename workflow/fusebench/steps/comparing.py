"""The steps that measure runs, and write the long files and the tables of suites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fusebench.compare.wording import SUSPICIOUS_RESULTS
from fusebench.contracts.files import from_parameter
from fusebench.contracts.jobs.comparing import MeasureJob, SpeedJob, TableJob, TablesJob
from fusebench.contracts.tables import CellList
from fusebench.files import write_text
from fusebench.layout import TABLES
from fusebench.markers import read_manifest

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path()


def measure(job: MeasureJob, workers: int, output: Path) -> None:
    """Measure the runs on some datasets: each pair of sources is read once for all methods."""
    from fusebench.measure.runs import measure_datasets

    measure_datasets(output, job.datasets, ROOT, workers)


def tables(
    job: Path,
    values: list[Path],
    measures: Path | None = None,
    status: Path | None = None,
    unfinished: Path | None = None,
) -> None:
    """Write tables of suites in every format, and the long files where they are asked for.

    Args:
        job: a file that holds a ``TablesJob``.
        values: the files of per-image values that the tables and the long file are made from.
        measures: the long file of all values.
        status: the long file of the states of all cells.
        unfinished: a file that names the cells without a result that counts; empty where there is
            none.
    """
    from fusebench.compare import read_measures, write_measures, write_status

    told = from_parameter(job.read_text(encoding="utf-8"), TablesJob)
    read = read_measures(values)
    for one in told.tables:
        _write_table(one, read)
    if told.collected and measures and status and unfinished:
        from fusebench.fuse.records import read_records

        write_measures(measures, read.sort_values("dataset", kind="stable"))
        write_status(status, read_records(told.collected, ROOT))
        write_text(unfinished, _without_result(told.collected))


def _write_table(job: TableJob, measures: pd.DataFrame) -> None:
    from fusebench.compare import write_tables
    from fusebench.fuse.records import read_records

    # A table of only failed runs gets the number of pairs from nowhere else.
    pairs = len(read_manifest(ROOT, job.table.dataset).pairs)
    write_tables(
        ROOT / TABLES, replace(job.table, pairs=pairs), read_records(job.cells, ROOT), measures
    )


def _without_result(cells: CellList) -> str:
    from fusebench.compare import failures, suspicions
    from fusebench.fuse.records import read_records

    records = read_records(CellList(runs=cells.runs, skipped=[]), ROOT)
    failed, suspicious = failures(records), suspicions(records)
    told = f"cells without a result:\n{failed}\nThe next run tries them again.\n" if failed else ""
    return told + (f"{SUSPICIOUS_RESULTS}:\n{suspicious}\n" if suspicious else "")


def speed(job: SpeedJob, folder: Path) -> None:
    """Write the speed tables of a suite."""
    from fusebench.compare.speed import write_speed_tables
    from fusebench.fuse.records import read_records

    write_speed_tables(folder, job.suite, read_records(job.cells, ROOT))

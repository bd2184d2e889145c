"""Results that are compared: of a project's folder, or of an archive."""

from __future__ import annotations

import csv
import gzip
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from fusebench.contracts.files import read_stored
from fusebench.contracts.records import Record
from fusebench.errors import UnreadableFile
from fusebench.layout import RECORD, RUNS

MEASURES = ("results/measures.csv", "results/measures.csv.gz")
RESULTS = ("results", "runs")

CellName = tuple[str, str]
"""A method and a dataset."""


@dataclass(frozen=True)
class Results:
    """What a run left.

    Attributes:
        name: the folder or archive, as it was given.
        records: method and dataset -> how that cell ended.
        values: method and dataset -> image and metric -> value, in the metric's unit.
    """

    name: str
    records: Mapping[CellName, Record]
    values: Mapping[CellName, Mapping[tuple[str, str], float]]


@contextmanager
def results_of(place: Path) -> Iterator[Results]:
    """Read the results of a project's folder, of its folder ``results``, or of an archive.

    Raises:
        UnreadableFile: there are none, or a file of them cannot be read.
    """
    if not place.is_file():
        yield _read(place, place.name or str(place))
        return
    with TemporaryDirectory() as folder:
        try:
            with tarfile.open(place) as archive:
                archive.extractall(folder, members=_read_members(archive), filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise UnreadableFile(
                f"{place} must be an archive of results, as `snakemake archive` writes it; found:"
                f" {error}"
            ) from error
        inside = [path.parent for path in sorted(Path(folder).glob("*/results"))]
        yield _read(inside[0] if inside else Path(folder), place.name)


def _read_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the records and the per-image values of an archive; nothing else is needed."""
    for member in archive:
        name = member.name.partition("/")[2]
        if name in MEASURES or (name.startswith(f"{RUNS}/") and name.endswith(f"/{RECORD}")):
            yield member


def _read(root: Path, name: str) -> Results:
    if not (root / "results").is_dir() and (root / "runs").is_dir():
        root = root.absolute().parent
    files = sorted(root.glob(f"{RUNS}/*/*/{RECORD}"))
    if not files:
        raise UnreadableFile(
            f"{root} must be a project's folder or an archive with results; found no record in"
            f" {RUNS}; run `snakemake` there, or name another place"
        )
    records = {(record.method, record.dataset): record for record in map(_record, files)}
    return Results(name, records, _values(root))


def _record(file: Path) -> Record:
    return read_stored(file, Record)


def _values(root: Path) -> Mapping[CellName, Mapping[tuple[str, str], float]]:
    values: dict[CellName, dict[tuple[str, str], float]] = defaultdict(dict)
    for place in MEASURES:
        if (root / place).exists():
            for row in _rows(root / place):
                metric = row["metric"]
                if row["definition"] not in {"canonical", metric}:
                    metric = f"{metric}@{row['definition']}"
                if row["value"]:
                    image = (row["image"], metric)
                    values[row["method"], row["dataset"]][image] = float(row["value"])
            break
    return values


def _rows(path: Path) -> Iterator[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as lines:  # type: ignore[operator]
            yield from csv.DictReader(lines)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(f"{path} must be a CSV file of values; found: {error}") from error

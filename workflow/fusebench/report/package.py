"""Results for machines: one long file, and a data package that describes every table.

The data package follows the Frictionless standard.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.contracts.records import Record
from fusebench.files import write_json
from fusebench.hashes import sha256_of_file
from fusebench.metrics.resolving import all_definitions
from fusebench.registry.datasets import Dataset
from fusebench.registry.methods import Method

if TYPE_CHECKING:
    import pandas as pd

LONG = "results.csv.gz"
COLUMNS = {
    "task": "fusion task of the dataset",
    "dataset": "name in datasets.yaml",
    "method": "name in methods.yaml",
    "label": "name shown",
    "year": "of the paper",
    "image": "name of the pair; empty where a run has no values",
    "metric": "canonical name of the metric",
    "definition": "canonical, or the evaluator whose formula it is",
    "direction": "higher or lower is better, or none",
    "unit": "of the value",
    "value": "per-image value; empty where there is none",
    "reason": "why there is no value, or why it is not compared with those of other methods",
    "state": "of the run",
    "model_seconds": "seconds per image of the model alone",
    "seconds_per_image": "seconds per image, reading and writing included",
    "parameters": "number of parameters",
    "device": "that the method ran on",
    "commit": "of the method's repository",
}
PLACES = (
    ".", "measures", "measures/tables/*", "speed", "tables", "tables/*", "statistics/*",
    "figures/*", "evidence",
)  # fmt: skip
"""Folders whose CSV files are described; files that methods wrote are not."""
TYPES = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}


def write_long(
    path: Path,
    measures: pd.DataFrame,
    records: Sequence[Record],
    methods: Mapping[str, Method],
    datasets: Mapping[str, Dataset],
) -> None:
    """Write every per-image value with the facts of its run, one row each.

    A run without values has one row.
    """
    import pandas as pd

    runs = pd.DataFrame([_run(record, methods, datasets) for record in records])
    table = runs.merge(measures, on=["method", "dataset"], how="left", suffixes=("_of_run", ""))
    table["reason"] = (
        table["reason"].fillna("").where(table["image"].notna(), table["reason_of_run"])
    )
    directions = {
        (d.metric, d.definition): (d.direction, d.unit) for d in all_definitions().values()
    }
    known = [
        directions.get(key, ("", ""))
        for key in zip(table["metric"], table["definition"], strict=True)
    ]
    table["direction"], table["unit"] = ([pair[place] for pair in known] for place in (0, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    table.astype({"year": "Int64", "parameters": "Int64"})[list(COLUMNS)].to_csv(
        text, index=False, lineterminator="\n"
    )
    _write_gzip(path, text.getvalue())


def _write_gzip(path: Path, text: str) -> None:
    """Write the same bytes for the same text, in one rename."""
    import gzip

    part = path.with_suffix(".part")
    part.write_bytes(gzip.compress(text.encode(), 6, mtime=0))
    part.replace(path)


def _run(
    record: Record, methods: Mapping[str, Method], datasets: Mapping[str, Dataset]
) -> dict[str, object]:
    method = methods[record.method]
    return {
        "method": record.method,
        "dataset": record.dataset,
        "state": record.state,
        "model_seconds": record.model_seconds,
        "seconds_per_image": record.seconds_per_image,
        "parameters": record.parameters,
        "device": record.device,
        "task": datasets[record.dataset].task if record.dataset else "",
        "label": method.label,
        "year": method.paper.year or None,
        "reason_of_run": record.reason,
        "commit": method.commit or "",
    }


def write_package(folder: Path, title: str) -> None:
    """Write ``datapackage.json`` over every CSV file below a folder of results.

    Args:
        folder: ``results``.
        title: of the package.
    """
    resources = [_resource(folder, path) for path in _tables(folder)]
    write_json(
        folder / "datapackage.json",
        {
            "profile": "tabular-data-package",
            "name": "fusebench-results",
            "title": title,
            "resources": resources,
        },
    )


def _tables(folder: Path) -> Iterator[Path]:
    yield folder / LONG
    for place in PLACES:
        yield from sorted(path for path in folder.glob(f"{place}/*.csv") if path.stat().st_size > 1)


def _resource(folder: Path, path: Path) -> dict[str, object]:
    name = path.relative_to(folder).as_posix()
    resource: dict[str, object] = {
        "name": name.removesuffix(".gz").removesuffix(".csv").replace("/", ".").lower(),
        "path": name,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256_of_file(path)}",
        "schema": {"fields": list(_fields(path)), "missingValues": [""]},
    }
    return resource | ({"compression": "gz"} if path.suffix == ".gz" else {})


def _fields(path: Path) -> Iterable[dict[str, str]]:
    """Yield name and type of each column, and in the long file its description.

    Names of pairs are text, even ``01``.
    """
    import pandas as pd

    names = dict.fromkeys(("image", "method", "dataset", "pair", "image_name"), str)
    table = pd.read_csv(path, dtype=names, keep_default_na=False, na_values=[""], low_memory=False)
    for column in table.columns:
        kind = TYPES.get(table[column].dropna().infer_objects().dtype.kind, "string")
        described = {"description": COLUMNS[column]} if path.name == LONG else {}
        yield {"name": str(column), "type": kind, **described}

"""The long file of all values, and the description of every table for machines."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fusebench.contracts.datasets import DatasetEntry
from fusebench.contracts.methods import MethodEntry
from fusebench.contracts.records import Record
from fusebench.files import write_text
from fusebench.registry.datasets import Dataset
from fusebench.registry.methods import Method
from fusebench.report.package import COLUMNS, LONG, write_long, write_package

from tests.compare.made import Values, long, on_cpu, record

METHODS = {
    name: Method(
        name,
        msgspec.convert(
            {
                "title": "T",
                "label": name.upper(),
                "tasks": ["medical"],
                "code": "https://x/y/z",
                "commit": "0" * 40,
                "status": "no-code",
                "reason": "r",
                **more,
            },
            MethodEntry,
        ),
    )
    for name, more in (("a", {"paper": {"year": 2020}}), ("b", {}))
}
DATASETS = {
    "d": Dataset(
        "d",
        msgspec.convert(
            {"title": "D", "task": "medical", "kind": "generated", "generator": "x"}, DatasetEntry
        ),
    )
}


def rows(path: Path, records: list[Record], values: Values) -> list[dict[str, str]]:
    """Write the long file and read it back."""
    write_long(path, long(values), records, METHODS, DATASETS)
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_value_stands_with_all_that_is_known_of_its_run(tmp_path: Path) -> None:
    """Whole numbers stay whole even if another run lacks them; digits are kept."""
    records = [
        record("a", "d", **on_cpu(), parameters=1000, model_seconds=0.5),
        record("b", "d", state="timeout", reason="60 s"),
    ]
    one, two, failed = rows(tmp_path / LONG, records, {("a", "Q_CV"): [0.1 + 0.2, None]})
    assert list(one) == list(COLUMNS)
    assert one == {
        "task": "medical",
        "dataset": "d",
        "method": "a",
        "label": "A",
        "year": "2020",
        "image": "01",
        "metric": "Q_CV",
        "definition": "canonical",
        "direction": "lower",
        "unit": one["unit"],
        "value": "0.30000000000000004",
        "reason": "",
        "state": "ok",
        "model_seconds": "0.5",
        "seconds_per_image": "",
        "parameters": "1000",
        "device": "cpu",
        "commit": "0" * 40,
    }
    assert (two["image"], two["value"], two["reason"]) == ("02", "", "flat")
    told = {"method", "label", "task", "dataset", "reason", "state", "commit"}
    assert {key for key, value in failed.items() if value} == told
    assert (failed["state"], failed["reason"]) == ("timeout", "60 s")


def test_a_method_without_a_dataset_has_a_row(tmp_path: Path) -> None:
    """If no dataset of the suite is for its task, the row says so and has no task."""
    alone = record("b", "", state="skipped", reason="no dataset of the selected suites is for x")
    *_, row = rows(tmp_path / LONG, [record("a", "d"), alone], {("a", "EN"): [1.0]})
    assert (row["method"], row["dataset"], row["task"], row["state"]) == ("b", "", "", "skipped")


def test_a_formula_that_is_not_known_any_more_has_no_direction(tmp_path: Path) -> None:
    """Values of an older version are kept."""
    (row,) = rows(tmp_path / LONG, [record("a", "d")], {("a", "Gone"): [1.0]})
    assert (row["metric"], row["value"], row["direction"]) == ("Gone", "1.0", "")


def test_the_same_results_are_the_same_bytes(tmp_path: Path) -> None:
    """The compressed file does not hold the time of writing."""
    for name in ("one", "two"):
        rows(tmp_path / name / LONG, [record("a", "d")], {("a", "EN"): [1.0]})
    one, two = ((tmp_path / name / LONG).read_bytes() for name in ("one", "two"))
    assert one == two
    assert [path.name for path in (tmp_path / "one").iterdir()] == [LONG]


def package(folder: Path, **files: str) -> dict[str, Any]:
    """Write a package over some CSV files, and return its resources by path."""
    rows(folder / LONG, [record("a", "d")], {("a", "EN"): [1.0]})
    for path, text in files.items():
        write_text(folder / path, text)
    write_package(folder, "title")
    written = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert (written["title"], written["profile"]) == ("title", "tabular-data-package")
    return {resource["path"]: resource for resource in written["resources"]}


def test_a_resource_is_described_with_size_and_hash(tmp_path: Path) -> None:
    """The long file is compressed, and its columns have descriptions."""
    text = "method,EN\na,1.5\n"
    resources = package(tmp_path, **{"tables/wide.csv": text})
    assert resources["tables/wide.csv"] == {
        "name": "tables.wide",
        "path": "tables/wide.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": 16,
        "hash": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        "schema": {
            "fields": [
                {"name": "method", "type": "string"},
                {"name": "EN", "type": "number"},
            ],
            "missingValues": [""],
        },
    }
    whole = resources[LONG]
    assert (whole["name"], whole["compression"]) == ("results", "gz")
    described = {field["name"]: field["description"] for field in whole["schema"]["fields"]}
    assert described == COLUMNS


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2"], "integer"),
        (["1", ""], "number"),
        (["1.5", "2"], "number"),
        (["True", "False"], "boolean"),
        (["True", ""], "boolean"),
        (["a", "1"], "string"),
        (["", ""], "number"),
    ],
)
def test_the_type_of_a_column_is_that_of_its_values(
    tmp_path: Path, values: list[str], kind: str
) -> None:
    """A gap is no value; whole numbers with a gap may have a point."""
    text = "method,x\n" + "".join(f"m,{value}\n" for value in values)
    fields = package(tmp_path, **{"tables/t.csv": text})["tables/t.csv"]["schema"]["fields"]
    assert fields[1] == {"name": "x", "type": kind}


@pytest.mark.parametrize("column", ["image", "method", "dataset", "pair", "image_name"])
def test_names_are_text(tmp_path: Path, column: str) -> None:
    """This holds for names that look like numbers, too."""
    text = f"{column},value\n01,1\n02,2\n"
    fields = package(tmp_path, **{"tables/t.csv": text})["tables/t.csv"]["schema"]["fields"]
    assert [field["type"] for field in fields] == ["string", "integer"]


def test_only_tables_of_results_are_described(tmp_path: Path) -> None:
    """Files of methods and empty data of a figure are not described.

    Names are made from paths.
    """
    head = "method\na\n"
    resources = package(
        tmp_path,
        **{
            "measures/tables/wide/d.csv": head,
            "figures/wide/Grid-D.csv": head,
            "figures/wide/boxes-d.csv": "\n",
            "runs/a/d/fused/notes.csv": head,
            "selfcheck/a.csv": head,
        },
    )
    assert set(resources) == {LONG, "measures/tables/wide/d.csv", "figures/wide/Grid-D.csv"}
    assert resources["figures/wide/Grid-D.csv"]["name"] == "figures.wide.grid-d"

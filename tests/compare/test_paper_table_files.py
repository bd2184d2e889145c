"""The files of a paper's table."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from fusebench.compare.paper_files import SUFFIXES, wide_frame, write_paper_table
from fusebench.contracts.methods import Paper
from fusebench.contracts.tables import PaperReference
from msgspec.structs import replace

from tests.compare.made import record
from tests.compare.test_paper import RECORDS, SPEC, table

PAPERS = {"a": PaperReference(key="alpha2020", title="Alpha", paper=Paper(year=2020))}


def test_every_format_is_written(tmp_path: Path) -> None:
    """The files have the name of the table; their folder is created."""
    paths = write_paper_table(tmp_path / "tables", table(), PAPERS)
    assert paths == [tmp_path / "tables" / f"t{suffix}" for suffix in SUFFIXES]
    assert sorted(paths) == sorted((tmp_path / "tables").iterdir())
    begins = {
        ".csv": "dataset,group,method,label,state,reason,pairs,measured,EN,",
        ".md": "A title. Means",
        ".html": "<!DOCTYPE html>",
        ".tex": "% Needs ",
        ".bib": "% The papers",
        ".proof.tex": r"\documentclass",
    }
    assert set(begins) == set(SUFFIXES)
    for path, suffix in zip(paths, SUFFIXES, strict=True):
        assert path.read_text(encoding="utf-8").startswith(begins[suffix])


def test_the_bibliography_is_that_of_the_papers(tmp_path: Path) -> None:
    """It has the papers that it is given, and no others."""
    write_paper_table(tmp_path, table(), PAPERS)
    assert (tmp_path / "t.bib").read_text().count("@") == 1
    write_paper_table(tmp_path, table(), {})
    assert "@" not in (tmp_path / "t.bib").read_text()


def test_the_csv_file_has_a_line_for_each_dataset_and_method(tmp_path: Path) -> None:
    """It has each method's group, for any layout, also for rows that other formats leave out."""
    shown: list[dict[str, Any]] = [{}, {"layout": "stacked"}, {"unfinished": "caption"}]
    for changes in shown:
        failed = replace(RECORDS[0], state="crashed", reason="x", images=[])
        write_paper_table(tmp_path, table([failed, *RECORDS[1:]], **changes), {})
        with (tmp_path / "t.csv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        assert [(row["dataset"], row["group"], row["method"], row["state"]) for row in rows] == [
            ("d", "Old", "a", "crashed"),
            ("d", "Old", "b", "ok"),
            ("e", "Old", "b", "ok"),
            ("e", "New", "c", "ok"),
        ]
        assert [row["EN"] for row in rows] == ["", "2.0", "3.0", "4.0"]


def test_metrics_of_one_dataset_are_empty_on_another() -> None:
    """The columns are the metrics of all datasets, which may differ between two tasks."""
    datasets = [SPEC.datasets[0], replace(SPEC.datasets[1], metrics=["SD"])]
    frame = wide_frame(table(datasets=datasets, decimals={"EN": 1, "SD": 1}))
    assert {"EN", "SD"} <= set(frame)
    assert frame["EN"].isna().tolist() == [False, False, True, True]


def test_parameters_stay_whole_over_all_datasets() -> None:
    """Parameters stay whole numbers if they are known on one dataset only."""
    records = [record("a", "d"), record("b", "d"), record("b", "e", parameters=1000)]
    text = wide_frame(table(records)).to_csv(index=False)
    assert ",1000," in text and "1000.0" not in text

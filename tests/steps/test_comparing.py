"""The steps that measure runs and write the tables of suites, as the rules call them."""

from __future__ import annotations

import csv
import subprocess
import sys
from multiprocessing import get_start_method
from pathlib import Path

import pandas as pd
import pytest
from fusebench.contracts.base import Contract
from fusebench.contracts.files import as_parameter, read_stored, write_stored
from fusebench.contracts.jobs.comparing import (
    Measured,
    MeasureJob,
    SpeedJob,
    TableJob,
    TablesJob,
)
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import CachedMeasures, Record
from fusebench.contracts.tables import CellList, SkippedCell, TableSpec
from fusebench.images import write_png
from fusebench.layout import dataset_marker, record_path
from fusebench.steps.__main__ import main
from msgspec.structs import replace

from tests.fake_results import FakeResults
from tests.figures.test_grid import image


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeResults:
    """Three methods, one of them failed, on two datasets; the steps start in its folder."""
    made = FakeResults(tmp_path, methods=3, datasets=2, pairs=2).write()
    monkeypatch.chdir(made.root)
    return made


def measured(results: FakeResults, *datasets: str, metrics: list[str] | None = None) -> int:
    """Measure all methods on some datasets into ``out.csv``."""
    told = [
        Measured(dataset=name, methods=results.method_names, metrics=metrics or ["EN", "SSIM"])
        for name in datasets
    ]
    job = as_parameter(MeasureJob(datasets=told))
    return main(["measure", "--job", job, "--workers", "1", "--output", "out.csv"])


def test_runs_are_measured_pair_by_pair(results: FakeResults) -> None:
    """Every run that ended well has a row for each pair and metric, in the order of the job."""
    assert measured(results, "set-01", "set-00") == 0
    rows = pd.read_csv("out.csv", dtype={"image": str})
    assert rows[["dataset", "method", "image", "metric"]].to_numpy().tolist() == [
        [dataset, method, pair, metric]
        for dataset in ("set-01", "set-00")
        for method in results.method_names[:2]
        for pair in results.pair_names
        for metric in ("EN", "SSIM")
    ]
    assert rows["value"].notna().all()
    same = rows.set_index(["dataset", "method", "image", "metric"])["value"]
    assert (same["set-00"] == same["set-01"]).all()


LOADED = """
import sys
from fusebench.measure.runs import in_processes

def is_loaded(task):
    return "numba" in sys.modules

print(is_loaded(0), *in_processes(is_loaded, [1, 2], 2, ["SSIM"]))
"""


@pytest.mark.skipif(get_start_method() != "fork", reason="processes start from nothing")
def test_formulas_are_loaded_once_for_all_processes() -> None:
    """Processes that measure have loaded the formulas, and numba, before their first pair."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["False", "True", "True"], done.stderr


def test_values_are_kept_beside_the_run(results: FakeResults) -> None:
    """Cached values are not computed again, even without the images; another metric is measured."""
    measured(results, "set-00", metrics=["EN"])
    first = Path("out.csv").read_bytes()
    cached = read_stored(Path("results/runs/method-000/set-00/measures.json"), CachedMeasures)
    assert {name: list(values) for name, values in cached.values.items()} == {
        pair: ["EN"] for pair in results.pair_names
    }
    for path in Path("results/runs").glob("*/set-00/fused/*.png"):
        path.unlink()
    assert measured(results, "set-00", metrics=["EN"]) == 0
    assert Path("out.csv").read_bytes() == first


def test_an_image_that_is_not_that_of_its_record_is_refused(
    results: FakeResults, capsys: pytest.CaptureFixture[str]
) -> None:
    """The step fails, and the message says what to do."""
    write_png(results.root / "results/runs/method-001/set-00/fused/0001.png", image(9, (48, 40)))
    assert measured(results, "set-00") == 1
    assert "0001.png: must be the image of its record; found another" in capsys.readouterr().err


def test_a_dataset_that_could_not_be_prepared_has_heads_alone(results: FakeResults) -> None:
    """Other datasets in the same job are measured."""
    write_stored(Path(dataset_marker("set-00")), Manifest(state="skipped", reason="x"))
    assert measured(results, "set-00") == 0
    assert len(Path("out.csv").read_text().splitlines()) == 1
    assert measured(results, "set-00", "set-01") == 0
    assert set(pd.read_csv("out.csv")["dataset"]) == {"set-01"}


def cells(results: FakeResults, *datasets: str) -> CellList:
    """All cells of some datasets."""
    return CellList(runs=dict.fromkeys(datasets, results.method_names), skipped=[])


def table(results: FakeResults, dataset: str) -> TableJob:
    """The content of a table of a suite."""
    labels = {name: name.title() for name in results.method_names}
    spec = TableSpec(suite="s", dataset=dataset, title=dataset, methods=labels, metrics=["EN"])
    return TableJob(table=spec, cells=cells(results, dataset))


def told(job: Contract) -> str:
    """Write a job into a file, as it is too long for a command."""
    Path("job.json").write_text(as_parameter(job, keep_order=True), encoding="utf-8")
    return "job.json"


VALUES = [f"results/measures/{dataset}.csv" for dataset in ("set-01", "set-00")]
LONG = ["--measures", "m.csv", "--status", "s.csv", "--unfinished", "u.txt"]


def test_tables_are_written_in_every_format(results: FakeResults) -> None:
    """One job writes one or several tables; without being asked, it writes no long file."""
    job = TablesJob(tables=[table(results, name) for name in results.dataset_names])
    assert main(["tables", "--job", told(job), "--values", *VALUES]) == 0
    assert sorted(path.name for path in Path("results/tables/s").iterdir()) == [
        f"{name}.{suffix}" for name in results.dataset_names for suffix in ("csv", "md", "tex")
    ]
    text = Path("results/tables/s/set-01.md").read_text()
    assert (
        text.startswith("set-01: mean over 2 pairs.") and "| Method-002 | weights-missing" in text
    )
    assert not Path("m.csv").exists()


def test_the_long_files_hold_all_cells(results: FakeResults) -> None:
    """They hold the values by dataset, the states of all cells, and what failed."""
    collected = replace(
        cells(results, *results.dataset_names),
        skipped=[SkippedCell(method="idle", dataset="set-00", reason="no-weights: gone")],
    )
    job = TablesJob(tables=[], collected=collected)
    assert main(["tables", "--job", told(job), "--values", *VALUES, *LONG]) == 0
    values = pd.read_csv("m.csv", dtype={"image": str})
    assert values["dataset"].is_monotonic_increasing and len(values) == 2 * 2 * 2 * 11
    with Path("s.csv").open(encoding="utf-8") as stream:
        states = [(row["method"], row["dataset"], row["state"]) for row in csv.DictReader(stream)]
    assert states == [
        *(
            (method, dataset, "ok" if results.is_good(method) else "weights-missing")
            for dataset in results.dataset_names
            for method in results.method_names
        ),
        ("idle", "set-00", "skipped"),
    ]
    assert Path("u.txt").read_text().splitlines() == [
        "cells without a result:",
        "method-002 on set-00: weights-missing",
        "    x.pth is <gone> & away",
        "method-002 on set-01: weights-missing",
        "    x.pth is <gone> & away",
        "The next run tries them again.",
    ]


def test_where_nothing_failed_the_list_is_empty(results: FakeResults) -> None:
    """A cell that cannot be run is no failure: the rule ``verdict`` reads the size of this file."""
    skipped = [SkippedCell(method="method-002", dataset="set-00", reason="no-weights: gone")]
    collected = CellList(runs={"set-00": results.method_names[:2]}, skipped=skipped)
    job = told(TablesJob(tables=[], collected=collected))
    assert main(["tables", "--job", job, "--values", VALUES[1], *LONG]) == 0
    assert Path("u.txt").read_text() == ""


def test_a_table_of_an_unprepared_dataset_is_written(results: FakeResults) -> None:
    """It has no pairs and no values, but a row for each method with its state."""
    write_stored(Path(dataset_marker("set-00")), Manifest(state="skipped", reason="x"))
    for method in results.method_names:
        path = Path(record_path(method, "set-00"))
        record = read_stored(path, Record)
        write_stored(path, replace(record, state="skipped", reason="no images", images=[]))
    measured(results, "set-00")
    job = told(TablesJob(tables=[table(results, "set-00")]))
    assert main(["tables", "--job", job, "--values", "out.csv"]) == 0
    text = Path("results/tables/s/set-00.md").read_text()
    assert "mean over 0 pairs" in text and text.count("| skipped<sup>") == 3


def test_a_damaged_record_ends_the_step(
    results: FakeResults, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the record and says what it must be; no table is written."""
    Path(record_path("method-001", "set-00")).write_text("{}")
    job = told(TablesJob(tables=[table(results, "set-00")]))
    assert main(["tables", "--job", job, "--values", VALUES[1]]) == 1
    assert capsys.readouterr().err.startswith(
        f"fusebench: {record_path('method-001', 'set-00')}: the file: "
    )
    assert not Path("results/tables/s").exists()


def test_speed_tables_are_of_the_timed_runs(results: FakeResults) -> None:
    """They show the fixed pairs at each size, and the methods that cannot be run."""
    timed = "speed-640x480-infrared-visible"
    for method in results.method_names:
        record = read_stored(Path(record_path(method, "set-00")), Record)
        write_stored(Path(record_path(method, timed)), replace(record, dataset=timed))
    skipped = [SkippedCell(method="idle", dataset=timed, reason="no-weights: gone")]
    job = SpeedJob(suite="s", cells=CellList(runs={timed: results.method_names}, skipped=skipped))
    assert main(["speed", "--job", as_parameter(job), "--folder", "speed"]) == 0
    rows = pd.read_csv("speed/s.csv")
    assert rows["method"].tolist() == [*results.method_names, "idle"]
    assert set(rows["size"]) == {"640x480"}
    assert "- idle at 640x480: skipped: no-weights: gone" in Path("speed/s.md").read_text()

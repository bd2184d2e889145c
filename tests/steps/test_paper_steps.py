"""The steps of tables of papers, as the rules call them: statistics, the table, its figures."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pandas as pd
import pytest
from fusebench.compare.paper_files import SUFFIXES
from fusebench.contracts.files import FORMAT, write_stored
from fusebench.contracts.markers import Manifest
from fusebench.layout import dataset_marker
from fusebench.planning.plan import Plan, make_plan
from fusebench.statistics.files import FILES
from fusebench.steps.__main__ import main

from tests.fake_results import METRICS, TABLE, FakeResults

SUMMARY = f"results/statistics/{TABLE}/summary.csv"


@pytest.fixture(scope="module")
def with_statistics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of four methods on two datasets, with its statistics.

    One of the methods failed.
    """
    made = FakeResults(tmp_path_factory.mktemp("made"), methods=4, datasets=2, pairs=4).write()
    with contextlib.chdir(made.root):
        assert analysed(make_plan(made.root, {})) == 0
    return made.root


@pytest.fixture
def plan(with_statistics: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan of a copy of that project; the steps start in its folder."""
    root = tmp_path / "project"
    shutil.copytree(with_statistics, root, symlinks=True)
    monkeypatch.chdir(root)
    return make_plan(root, {})


def analysed(plan: Plan) -> int:
    """Write the statistics of the table."""
    job, measures = plan.paper_jobs.statistics(TABLE), plan.papers.measures(TABLE)
    return main(["statistics", "--job", job, "--measures", *measures, "--output", SUMMARY])


def tabulated(plan: Plan) -> int:
    """Write the table; its page is the output that the rule names."""
    job, page = plan.paper_jobs.table(TABLE), f"results/tables/{TABLE}.html"
    return main(["paper-table", "--job", job, "--statistics", SUMMARY, "--output", page])


def drawn(plan: Plan, figure: str) -> int:
    """Draw a figure of the table."""
    job, measures = (
        plan.paper_jobs.figure(TABLE, figure),
        plan.papers.figure_measures(TABLE, figure),
    )
    command = ["figure", "--job", job, "--statistics", SUMMARY, "--measures", *measures]
    return main([*command, "--output", f"results/figures/{TABLE}/{figure}.pdf"])


@pytest.mark.usefixtures("plan")
def test_statistics_are_of_all_datasets() -> None:
    """All files of the statistics are written, beside the one that the rule names."""
    folder = Path(SUMMARY).parent
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    table = pd.read_csv(SUMMARY)
    assert set(table["dataset"]) == {"set-00", "set-01"} and set(table["id"]) == set(METRICS)


def test_a_table_is_written_in_every_format(plan: Plan) -> None:
    """It is made from statistics and records; the number of pairs is that of the datasets."""
    assert tabulated(plan) == 0
    written = {path.name for path in Path("results/tables").iterdir() if path.is_file()}
    assert written == {f"{TABLE}{suffix}" for suffix in SUFFIXES}
    rows = pd.read_csv(f"results/tables/{TABLE}.csv")
    assert set(rows["pairs"]) == {4} and len(rows) == 8
    assert rows.loc[rows["method"] == "method-003", "state"].tolist() == ["weights-missing"] * 2
    means = pd.read_csv(SUMMARY).set_index(["dataset", "method", "id"])["mean"]
    assert rows.loc[0, "EN"] == means["set-00", "method-000", "EN"]


def test_a_table_of_an_unprepared_dataset_is_written(plan: Plan) -> None:
    """The dataset has no pairs; the largest number of pairs of a run is shown instead."""
    write_stored(Path(dataset_marker("set-01")), Manifest(state="skipped", reason="x"))
    assert tabulated(plan) == 0
    assert "4 pairs (Set 00), 4 pairs (Set 01)" in Path(f"results/tables/{TABLE}.md").read_text()


@pytest.mark.parametrize("figure", ["ranks", "grid-set-01", "quality-speed-set-00"])
def test_a_figure_is_drawn_from_what_its_rule_names(plan: Plan, figure: str) -> None:
    """A figure needs statistics alone, images, or records; its data are written beside it."""
    assert drawn(plan, figure) == 0
    data = pd.read_csv(f"results/figures/{TABLE}/{figure}.csv")
    assert len(data) and Path(f"results/figures/{TABLE}/{figure}.png").stat().st_size > 1000
    assert "method-003" not in data.to_csv()


def test_a_damaged_manifest_ends_the_step(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the manifest and says what to do."""
    Path(dataset_marker("set-01")).write_text('{"version": 99}')
    assert tabulated(plan) == 1
    told = capsys.readouterr().err
    assert told.startswith(
        f"fusebench: {dataset_marker('set-01')}: version must be {FORMAT} or less"
    )
    assert not Path(f"results/tables/{TABLE}.html").exists()


def test_a_job_that_is_none_ends_the_step(capsys: pytest.CaptureFixture[str]) -> None:
    """A parameter that is no job ends the step, and nothing is written."""
    command = ["statistics", "--job", '{"metric": {}}', "--measures", "x.csv", "--output", "out/x"]
    assert main(command) == 1
    assert "the parameter of this job: Object" in capsys.readouterr().err
    assert not Path("out").exists()

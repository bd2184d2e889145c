"""The steps of the page, the data package and the archive, as the rules call them."""

from __future__ import annotations

import csv
import gzip
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from fusebench.contracts.files import as_parameter
from fusebench.contracts.jobs.session import Session
from fusebench.files import write_text
from fusebench.planning.plan import make_plan
from fusebench.planning.steps import options_of
from fusebench.steps.__main__ import main

from tests.fake_results import METRICS, FakeResults

SESSION = as_parameter(Session(id="s", device="cpu"))
PACKAGE = "results/datapackage.json"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeResults:
    """Three methods, one of them failed, on two datasets; the steps start in its folder."""
    made = FakeResults(tmp_path, methods=3, datasets=2, pairs=2).write()
    monkeypatch.chdir(made.root)
    return made


def options(results: FakeResults, **more: Any) -> str:
    """The options of a run, as its rules pass them."""
    told = options_of(make_plan(results.root, more).selection.registry.config)
    return json.dumps(told, ensure_ascii=False)


def page_of(results: FakeResults, **more: Any) -> str:
    """Write the page and return its text."""
    command = ["page", "--options", options(results, **more), "--session", SESSION]
    command += ["--workers", "1", "--output", "report/index.html"]
    assert main([*command, "--previews", "report/previews", "--together", "report/page"]) == 0
    return Path("report/index.html").read_text(encoding="utf-8")


def packaged(results: FakeResults, **more: Any) -> list[dict[str, str]]:
    """Write the data package and return the rows of its long file."""
    command = ["package", "--options", options(results, **more), "--session", SESSION]
    assert main([*command, "--output", PACKAGE]) == 0
    with gzip.open("results/results.csv.gz", "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_page_follows_the_options_of_the_run(results: FakeResults) -> None:
    """Options of the command line replace those of the configuration file."""
    assert "set-00" in page_of(results) and Path("report/page/index.html").is_file()
    suite = yaml.safe_load(Path("config/config.yaml").read_text())["suites"]["fake"]
    small = {"small": {**suite, "datasets": ["set-01"]}}
    text = page_of(results, suite="small", suites={"fake": suite, **small})
    assert '"suites":["small"]' in text and '"name":"set-00"' not in text


def test_the_package_is_named_by_its_suites(results: FakeResults) -> None:
    """Its long file has the values of all datasets, and a row for each run that failed."""
    rows = packaged(results)
    assert json.loads(Path(PACKAGE).read_text())["title"] == "fusebench: fake"
    assert len(rows) == 2 * (2 * 2 * len(METRICS) + 1)
    assert {row["task"] for row in rows} == {"infrared-visible"}


def test_values_that_are_measured_together_are_packaged(results: FakeResults) -> None:
    """With many cells one file holds the values of all datasets."""
    plain = packaged(results)
    together = FakeResults(results.root, methods=3, datasets=2, pairs=2)
    config = yaml.safe_load(Path("config/config.yaml").read_text())
    for path in Path("results/measures").glob("*.csv"):
        path.unlink()
    write_text(Path("config/config.yaml"), yaml.safe_dump({**config, "together_from": 1}))
    first, second = (
        table.read_text().splitlines(keepends=True)
        for table in sorted(Path("results/measures/tables/wide").iterdir())
    )
    write_text(Path("results/measures/set-00+1.csv"), "".join([*first, *second[1:]]))
    assert packaged(together) == plain


def test_a_method_without_a_dataset_is_packaged(results: FakeResults) -> None:
    """A row says that no dataset of the suite is for the method's task."""
    entries = yaml.safe_load(Path("methods.yaml").read_text())
    entries["method-002"]["tasks"] = ["medical"]
    write_text(Path("methods.yaml"), yaml.safe_dump(entries, sort_keys=False))
    (row,) = [row for row in packaged(results) if row["method"] == "method-002"]
    assert (row["dataset"], row["task"], row["state"]) == ("", "", "skipped")
    assert row["reason"] == "no dataset of the selected suites is for medical"


def test_the_archive_keeps_the_order_of_the_options(results: FakeResults) -> None:
    """The order of groups is that of rows; the note lists what must be asked for by name."""
    groups = {"Z": ["method-001"], "A": ["method-000"]}
    told = options(results, tables={"own": {"groups": groups, "datasets": ["set-00"]}})
    command = ["archive", "--options", told, "--named", "results/tables/own.csv"]
    assert main([*command, "--output", "out/archive.tar.gz"]) == 0
    with tarfile.open("out/archive.tar.gz") as archive:
        archive.extractall("out", filter="data")
    kept = yaml.safe_load(Path("out/fusebench-results/config/config.yaml").read_text())
    assert list(kept["tables"]["own"]["groups"].items()) == list(groups.items())
    assert "results/tables/own.csv" in Path("out/fusebench-results/ARCHIVE.md").read_text()


def test_an_archive_without_named_files_is_written(results: FakeResults) -> None:
    """The rule may name no files."""
    command = [
        "archive",
        "--options",
        options(results),
        "--named",
        "--output",
        "out/archive.tar.gz",
    ]
    assert main(command) == 0
    assert Path("out/archive.tar.gz").stat().st_size > 1000


def test_an_option_that_is_not_known_is_told(
    results: FakeResults, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the option, and nothing is written."""
    wrong = json.dumps({**json.loads(options(results)), "suite": 7})
    assert main(["package", "--options", wrong, "--session", SESSION, "--output", PACKAGE]) == 1
    assert "suite" in capsys.readouterr().err and not Path(PACKAGE).exists()

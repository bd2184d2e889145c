"""What a run prints at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from fusebench.contracts.evidence import ClaimResults, RunFacts
from fusebench.contracts.files import write_stored
from fusebench.contracts.jobs.session import Session
from fusebench.layout import record_path
from fusebench.planning import ending
from fusebench.planning.plan import make_plan
from msgspec.structs import replace

from tests.evidence.makers import check_result, claim_result, compared_image, run_once
from tests.fake_results import FakeResults

SESSION = Session(id="s", device="cpu")


@pytest.fixture
def results(tmp_path: Path) -> FakeResults:
    """Three methods, one of them failed, on two datasets of three pairs."""
    return FakeResults(tmp_path, methods=3, datasets=2, pairs=3, images=False).write()


def text(results: FakeResults, *targets: str, session: Session = SESSION) -> str:
    """The text that ends a run of these targets."""
    return make_plan(results.root, {}).ending(session).text(targets)


def test_a_finished_run_shows_its_tables(results: FakeResults) -> None:
    """The text has a table for each dataset, the failures with their reasons, and the paths."""
    first, second, failed, places = text(results).strip("\n").split("\n\n")
    assert first.startswith("Set 00, mean over 3 pairs") and "Method-000" in first
    assert second.startswith("Set 01, mean over 3 pairs")
    assert failed.splitlines() == [
        "FAILED, and tried again by the next run:",
        "method-002 on set-00: weights-missing",
        "    x.pth is <gone> & away",
        "method-002 on set-01: weights-missing",
        "    x.pth is <gone> & away",
    ]
    assert places.splitlines() == [
        "values per image  results/measures.csv",
        "states            results/status.csv",
        "fused images      results/runs/<method>/<dataset>/fused/",
        "tables (also .csv and .tex):",
        "  results/tables/fake/set-00.md",
        "  results/tables/fake/set-01.md",
    ]


def test_a_run_of_tables_alone_tries_nothing_again(results: FakeResults) -> None:
    """The text says that failed cells were not rerun, and which command reruns them."""
    told = text(results, "tables", session=replace(SESSION, tables_only=True))
    assert "FAILED, not tried again for tables and figures alone; `snakemake` tries them" in told


def test_where_all_went_well_nothing_failed(tmp_path: Path) -> None:
    """A method that cannot be run at all is not listed as a failure."""
    results = FakeResults(tmp_path, methods=2, datasets=1, failed=0, images=False).write()
    registry = tmp_path / "methods.yaml"
    entries = yaml.safe_load(registry.read_text())
    entries["method-001"] |= {"status": "no-weights", "reason": "the link is dead"}
    registry.write_text(yaml.safe_dump(entries, sort_keys=False))
    told = text(results)
    assert "FAILED" not in told and re.search(r"^Method-001 +skipped ", told, re.MULTILINE)


def test_a_run_that_did_not_get_as_far_says_what_is_missing(results: FakeResults) -> None:
    """The text has the number of missing cells and the first of them, and no table."""
    missing = record_path("method-001", "set-01")
    (results.root / missing).unlink()
    assert text(results) == (f"\nnot finished: 1 of 6 cells have not been run, first: {missing}")


def test_values_that_were_not_measured_hide_no_failure(results: FakeResults) -> None:
    """Only the table of the dataset without values is left out."""
    (results.root / "results/measures/set-01.csv").unlink()
    told = text(results)
    assert "Set 00, mean over" in told and "Set 01, mean over" not in told and "FAILED" in told


def test_many_tables_are_only_listed(results: FakeResults, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tables are not printed, because a terminal is no place to read them."""
    monkeypatch.setattr(ending, "MOST_TABLES", 2)
    assert text(results).count("mean over") == 2
    monkeypatch.setattr(ending, "MOST_TABLES", 1)
    told = text(results)
    assert "mean over" not in told and "results/tables/fake/set-01.md" in told and "FAILED" in told


def test_a_damaged_record_is_told(results: FakeResults) -> None:
    """A damaged record is reported with its path and without a traceback."""
    (results.root / record_path("method-000", "set-00")).write_text("{")
    told = text(results)
    assert told.startswith(f"\n{results.root / record_path('method-000', 'set-00')}: ")
    assert "must be a whole JSON file" in told and "Traceback" not in told


@pytest.mark.parametrize(
    ("targets", "begins"),
    [
        (["selfcheck"], ["self-checks: none of 0", "images: none"]),
        (["claims"], ["claims: none (results/claims.md, .csv)"]),
        (["spread"], ["means with their spread: 0 cells"]),
        (
            ["evidence", "tables"],
            ["self-checks: none", "images: none", "claims: none", "pages: results/evidence/"],
        ),
    ],
)
def test_a_run_of_evidence_says_what_it_came_to(
    results: FakeResults, targets: Sequence[str], begins: Sequence[str]
) -> None:
    """Only the evidence that was asked for is printed, and no table of a suite."""
    first, *lines = text(results, *targets).splitlines()
    assert first == "" and len(lines) == len(begins)
    assert all(line.startswith(begin) for line, begin in zip(lines, begins, strict=True))


def with_evidence(results: FakeResults) -> None:
    """Give the first method two self-checks, a claim, and further runs."""
    registry = results.root / "methods.yaml"
    entries = yaml.safe_load(registry.read_text())
    check = {"inputs": {"a": "a", "b": "b"}, "expect": "e", "pairs": ["1"]}
    claim = {"dataset": "set-00", "metric": "EN", "value": 7.1, "where": "Table 1"}
    entries["method-000"] |= {
        "selfcheck": [{**check, "name": "one"}, {**check, "name": "two"}],
        "claims": [claim, {**claim, "metric": "SD"}],
        "repeats": 3,
    }
    registry.write_text(yaml.safe_dump(entries, sort_keys=False))


def test_each_self_check_has_a_line(results: FakeResults) -> None:
    """The line has its verdict, that of several runs, and its reason.

    Below the lines both verdicts are counted.
    """
    with_evidence(results)
    folder = results.root / "results/selfcheck/method-000"
    runs = replace(
        run_once(), verdict="deterministic", runs=[RunFacts(state="ok"), RunFacts(state="ok")]
    )
    images = [compared_image("1", "exact"), compared_image("2", "close")]
    one = check_result(images, "close", method="method-000", check="one", determinism=runs)
    write_stored(folder / "one.json", one)
    assert text(results, "selfcheck").strip().splitlines() == [
        "method-000 (one): close, deterministic",
        "self-checks: 1 close of 2 (results/selfcheck.md, .csv)",
        "images: 1 exact, 1 close",
    ]
    two = check_result([], "differs", method="method-000", check="two", reason="by\n  9 levels")
    write_stored(folder / "two.json", two)
    lines = text(results, "selfcheck").strip().splitlines()
    assert lines[1:3] == [
        "method-000 (two): differs: by 9 levels",
        "self-checks: 1 close, 1 differs of 2 (results/selfcheck.md, .csv)",
    ]


def test_claims_are_counted_by_their_verdict(results: FakeResults) -> None:
    """The claims about all methods are counted together."""
    with_evidence(results)
    judged = [claim_result("reproduced"), claim_result("reproduced"), claim_result("close")]
    write_stored(
        results.root / "results/evidence/claims/method-000.json", ClaimResults(claims=judged)
    )
    told = text(results, "claims")
    assert told == "\nclaims: 2 reproduced, 1 close (results/claims.md, .csv)"


def test_cells_that_are_run_again_are_counted(results: FakeResults) -> None:
    """Here the first method has further runs on each dataset of its suite."""
    with_evidence(results)
    assert text(results, "spread") == "\nmeans with their spread: 2 cells (results/spread.md, .csv)"


def test_a_damaged_verdict_is_told(results: FakeResults) -> None:
    """A damaged verdict is reported like a damaged record."""
    with_evidence(results)
    path = results.root / "results/selfcheck/method-000/one.json"
    path.parent.mkdir(parents=True)
    path.write_text("[]")
    assert text(results, "evidence").startswith(f"\n{path}: must hold a JSON object; found []")


def test_a_cell_that_was_asked_for_is_told_and_no_suite(results: FakeResults) -> None:
    """A run that was asked for one record speaks of that cell alone, also where others are missing.

    A cell without a result has its state and reason, one that did not run its log.
    """
    (results.root / record_path("method-001", "set-01")).unlink()
    good, bad, gone = (
        record_path(*cell)
        for cell in (("method-000", "set-00"), ("method-002", "set-00"), ("method-001", "set-01"))
    )
    assert text(results, f"./{good}").strip() == (
        "method-000 on set-00: ok, 3 fused images in results/runs/method-000/set-00/fused/"
    )
    assert text(results, bad).strip().splitlines() == [
        "FAILED, and tried again by the next run:",
        "method-002 on set-00: weights-missing",
        "    x.pth is <gone> & away",
    ]
    assert text(results, gone).strip() == (
        "not finished: method-001 on set-01 has not been run; log: logs/fuse/method-001/set-01.log"
    )


def test_files_that_were_asked_for_are_told(results: FakeResults) -> None:
    """A table by its name is followed by the cells in it that failed, the page by all of them."""
    table, page = "results/tables/fake/set-00.tex", "results/report/index.html"
    tables_only = replace(SESSION, tables_only=True)
    lines = text(results, table, session=tables_only).strip().splitlines()
    assert lines[0] == f"not written: {table}" and lines[-2].startswith("method-002 on set-00")
    assert "set-01" not in text(results, table)
    (results.root / page).parent.mkdir(parents=True)
    (results.root / page).touch()
    told = text(results, "report")
    assert told.startswith(f"\nwritten: {page}\n") and "method-002 on set-01" in told
    ending_of = make_plan(results.root, {}).ending(SESSION)
    assert f"perhaps of an earlier run: {page}" in ending_of.text(["report"], failed=True)
    assert f"\n  to open in a browser: {(results.root / page).resolve().as_uri()}\n" in told


def test_figures_are_counted_by_folder(results: FakeResults) -> None:
    """One line says how many there are; a figure that could not be drawn has a line of its own."""
    folder = results.root / "results/figures/wide"
    folder.mkdir(parents=True)
    (folder / "ranks.pdf").touch()
    lines = text(results, "figures").strip().splitlines()
    assert lines[0] == "written: 1 figure (PDF, PNG, data) in results/figures/wide/"
    assert "not written: results/figures/wide/correlation.pdf" in lines
    assert "not written: results/figures/wide/ranks.pdf" not in lines


def test_fetching_says_what_is_not_here(results: FakeResults) -> None:
    """A run of ``fetch`` counts what is here, and names the rest with its reason."""
    plan = make_plan(results.root, {})
    first, *others = plan.selection.fetched
    for path in others:
        kind = plan.selection.fetched[path]
        write_stored(results.root / path, kind(state="env-failed", reason="no lock"))
    write_stored(results.root / first, plan.selection.fetched[first]())
    lines = plan.ending(SESSION).text(["fetch"]).strip().splitlines()
    count = 1 + len(others)
    assert lines[0] == f"fetched or built: 1 of {count}; without a result:"
    assert lines[1:] == [f"  {path}: env-failed: no lock" for path in others]
    (results.root / first).unlink()
    assert f"{first}: not finished" in plan.ending(SESSION).text(["fetch"])

"""The tables of self-checks, claims and spreads: CSV with every digit, Markdown for readers."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.evidence import (
    Determinism,
    MetricSpread,
    Proof,
    RunFacts,
    SpreadResult,
)
from fusebench.contracts.records import EnvironmentFacts
from fusebench.evidence import tables
from msgspec.structs import replace

from tests.evidence.makers import check_result, claim_result, compared_image, run_once

PROOF = Proof(
    inputs="in",
    outputs="out",
    weights={"a.pth": "1", "b.pth": "2"},
    commit="c",
    tree="t",
    environment=EnvironmentFacts(key="k"),
)


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def cells(line: str) -> list[str]:
    """Return the cells of a line of a Markdown table."""
    return [cell.strip() for cell in line.removeprefix("| ").removesuffix(" |").split(" | ")]


def test_verdicts_are_counted_from_the_best_to_the_worst() -> None:
    """Verdicts that do not occur are not mentioned; without any the text is ``none``."""
    order = ("exact", "close", "differs")
    assert tables.counted(["differs", "exact", "differs"], order) == "1 exact, 2 differs"
    assert tables.counted(["close"], order) == "1 close"
    assert tables.counted([], order) == "none"


def test_cells_of_a_table_stay_cells() -> None:
    """A bar, a line break or a run of blanks in a cell breaks no line."""
    lines = tables.markdown_table(["a", "b"], [["x | y", "two\n  lines"], ["", "*z*"]])
    assert lines[:2] == ["| a | b |", "| --- | --- |"]
    assert lines[2].count(" | ") == 1 and "two lines" in lines[2]
    assert len(lines) == 4


def test_claims_in_csv_have_every_digit(tmp_path: Path) -> None:
    """Numbers are not rounded, and unknown ones are empty.

    The proof has its own columns.
    """
    measured = claim_result(
        "close", measured=7.123456789012345, difference=0.02, tolerance=0.05, spread=0.1,
        reason="why", where="Table 1", source="S", image="p", proof=PROOF,
    )  # fmt: skip
    unknown = claim_result("not-comparable", dataset="", images="TNO", reason="other images: TNO")
    tables.write_claims(tmp_path / "claims.csv", [measured, unknown])
    first, second = read(tmp_path / "claims.csv")
    assert tuple(first) == tables.CLAIM_COLUMNS
    assert (first["measured"], first["spread"], first["value"]) == (
        "7.123456789012345",
        "0.1",
        "7.1",
    )
    assert (first["inputs"], first["outputs"], first["commit"]) == ("in", "out", "c")
    assert (first["environment"], first["weights"]) == ("k", "a.pth:1 b.pth:2")
    assert (second["measured"], second["inputs"], second["weights"]) == ("", "", "")
    assert (second["dataset"], second["images"]) == ("", "TNO")


def test_claims_in_markdown_have_two_digits_more_than_claimed(tmp_path: Path) -> None:
    """The rounding can be seen; the verdicts are counted above the table."""
    row = claim_result(
        "close", value=7.1, decimals=1, measured=7.123456, difference=0.0234567, tolerance=0.05,
        where="Table 1", source="A survey",
    )  # fmt: skip
    tables.write_claims(tmp_path / "claims.csv", [row, claim_result("reproduced", image="p")])
    lines = (tmp_path / "claims.md").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["# Claims", "", "1 reproduced, 1 close"]
    assert cells(lines[6])[:7] == ["m", "d", "EN", "7.1", "7.123", "0.023", "0.050"]
    assert cells(lines[6])[7:] == ["close", "", "Table 1, A survey"]
    assert cells(lines[7])[1] == "d p"


def test_images_in_the_sources_words_stand_for_the_dataset() -> None:
    """They do so where the registry does not hold the images."""
    line = tables.claims_table([claim_result("not-comparable", dataset="", images="20 of TNO")])[2]
    assert cells(line)[1] == "20 of TNO"


def test_too_many_claims_are_counted_and_not_listed(tmp_path: Path) -> None:
    """Those of single images are only in the CSV file; those of whole sets are always shown."""
    single = [claim_result(image=str(number)) for number in range(tables.MOST_ROWS)]
    for rows, shown in ((single, tables.MOST_ROWS), ([*single, claim_result()], 1)):
        tables.write_claims(tmp_path / "claims.csv", rows)
        lines = (tmp_path / "claims.md").read_text(encoding="utf-8").splitlines()
        assert sum(line.startswith("| m |") for line in lines) == shown
        assert len(read(tmp_path / "claims.csv")) == len(rows)


def test_self_checks_in_csv_have_a_line_for_each_image(tmp_path: Path) -> None:
    """An image that was not compared has no difference, and no value for ``lossy``."""
    images = [
        compared_image(
            "p", "close", max_abs=3, mean_abs=0.123456789, psnr=45.5, differing=0.25,
            lossy=True, theirs="t", inputs={"a": "1", "b": "2"}, notes=["n"],
        ),
        compared_image("q", "nothing-to-compare", reason="no committed output"),
        compared_image("r", "exact", max_abs=0, mean_abs=0.0, differing=0.0, theirs="u"),
    ]  # fmt: skip
    tables.write_selfchecks(tmp_path / "s.csv", [check_result(images, "close", proof=PROOF)])
    compared, nothing, exact = read(tmp_path / "s.csv")
    assert tuple(compared) == tables.CHECK_COLUMNS
    assert (compared["mean_abs"], compared["lossy"]) == ("0.123456789", "True")
    assert (compared["inputs"], compared["ours"], compared["theirs"]) == ("1 2", "ours-p", "t")
    assert [nothing[name] for name in ("max_abs", "psnr", "lossy", "theirs")] == [""] * 4
    assert (nothing["image"], nothing["reason"]) == ("q", "no committed output")
    assert (exact["max_abs"], exact["psnr"], exact["lossy"]) == ("0", "", "False")
    assert {row["commit"] for row in (compared, nothing, exact)} == {"c"}


def test_a_check_without_images_has_a_line_that_says_why(tmp_path: Path) -> None:
    """A run that crashed is in the file as well."""
    failed = check_result([], "nothing-to-compare", reason="crashed: boom", proof=PROOF)
    tables.write_selfchecks(tmp_path / "s.csv", [failed])
    (row,) = read(tmp_path / "s.csv")
    assert (row["image"], row["verdict"], row["reason"]) == (
        "",
        "nothing-to-compare",
        "crashed: boom",
    )
    assert row["inputs"] == "in"


def test_a_local_folder_is_told_by_its_tree() -> None:
    """A local folder has no commit."""
    row = tables._proof_columns(replace(PROOF, commit=None))
    assert row["commit"] == "t"
    assert tables._proof_columns(None) == {}


def test_self_checks_in_markdown_show_the_worst_image(tmp_path: Path) -> None:
    """The worst image has its differences; checks and images are counted separately."""
    images = [
        compared_image("p", "exact", max_abs=0, mean_abs=0.0, differing=0.0),
        compared_image("q", "close", max_abs=9, mean_abs=0.5, psnr=41.26, differing=0.1234567),
    ]
    checks = [
        check_result(images, "close", counts={"exact": 1, "close": 1}),
        check_result([], "nothing-to-compare", check="other", reason="crashed:\n  boom"),
    ]
    tables.write_selfchecks(tmp_path / "s.csv", checks)
    lines = (tmp_path / "s.md").read_text(encoding="utf-8").splitlines()
    assert lines[2:4] == ["Checks: 1 close, 1 nothing-to-compare.", "Images: 1 exact, 1 close."]
    assert cells(lines[7]) == [
        *("m", "committed", "close", "1 exact, 1 close"),
        *("q", "9", "0.5000", "41.3", "12.346 %"),
        *("unknown", ""),
    ]
    assert cells(lines[8])[-1] == "crashed: boom"


@pytest.mark.parametrize(
    ("runs", "reason", "told"),
    [(1, "", ""), (2, "", "1 of 1 images differ"), (2, "p: no output", "p: no output")],
)
def test_why_a_check_says_what_it_says(runs: int, reason: str, told: str) -> None:
    """It is the check's own reason, else that of repeated runs; a single run is no reason."""
    facts = [RunFacts(state="ok")] * runs
    found = Determinism(verdict="unknown", reason="1 of 1 images differ", runs=facts)
    line = tables.selfcheck_table([check_result(reason=reason, determinism=found)])[2]
    assert line.rstrip("| ").endswith(told) if told else line.endswith("unknown |  |")


def test_differences_as_text() -> None:
    """There is no PSNR where nothing differs; the share is in percent."""
    image = compared_image("p", "exact", max_abs=0, mean_abs=0.0, differing=0.0)
    assert tables.difference_shown(image) == ["p", "0", "0.0000", "", "0.000 %"]
    other = compared_image("p", "differs", max_abs=255, mean_abs=12.34567, psnr=9.04, differing=1.0)
    assert tables.difference_shown(other) == ["p", "255", "12.3457", "9.0", "100.000 %"]


def spread_result(method: str, determinism: Determinism) -> SpreadResult:
    """Return the spread of a repeated cell."""
    return SpreadResult(method=method, dataset="d", determinism=determinism)


def test_spreads_in_both_forms(tmp_path: Path) -> None:
    """CSV has a line for each metric, Markdown a row for each cell.

    The row has the mean, plus or minus half the range.
    """
    metrics: dict[str, Any] = {
        "EN": MetricSpread(mean=7.123456789, range=0.25, range_of_one_image=0.5),
        "SD": MetricSpread(mean=40.0, range=0.0, range_of_one_image=0.0),
    }
    runs = [RunFacts(state="ok")] * 3
    measured = Determinism(verdict="not-deterministic", reason="why", runs=runs, metrics=metrics)
    other = replace(measured, verdict="deterministic", reason="", metrics={"SD": metrics["SD"]})
    spreads = [
        spread_result("m", measured),
        spread_result("n", other),
        spread_result("o", run_once()),
    ]
    tables.write_spreads(tmp_path / "spread.csv", spreads)
    rows = read(tmp_path / "spread.csv")
    assert tuple(rows[0]) == tables.SPREAD_COLUMNS
    assert [(row["method"], row["metric"]) for row in rows] == [
        *(("m", "EN"), ("m", "SD"), ("n", "SD"), ("o", ""))
    ]
    assert (rows[0]["mean"], rows[0]["runs"], rows[0]["reason"]) == ("7.123456789", "3", "why")
    assert (rows[3]["mean"], rows[3]["runs"], rows[3]["reason"]) == ("", "1", "run once")
    lines = (tmp_path / "spread.md").read_text(encoding="utf-8").splitlines()
    assert cells(lines[4]) == ["method", "dataset", "verdict", "EN", "SD"]
    assert cells(lines[6]) == [
        *("m", "d", "not-deterministic (3 runs)", "7.1235 ± 0.1250", "40.0000 ± 0.0000")
    ]
    assert cells(lines[7])[3:] == ["", "40.0000 ± 0.0000"]
    assert lines[8].startswith("| o | d | unknown (1 runs) |")


def test_nothing_to_tell_is_a_table_all_the_same(tmp_path: Path) -> None:
    """A table without rows has its header, so that every reader finds the columns."""
    for write in (tables.write_claims, tables.write_selfchecks, tables.write_spreads):
        write(tmp_path / "t.csv", [])
        assert read(tmp_path / "t.csv") == []
        assert (tmp_path / "t.csv").read_text(encoding="utf-8").startswith("method,")
        assert "| method |" in (tmp_path / "t.md").read_text(encoding="utf-8")

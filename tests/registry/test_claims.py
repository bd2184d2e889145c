"""Claims of an entry, its own and those of files, their printed digits, and mistakes in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from fusebench.contracts.evidence import Claim
from fusebench.contracts.methods import ClaimEntry
from fusebench.errors import RegistryError
from fusebench.metrics.resolving import all_definitions, related
from fusebench.registry.claims import (
    COLUMNS,
    NUMBER,
    claims_of,
    decimals_of,
    definitions_tried,
    formula_of,
    read_claims_file,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry.small import SmallProject

HEAD = ",".join(COLUMNS) + "\n"
INLINE = {"metric": "EN", "value": "7.10", "where": "Table 1", "dataset": "pairs"}


def claim(metric: str = "EN", definition: str = "canonical") -> Claim:
    """Return a claim of a metric."""
    return Claim(
        method="one", dataset="pairs", metric=metric, definition=definition, value=1.0, decimals=1
    )


def entry(**fields: Any) -> ClaimEntry:
    """Return a claim as an entry gives it."""
    return msgspec.convert({**INLINE, **fields}, ClaimEntry)


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    """Write a file of claims."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "decimals"),
    [
        *(("46", 0), ("46.", 0), ("46.0", 1), ("1.030", 3), (".5", 1), ("-0.27", 2), ("+3.14", 2)),
        *(("1.5e-3", 4), ("1.5E3", 0), ("12e-2", 2), ("1.25e1", 1), ("3e0", 0)),
    ],
)
def test_decimals_are_those_that_were_printed(text: str, decimals: int) -> None:
    """Zeros at the end count, signs do not, and an exponent moves the point."""
    assert NUMBER.fullmatch(text)
    assert decimals_of(text) == decimals


@settings(deadline=None, derandomize=True, database=None)
@given(st.floats(-1e6, 1e6), st.integers(0, 12))
def test_decimals_of_what_was_formatted(value: float, digits: int) -> None:
    """Formatting with some digits is read back as these digits."""
    assert decimals_of(f"{value:.{digits}f}") == digits


@pytest.mark.parametrize("text", ["", ".", "-", "1,5", "1.5e", "1_000", "nan", "0x1", " 1", "1 "])
def test_what_is_no_number(text: str) -> None:
    """Commas, words and blanks are refused in a published number."""
    assert not NUMBER.fullmatch(text)


@pytest.mark.parametrize(
    ("metric", "definition", "formula"),
    [
        ("EN", "canonical", "EN"),
        ("EN", "unknown", "EN"),
        ("SSIM", "vifb", "SSIM@vifb"),
        ("Ssim", "vifb", "Ssim@vifb"),
        ("colour-deviation", "fcdfusion", "colour-deviation@fcdfusion"),
    ],
)
def test_the_formula_of_a_claim(metric: str, definition: str, formula: str) -> None:
    """The formula is the metric alone where the definition is canonical or unknown."""
    assert formula_of(claim(metric, definition)) == formula


def test_a_claim_of_the_entry_has_the_defaults_of_one() -> None:
    """The defaults are the canonical definition, all images, and the written digits."""
    (found,) = claims_of("one", [entry()], Path())
    assert found == Claim(
        method="one",
        dataset="pairs",
        metric="EN",
        definition="canonical",
        value=7.1,
        decimals=2,
        where="Table 1",
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"value": 7}, {"value": 7.0, "decimals": 0}),
        ({"value": 7.1}, {"value": 7.1, "decimals": 1}),
        ({"value": "-7.100"}, {"value": -7.1, "decimals": 3}),
        ({"value": 7.1, "decimals": 4}, {"decimals": 4}),
        ({"value": "7.10", "decimals": 0}, {"decimals": 0}),
        ({"image": "p", "definition": "tang"}, {"image": "p", "definition": "tang"}),
        ({"source": "a survey", "note": "n"}, {"source": "a survey", "note": "n"}),
    ],
)
def test_what_a_claim_gives_is_taken(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    """A stated number of digits replaces the number of digits written."""
    (found,) = claims_of("one", [entry(**fields)], Path())
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_file_gives_the_rows_of_one_method(tmp_path: Path) -> None:
    """The rows are found by the method's name in the table; where and source name the file."""
    written(
        tmp_path,
        f"# source: A survey: part 2\n# images: theirs\n{HEAD}"
        'GFF,pairs,p,Entropy,vifb,1.50,2,"Table 1, left"\n'
        "TIF,pairs,,Entropy,vifb,9,0,T\n"
        "GFF,,,EN,unknown,2.5,1,T\n",
    )
    first, second = claims_of(
        "one", [ClaimEntry(file="t.csv", name="GFF", note="in colour")], tmp_path
    )
    assert (first.method, first.image, first.value, first.decimals) == ("one", "p", 1.5, 2)
    assert first.where == "Table 1, left (t.csv)"
    assert (first.source, first.note) == ("A survey: part 2", "in colour")
    assert (first.dataset, first.images) == ("pairs", "")
    assert (second.dataset, second.images) == ("", "theirs")


def test_a_file_is_asked_for_the_methods_own_name(tmp_path: Path) -> None:
    """Rows are found by the entry's name where the claim gives no other.

    Claims keep their order, also those of files.
    """
    written(tmp_path, f"{HEAD}one,pairs,,SD,canonical,3,0,T\n")
    items = [entry(), ClaimEntry(file="t.csv"), entry(metric="AG")]
    assert [found.metric for found in claims_of("one", items, tmp_path)] == ["EN", "SD", "AG"]
    assert claims_of("other", [ClaimEntry(file="t.csv")], tmp_path) == []


def test_a_file_with_a_mark_of_its_encoding(tmp_path: Path) -> None:
    """The byte order mark of a spreadsheet is not part of the first column's name."""
    path = tmp_path / "t.csv"
    path.write_text(f"# source: T\n{HEAD}a,b,,EN,vifb,1,0,T\n", encoding="utf-8-sig")
    origin, rows = read_claims_file(path)
    assert origin == {"source": "T"} and rows[0]["name"] == "a"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"t.csv:1: must have the columns name, dataset, .*; found $"),
        ("# a: b\nname,value\nx,1\n", "t.csv:2: must have the columns .*; found name, value"),
        (f"{HEAD}a,b,,EN,vifb,1,0\n", "t.csv:2: must have 8 columns; found another number"),
        (f"# x\n{HEAD}a,b,,EN,vifb,1,0,T\na,b,,EN,vifb,1,5,0,T\n", "t.csv:4: must have 8 columns"),
        (f"{HEAD}a,b,,EN,vifb,high,0,T\n", "t.csv:2: `value` must be a number with a point; found"),
        (f"{HEAD}a,b,,EN,vifb,1,-1,T\n", "t.csv:2: `decimals` must be a whole number from 0 to 15"),
        (f"{HEAD}a,b,,EN,vifb,1,16,T\n", "must be a whole number from 0 to 15; found '16'"),
        (f"{HEAD}a,b,,EN,vifb,1,,T\n", "must be a whole number from 0 to 15; found ''"),
        (f'{HEAD}a,b,,EN,vifb,1,0,"T\n', "t.csv:2: must be CSV: unexpected end of data"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    """Lines of comments count, as in an editor."""
    with pytest.raises(RegistryError, match=told):
        read_claims_file(written(tmp_path, text))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A missing file, a folder and another encoding are reported with their cause."""
    with pytest.raises(
        RegistryError, match=r"none.csv: must be a file of claims in UTF-8.*No such"
    ):
        read_claims_file(tmp_path / "none.csv")
    with pytest.raises(RegistryError, match="must be a file of claims in UTF-8"):
        read_claims_file(tmp_path)
    (tmp_path / "t.csv").write_bytes("caf\xe9".encode("latin-1"))
    with pytest.raises(RegistryError, match=r"t.csv: must be a file of claims in UTF-8.*codec"):
        claims_of("one", [ClaimEntry(file="t.csv")], tmp_path)


@pytest.mark.parametrize(
    "formula", ["VIF", "VIFF@cddfuse", "Ssim@vifb", "SSIM@vifb", "EN@ivif-zoo", "AG+rgb-mean"]
)
def test_the_named_definition_is_tried_first_then_all_others(formula: str) -> None:
    """Each other definition of the same metric is tried once.

    A definition with another metric name, or of another protocol, is tried as it is named.
    """
    metric, _, definition = formula.partition("@")
    tried = definitions_tried(claim(metric, definition or "canonical"))
    assert tried[0].id == formula
    formulas = [(one.metric, one.definition) for one in tried]
    assert len(set(formulas)) == len(formulas)
    assert {(one.metric, one.definition) for one in related(formula)} <= {*formulas}
    assert not any(one.needs_reference for one in tried)


def test_a_metric_against_a_ground_truth_is_tried_alone() -> None:
    """No other definition of it can be measured without one, and it is not tried for others."""
    assert [one.id for one in definitions_tried(claim("SSIM-GT"))] == ["SSIM-GT"]


@pytest.mark.parametrize(
    ("metric", "definition"),
    [("colour-deviation", "fcdfusion"), ("mAP", "unknown"), ("all", "vifb"), ("EN", "nobody")],
)
def test_what_is_no_metric_has_no_definition(metric: str, definition: str) -> None:
    """Formulas that only claims have, metrics of detectors, and whole sets have none."""
    assert definitions_tried(claim(metric, definition)) == []


def test_an_unknown_definition_is_tried_under_every_one() -> None:
    """The canonical definition is tried first."""
    tried = definitions_tried(claim("SD", "unknown"))
    assert tried[0] == all_definitions()["SD"] and len(tried) > 3


def test_claims_that_are_right_are_silent(small: SmallProject) -> None:
    """Right claims, from entry or file and on any images, give no message."""
    small.root.joinpath("claims").mkdir()
    written(small.root / "claims", f"{HEAD}one,pairs,,Entropy,vifb,1.5,1,T\n")
    small.methods["one"]["selfcheck"] = {"inputs": {"a": "in/a", "b": "in/b"}}
    small.methods["one"]["claims"] = [
        INLINE,
        {**INLINE, "value": 3},
        {**INLINE, "dataset": "selfcheck"},
        {**INLINE, "dataset": "selfcheck/committed"},
        {"images": "theirs", "metric": "mAP", "definition": "unknown", "value": 1, "where": "T"},
        {"file": "claims/t.csv"},
    ]
    assert small.problems() == []


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        (
            [INLINE, {**INLINE, "dataset": "pear"}],
            "(one.claims.1.dataset): unknown dataset 'pear' (did you mean 'pairs'?); add it to",
        ),
        (
            [{**INLINE, "dataset": "selfcheck/x"}],
            "(one.claims.0.dataset): unknown dataset 'selfcheck/x'; write a `selfcheck` of that",
        ),
        ([{**INLINE, "metric": "SSIM", "definition": "vifbb"}], "unknown metric 'SSIM@vifbb'"),
        (
            [{**INLINE, "definition": "nobody"}],
            "write `definition: unknown` where the source does not say",
        ),
        (
            [{**INLINE, "dataset": "pairs", "images": "others"}],
            "(one.claims.0.images): must have `dataset` or `images`",
        ),
        ([{**INLINE, "value": "1e400"}], "must be a finite number with a point"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    small: SmallProject, claims: list[dict[str, Any]], told: str
) -> None:
    """The message has file, line, entry and the number of the claim."""
    small.methods["one"]["claims"] = claims
    (problem,) = small.problems()
    assert problem.startswith("methods.yaml:") and told in problem


def test_one_mistake_of_many_rows_is_told_once(small: SmallProject) -> None:
    """A file of a hundred rows on an unknown dataset has one problem, not a hundred."""
    rows = "".join(f"one,tno99,{n},Entropy,vifb,1.5,1,T\n" for n in range(100))
    small.root.joinpath("claims").mkdir()
    written(small.root / "claims", HEAD + rows)
    small.methods["one"]["claims"] = [{"file": "claims/t.csv"}]
    (problem,) = small.problems()
    assert "unknown dataset 'tno99'" in problem

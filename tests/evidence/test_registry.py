"""Mistakes in `selfcheck` and `claims` are named when the registry is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from fusebench.errors import RegistryError
from fusebench.registry import load_registry

ENTRY: dict[str, Any] = {
    "title": "A method",
    "tasks": ["infrared-visible"],
    "code": "https://example.org/mini/method",
    "commit": "0" * 40,
    "env": "e",
    "run": {
        "script": "s.py",
        "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
        "collect": "{out}/{name}.png",
    },
}
CHECK = {"inputs": {"a": "in/a", "b": "in/b"}, "expect": "out"}
CLAIM = {"dataset": "d", "metric": "EN", "value": "7.12", "where": "Table 1"}
HEADER = "name,dataset,image,metric,definition,value,decimals,where\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project folder with one environment and one dataset."""
    (tmp_path / "envs" / "e").mkdir(parents=True)
    (tmp_path / "images").mkdir()
    (tmp_path / "config").mkdir()
    side = {"files": "{name}.png"}
    dataset = {
        "title": "D",
        "task": "infrared-visible",
        "kind": "local",
        "folder": "images",
        "a": side,
        "b": side,
    }
    (tmp_path / "datasets.yaml").write_text(yaml.safe_dump({"d": dataset}))
    config = {"suite": "s", "suites": {"s": {"methods": ["m"], "datasets": ["d"]}}}
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def problems(project: Path, **fields: Any) -> str:
    """Return what is said of an entry with these fields; ``""`` where nothing is wrong."""
    (project / "methods.yaml").write_text(yaml.safe_dump({"m": {**ENTRY, **fields}}, sort_keys=False))
    try:
        load_registry(project)
    except RegistryError as error:
        return str(error)
    return ""


def test_what_is_right_is_silent(project: Path) -> None:
    """One check or several, folders, patterns or explicit pairs; claims with a definition, a check's images, or other images."""
    (project / "claims").mkdir()
    (project / "claims" / "t.csv").write_text(
        "# source: T\n" + HEADER + 'M,d,p1,Entropy,vifb,1.5,1,"Table, 1"\n'
    )
    explicit = {"name": "b", "pairs": {"p": {"a": "x.png", "b": "y.png", "expect": "z.png"}}}
    claims = [
        CLAIM,
        {**CLAIM, "dataset": "selfcheck/b", "value": 3},
        {"images": "elsewhere", "metric": "mAP", "definition": "unknown", "value": "0.50", "where": "README"},
        {"file": "claims/t.csv", "name": "M"},
    ]
    assert problems(project, selfcheck=[CHECK, explicit], claims=claims) == ""


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({**CHECK, "expect": "out/fused.png"}, "must hold {name}, or be a folder"),
        (
            {**CHECK, "inputs": {"a": "in/a/1.png", "b": "in/b"}, "pairs": ["1", "2"]},
            "found the single file 'in/a/1.png'",
        ),
        ({"pairs": {"p": {"a": "x.png"}}}, "must give both a and b; found no b"),
        (
            {"pairs": {"p": {"a": "x", "b": "y", "expect": "z"}, "q": {"a": "v", "b": "w", "expect": "z"}}},
            "must belong to one pair",
        ),
        ({"expect": "out"}, "must have `inputs` (a, b)"),
        (
            {**CHECK, "task": "medical"},
            "must be one of the method's tasks (infrared-visible); found 'medical'",
        ),
        ([CHECK, CHECK], "must have different names; found 'committed' twice"),
        ({**CHECK, "repeats": 0}, "must be how often the script is run"),
        ({**CHECK, "expected": "out"}, "unknown key 'expected' (did you mean 'expect'?)"),
    ],
)
def test_a_check_that_cannot_be_paired_is_named(project: Path, check: Any, told: str) -> None:
    """File, line and what must be."""
    message = problems(project, selfcheck=check)
    assert told in message
    assert "methods.yaml:" in message and "m.selfcheck" in message


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ({**CLAIM, "dataset": "dd"}, "unknown dataset 'dd' (did you mean 'd'?)"),
        ({**CLAIM, "dataset": "selfcheck"}, "unknown dataset 'selfcheck'"),
        ({**CLAIM, "definition": "cddfus"}, "unknown metric 'EN@cddfus'"),
        ({**CLAIM, "metric": "ENN"}, "unknown metric 'ENN'"),
        (
            {**CLAIM, "value": "7,12"},
            'must be a number with a point, in quotes where it ends with zeros; found "7,12"',
        ),
        ({"metric": "EN", "value": 1.5, "where": "Table 1"}, "must have `dataset`, or `images`"),
        ({"dataset": "d", "metric": "EN", "value": 1.5}, "must have 'where', which is missing"),
        ({"file": "claims/none.csv"}, "none.csv: must be a file of claims"),
    ],
)
def test_a_wrong_claim_is_named(project: Path, claim: dict[str, Any], told: str) -> None:
    """An unknown dataset or definition, a comma, a claim without its place."""
    message = problems(project, claims=[claim])
    assert told in message
    assert "m.claims.0" in message


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("M,d,,EN,canonical,7,12,2,T\n", ":3: must have 8 columns"),
        ('M,d,,EN,canonical,"7,12",2,T\n', ":3: `value` must be a number with a point; found '7,12'"),
        ("M,d,,EN,canonical,7.12,two,T\n", ":3: `decimals` must be a whole number; found 'two'"),
        ("N,d,,EN,canonical,7.12,2,T\n", "must find rows named 'M' in claims/t.csv; found none"),
    ],
)
def test_a_wrong_line_of_a_file_of_claims_is_named(project: Path, row: str, told: str) -> None:
    """File and line of the CSV, too."""
    (project / "claims").mkdir()
    (project / "claims" / "t.csv").write_text("# source: T\n" + HEADER + row)
    assert told in problems(project, claims=[{"file": "claims/t.csv", "name": "M"}])

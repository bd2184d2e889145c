"""Mistakes in `selfcheck` and `claims` are named when the registry is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fusebench.errors import RegistryError
from fusebench.registry.loading import load_registry

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
    dataset = {
        "title": "D",
        "task": "infrared-visible",
        "kind": "local",
        "folder": "images",
        "a": {"files": "ir/{name}.png"},
        "b": {"files": "vis/{name}.png"},
        "pairs": ["p1", "p2"],
    }
    (tmp_path / "datasets.yaml").write_text(yaml.safe_dump({"d": dataset}))
    config = {"suite": "s", "suites": {"s": {"methods": ["m"], "datasets": ["d"]}}}
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def problems(project: Path, **fields: Any) -> str:
    """Return the error of an entry with these fields; ``""`` where there is none."""
    (project / "methods.yaml").write_text(
        yaml.safe_dump({"m": {**ENTRY, **fields}}, sort_keys=False)
    )
    try:
        load_registry(project)
    except RegistryError as error:
        return str(error)
    return ""


def test_what_is_right_is_silent(project: Path) -> None:
    """Checks may have folders, patterns or explicit pairs.

    Claims may have a definition, a check's images, or other images.
    """
    (project / "claims").mkdir()
    (project / "claims" / "t.csv").write_text(
        "# source: T\n" + HEADER + 'M,d,p1,Entropy,vifb,1.5,1,"Table, 1"\n'
    )
    explicit = {"name": "b", "pairs": {"p": {"a": "x.png", "b": "y.png", "expect": "z.png"}}}
    claims = [
        CLAIM,
        {**CLAIM, "dataset": "selfcheck/b", "value": 3},
        {
            "images": "elsewhere",
            "metric": "mAP",
            "definition": "unknown",
            "value": "0.50",
            "where": "README",
        },
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
            {
                "pairs": {
                    "p": {"a": "x", "b": "y", "expect": "z"},
                    "q": {"a": "v", "b": "w", "expect": "z"},
                }
            },
            "must belong to one pair",
        ),
        ({"expect": "out"}, "must have `inputs` (a, b)"),
        (
            {**CHECK, "task": "medical"},
            "must be one of the method's tasks (infrared-visible); found 'medical'",
        ),
        ([CHECK, CHECK], "must have different names; found 'committed' twice"),
        ({**CHECK, "repeats": 0}, "must be how often the script is run"),
        ({**CHECK, "pairs": ["../x"]}, "must be a name of a pair: without"),
        ({**CHECK, "expected": "out"}, "unknown key 'expected' (did you mean 'expect'?)"),
    ],
)
def test_a_check_that_cannot_be_paired_is_named(project: Path, check: Any, told: str) -> None:
    """The message has file, line and what must be."""
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
        ({**CLAIM, "value": float("nan")}, "must be a finite number with a point"),
        ({**CLAIM, "value": "1e999"}, "must be a finite number with a point"),
        ({**CLAIM, "images": "20 of them"}, "found both"),
        ({**CLAIM, "metric": "SSIM@vifb"}, "write `metric: SSIM, definition: vifb`"),
        ({**CLAIM, "metric": "all", "definition": "vifb"}, "must be one metric; found 'all@vifb'"),
        ({**CLAIM, "image": "p3"}, "must be a pair of 'd'; found 'p3'"),
    ],
)
def test_a_wrong_claim_is_named(project: Path, claim: dict[str, Any], told: str) -> None:
    """It has an unknown dataset or definition, a comma, or no ``where``."""
    message = problems(project, claims=[claim])
    assert told in message
    assert "m.claims.0" in message


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "7.10",
            "must be in quotes, because YAML drops digits that were printed; found 7.10,"
            ' write "7.10"',
        ),
        ("7_1", "must be a finite number with a point"),
        ("012", "must be a finite number with a point"),
        ("1:30", "must be a finite number with a point"),
        ("7,12", "unknown key '12'"),
        ("7,12", "a number is written with a point, not with a comma"),
    ],
)
def test_a_value_that_yaml_reads_otherwise_is_named(project: Path, written: str, told: str) -> None:
    """Octal and sexagesimal numbers and a comma are refused.

    So is a last zero without quotes.
    """
    problems(project, claims=[CLAIM])
    file = project / "methods.yaml"
    head = file.read_text().partition("  claims:")[0]
    file.write_text(f"{head}  claims: [{{dataset: d, metric: EN, value: {written}, where: T}}]\n")
    with pytest.raises(RegistryError, match=re.escape(told)):
        load_registry(project)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("M,d,,EN,canonical,7,12,2,T\n", ":3: must have 8 columns"),
        (
            'M,d,,EN,canonical,"7,12",2,T\n',
            ":3: `value` must be a number with a point; found '7,12'",
        ),
        (
            "M,d,,EN,canonical,7.12,two,T\n",
            ":3: `decimals` must be a whole number from 0 to 15; found 'two'",
        ),
        ("M,d,,EN,canonical,7.12,²,T\n", ":3: `decimals` must be a whole number from 0 to 15"),
        ('M,d,,EN,canonical,7.12,2,"T\n', ":3: must be CSV: unexpected end of data"),
        ("N,d,,EN,canonical,7.12,2,T\n", "must find rows named 'M' in claims/t.csv; found none"),
    ],
)
def test_a_wrong_line_of_a_file_of_claims_is_named(project: Path, row: str, told: str) -> None:
    """The message also has file and line of the CSV file."""
    (project / "claims").mkdir()
    (project / "claims" / "t.csv").write_text("# source: T\n" + HEADER + row)
    assert told in problems(project, claims=[{"file": "claims/t.csv", "name": "M"}])


def test_a_file_of_claims_in_another_encoding_is_named(project: Path) -> None:
    """A byte that is not UTF-8 is reported with the file."""
    (project / "claims").mkdir()
    (project / "claims" / "t.csv").write_bytes(
        (HEADER + "M,d,,EN,canonical,7.12,2,caf\xe9\n").encode("latin-1")
    )
    assert "t.csv: must be a file of claims in UTF-8" in problems(
        project, claims=[{"file": "claims/t.csv"}]
    )


def test_a_variant_does_not_answer_for_the_check_that_it_shares(project: Path) -> None:
    """A merge copies the fields of another entry's self-check.

    The variant does not have that check, so they need not fit.
    """
    medical = {**CHECK, "task": "medical"}
    shared = {"m": {**ENTRY, "tasks": ["infrared-visible", "medical"], "selfcheck": medical}}
    text = yaml.safe_dump(shared, sort_keys=False).replace("m:\n", "m: &m\n", 1)
    run = (
        "{script: t.py, stage: {a: 'a/{name}.png', b: 'b/{name}.png'}, collect: '{out}/{name}.png'}"
    )
    variant = f"n:\n  <<: *m\n  tasks: [infrared-visible]\n  run: {run}\n"
    (project / "methods.yaml").write_text(text + variant)
    assert not load_registry(project).methods["n"].entry.selfcheck


@pytest.mark.parametrize("text", ["- a\n", "hello\n"])
def test_a_configuration_that_is_no_mapping_is_refused(project: Path, text: str) -> None:
    """A list or a word in its place is reported without a crash."""
    problems(project)
    (project / "config" / "config.yaml").write_text(text)
    with pytest.raises(RegistryError, match=r"config.yaml:1: must be what is run; found"):
        load_registry(project, {"suite": "s"})


def test_what_the_command_line_gives_is_what_was_found(project: Path) -> None:
    """The message quotes a wrong option of `--config`, not the value of the file."""
    problems(project)
    with pytest.raises(RegistryError, match=r"\(suite\): must be the suite to run.*; found 3$"):
        load_registry(project, {"suite": 3})


def test_a_list_of_pairs_in_another_encoding_is_named(project: Path) -> None:
    """The dataset is reported once, even if a claim names one of its pairs."""
    (project / "pairs.txt").write_bytes("caf\xe9\n".encode("latin-1"))
    file = project / "datasets.yaml"
    file.write_text(
        yaml.safe_dump({"d": {**yaml.safe_load(file.read_text())["d"], "pairs": "pairs.txt"}})
    )
    told = problems(project, claims=[{**CLAIM, "image": "p1"}])
    assert (
        "(d.pairs): must be a list of names or an existing text file in UTF-8; found 'pairs.txt'"
        in told
    )
    assert len(told.splitlines()) == 2


def test_a_claim_on_one_of_several_checks_names_it(project: Path) -> None:
    """If an entry has two self-checks, `selfcheck` alone is ambiguous."""
    checks = [{**CHECK, "name": "one"}, {**CHECK, "name": "two"}]
    claims = [{**CLAIM, "dataset": "selfcheck"}]
    told = problems(project, selfcheck=checks, claims=claims)
    assert (
        "must name one of the checks, because this entry has several; write one of"
        " selfcheck/one, selfcheck/two" in told
    )


def test_entries_that_never_run_are_not_entered_twice(project: Path) -> None:
    """Two names for one repository at one commit are reported, even if neither is active."""
    idle = {key: ENTRY[key] for key in ("title", "tasks", "code")} | {"commit": "0" * 40}
    idle |= {"status": "no-code", "reason": "an announcement"}
    (project / "methods.yaml").write_text(yaml.safe_dump({"m": idle, "n": idle}, sort_keys=False))
    with pytest.raises(RegistryError, match="the same code, commit, env, weights and run as 'm'"):
        load_registry(project)


def test_the_same_run_in_another_order_is_the_same(project: Path) -> None:
    """Two entries whose `run` differs only in the order of fields are equal."""
    run = dict(reversed(list(ENTRY["run"].items())))
    text = yaml.safe_dump({"m": ENTRY, "n": {**ENTRY, "run": run}}, sort_keys=False)
    (project / "methods.yaml").write_text(text)
    with pytest.raises(RegistryError, match="the same code, commit, env, weights and run as 'm'"):
        load_registry(project)

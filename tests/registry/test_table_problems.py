"""Mistakes in `tables:` that its schema cannot see, each in one line with its place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.small import METHOD, SmallProject


@pytest.fixture
def wide(small: SmallProject) -> SmallProject:
    """A project with methods of two tasks, one that cannot be run, and datasets of both tasks."""
    others: dict[str, dict[str, Any]] = {
        "two": {"label": "Two"},
        "focus": {"tasks": ["multi-focus"]},
        "idle": {"status": "no-weights", "reason": "the link is dead"},
    }
    for name, fields in others.items():
        code = f"https://example.org/lab/{name}"
        small.methods[name] = {**METHOD, "code": code, **fields}
    pairs = small.datasets["pairs"]
    small.datasets["truth"] = {**pairs, "reference": {"files": "gt/{name}.png"}}
    small.datasets["lytro"] = {**pairs, "task": "multi-focus"}
    suites = small.config["suites"]
    suites["iv"] = {"methods": "infrared-visible", "datasets": ["pairs"]}
    suites["all"] = {"methods": "all", "datasets": ["pairs", "lytro"]}
    suites["both"] = {"methods": ["one", "focus"], "datasets": ["pairs", "lytro"]}
    return small


def problems(project: SmallProject, **table: Any) -> list[str]:
    """Return what is wrong with a project that has this table, without file and line."""
    project.config["tables"] = {"t": table}
    return [line.partition(" ")[2] for line in project.problems()]


PLACE = "(tables.t)"
WRONG: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"suite": "ss"},
        ["(tables.t.suite): unknown suite 'ss' (did you mean 's'?)"],
    ),
    (
        {"methods": ["one"]},
        [f"{PLACE}: must have methods and datasets, its own or those of a `suite`; found none"],
    ),
    (
        {"datasets": ["pairs"]},
        [f"{PLACE}: must have methods and datasets, its own or those of a `suite`; found none"],
    ),
    (
        {"suite": "s", "groups": {"A": ["one", "tow"], "B": ["won"]}},
        [
            "(tables.t.groups.A.1): unknown method 'tow' (did you mean 'two'?)",
            "(tables.t.groups.B.0): unknown method 'won' (did you mean 'two' or 'one'?)",
        ],
    ),
    (
        {"suite": "s", "methods": ["one"], "groups": {"A": ["two"]}},
        ["(tables.t.groups): must have `methods` or `groups`, not both"],
    ),
    (
        {"suite": "s", "datasets": ["truht"], "metrics": ["SSMI"], "heads": {"ENN": "x"}},
        [
            "(tables.t.datasets.0): unknown dataset 'truht' (did you mean 'truth'?)",
            "(tables.t.metrics): unknown metric 'SSMI'; near names: SSIM, MSSIM, MI;"
            " `fusebench list metrics` shows all of them",
            "(tables.t.heads): unknown metric 'ENN'; near names: EN, EN@tang; `fusebench list"
            " metrics` shows all of them",
        ],
    ),
    (
        {"suite": "s", "groups": {"A": ["one", "two"], "B": ["one"]}},
        [f"{PLACE}: method 'one' must stand in one row; found it 2 times"],
    ),
    (
        {"suite": "s", "methods": ["one"], "labels": {"two": "x"}, "cite": {"two": "x"}},
        [
            "(tables.t.labels.two): unknown method of this table 'two'; known: one",
            "(tables.t.cite.two): unknown method of this table 'two'; known: one",
        ],
    ),
    (
        {"suite": "s", "methods": ["one", "two"], "labels": {"one": "Two"}},
        [
            "(tables.t.labels): every method must be shown under a name of its own; found 'Two' for"
            " one and two: give one of them another in `labels`",
        ],
    ),
    (
        {"suite": "s", "methods": ["idle"]},
        [
            f"{PLACE[:-1]}.groups): the table must have a method that can be run; found idle"
            " (no-weights); add one that is active, or remove the group",
        ],
    ),
    (
        {"suite": "s", "groups": {"Live": ["one"], "Dead": ["idle"]}},
        [
            "(tables.t.groups.Dead): group 'Dead' must have a method that can be run; found idle"
            " (no-weights); add one that is active, or remove the group",
        ],
    ),
    (
        {"suite": "s", "methods": ["one", "focus"]},
        [
            f"{PLACE}: method 'focus' is for multi-focus; must be for a task of the table's"
            " datasets: infrared-visible",
        ],
    ),
    (
        {"suite": "s", "pairs": {"truth": ["p"]}, "crops": {"truth": {"p": [[0, 0, 1, 1]]}}},
        [
            "(tables.t.crops.truth): unknown dataset of this table 'truth'; known: pairs",
            "(tables.t.pairs.truth): unknown dataset of this table 'truth'; known: pairs",
        ],
    ),
    (
        {"suite": "s", "metrics": ["EN", "QNR", "SAM"]},
        [
            "(tables.t.metrics): must be metrics of gray or RGB images, which is what datasets"
            " hold; found QNR, SAM, of multi-band arrays",
        ],
    ),
    (
        {"suite": "s", "datasets": ["truth", "pairs"], "metrics": ["PSNR-GT"]},
        [
            "(tables.t.metrics): PSNR-GT need a ground truth, but dataset 'pairs' has none",
        ],
    ),
    (
        {"suite": "both", "layout": "stacked"},
        [
            "(tables.t.layout): stacked datasets must have the same metrics; found 2 sets, as their"
            " tasks and ground truths ask for: name them in `metrics`",
        ],
    ),
    (
        {"suite": "s", "heads": {"SD": "x"}, "decimals": {"SF": 1, "EN": 2}},
        [
            "(tables.t.heads.SD): unknown metric of this table 'SD'; known: EN",
            "(tables.t.decimals.SF): unknown metric of this table 'SF'; known: EN",
        ],
    ),
]


@pytest.mark.parametrize(("table", "told"), WRONG)
def test_a_mistake_in_a_table_is_told(
    wide: SmallProject, table: dict[str, Any], told: list[str]
) -> None:
    """Names that do not exist are reported first and alone, then all contradictions."""
    assert problems(wide, **table) == told


RIGHT: list[dict[str, Any]] = [
    {"suite": "s"},
    {"suite": "iv"},
    {"suite": "all"},
    {"methods": ["one"], "datasets": ["truth"], "metrics": ["PSNR-GT"]},
    {"suite": "s", "methods": ["one", "idle"]},
    {"suite": "all", "labels": {"focus": "F", "idle": "I"}},
    {"suite": "both", "layout": "stacked", "metrics": ["EN"]},
    {"suite": "s", "metrics": ["VIFF@cddfuse"], "heads": {"VIF@cddfuse": "V"}},
    {"suite": "s", "metrics": ["all@cddfuse"], "decimals": {"VIF@cddfuse": 1}},
    {"suite": "s", "datasets": ["truth"], "heads": {"SSIM-GT": "S"}},
    {"suite": "s", "methods": ["one", "two"], "labels": {"one": "Two", "two": "Three"}},
    {"suite": "s", "decimals": 2, "pairs": 3},
]


@pytest.mark.parametrize("table", RIGHT)
def test_what_is_right_in_a_table_is_silent(wide: SmallProject, table: dict[str, Any]) -> None:
    """Suites of a task, tables without a suite, later metric names and swapped labels are right."""
    assert problems(wide, **table) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("methods", ["won"], "(suites.s.methods.0): unknown method 'won'"),
        ("datasets", ["pears"], "(suites.s.datasets.0): unknown dataset 'pears'"),
        ("metrics", ["SSMI"], "(suites.s.metrics): unknown metric 'SSMI'"),
    ],
)
def test_mistakes_of_a_suite_are_told_once(
    wide: SmallProject, key: str, value: list[str], told: str
) -> None:
    """A name that does not exist is reported for the suite, and not for the tables that use it."""
    wide.config["suites"]["s"][key] = value
    wide.config["tables"] = {"t": {"suite": "s"}, "u": {"suite": "s", "metrics": ["EN"]}}
    [problem] = wide.problems()
    assert told in problem


def test_every_table_is_checked_on_its_own(wide: SmallProject) -> None:
    """A mistake in one table does not hide those of the next; each has its line."""
    wide.config["tables"] = {
        "t": {"suite": "s", "methods": ["won"]},
        "u": {"suite": "s", "methods": ["focus"]},
    }
    lines = wide.problems()
    text = (wide.root / "config" / "config.yaml").read_text().splitlines()
    places = [int(line.split(":")[1].partition(" ")[0]) for line in lines]
    assert [text[place - 1].strip() for place in places] == ["- won", "u:"]

"""Tables of papers: what their own fields say, and what they take from their suite."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from fusebench.contracts.configuration import TableEntry
from fusebench.errors import MetricError
from fusebench.metrics import default_metrics
from fusebench.registry.datasets import Dataset
from fusebench.registry.suites import Suite
from fusebench.registry.tables import (
    FIGURES,
    PaperTable,
    by_formula,
    formula_of,
    group_names,
    one_line,
    table_of,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.registry.small import dataset, method

METHODS = {name: method(name, label=name.upper()) for name in ("one", "two")} | {
    "focus": method("focus", tasks=["multi-focus", "medical"])
}
DATASETS = {
    "tno": dataset("tno"),
    "truth": dataset("truth", reference={"files": "gt/{name}.png"}),
    "lytro": dataset("lytro", task="multi-focus"),
}
SUITES = {
    "s": Suite("s", (METHODS["one"], METHODS["two"]), (DATASETS["tno"],), ("EN", "SSIM"), 3),
    "bare": Suite("bare", (METHODS["one"],), (DATASETS["tno"], DATASETS["lytro"]), ()),
}


def table(**fields: Any) -> PaperTable:
    """Return a table with these fields."""
    entry = msgspec.convert(fields, TableEntry)
    return table_of("t", entry, METHODS, DATASETS, SUITES)


def names(known: tuple[Any, ...]) -> list[str]:
    """Return the names of methods or datasets."""
    return [one.name for one in known]


def test_a_suite_completes_a_table() -> None:
    """The suite gives methods, datasets, metrics and digits that the table leaves out."""
    known = table(suite="s")
    assert (names(known.methods), names(known.datasets)) == (["one", "two"], ["tno"])
    assert known.metrics_for(DATASETS["tno"]) == ["EN", "SSIM"]
    assert known.decimals_for("EN") == 3 and known.groups.keys() == {""}


def test_a_table_needs_no_suite() -> None:
    """Such a table names methods and datasets itself.

    It has four digits and the metrics of the tasks.
    """
    known = table(methods=["two"], datasets=["lytro", "tno"])
    assert (known.suite, names(known.methods), names(known.datasets)) == (
        None,
        ["two"],
        ["lytro", "tno"],
    )
    assert known.decimals_for("EN") == 4
    for name in ("lytro", "tno"):
        assert known.metrics_for(DATASETS[name]) == default_metrics(DATASETS[name].task)


def test_own_fields_replace_those_of_the_suite_one_by_one() -> None:
    """A table with its own datasets keeps the suite's methods, and the other way round."""
    assert names(table(suite="s", datasets=["lytro"]).methods) == ["one", "two"]
    grouped = table(suite="s", groups={"Z": ["two"], "A": ["one", "focus"]})
    assert list(grouped.groups) == ["Z", "A"]
    assert (names(grouped.methods), names(grouped.datasets)) == (["two", "one", "focus"], ["tno"])


@pytest.mark.parametrize(
    ("fields", "columns", "figures", "title"),
    [
        ({}, ["model-seconds", "parameters"], list(FIGURES), "t"),
        ({"columns": [], "figures": [], "title": "A\n table"}, [], [], "A table"),
        ({"columns": ["flops", "year"], "figures": ["radar"]}, ["flops", "year"], ["radar"], "t"),
    ],
)
def test_columns_and_figures_have_defaults_unless_none_are_wanted(
    fields: dict[str, Any], columns: list[str], figures: list[str], title: str
) -> None:
    """An empty list asks for none; a missing list asks for the defaults."""
    known = table(suite="s", **fields)
    assert (known.columns, known.figures, known.title) == (columns, figures, title)


def test_methods_stand_where_their_task_is() -> None:
    """A method of two tasks stands in the blocks of both, in the order of the rows."""
    known = table(suite="s", groups={"G": ["focus", "one"]}, datasets=["tno", "lytro"])
    assert names(tuple(known.methods_for(DATASETS["tno"]))) == ["one"]
    assert names(tuple(known.methods_for(DATASETS["lytro"]))) == ["focus"]


def test_a_name_shown_is_the_table_s_or_the_entry_s() -> None:
    """The name is on one line, whatever the file holds."""
    known = table(suite="s", labels={"two": "The\n second"})
    assert [known.label(one) for one in known.methods] == ["ONE", "The second"]


@pytest.mark.parametrize(
    ("decimals", "shown"),
    [
        ({}, {"EN": 3, "SSIM": 3}),
        ({"decimals": 0}, {"EN": 0, "SSIM": 0}),
        ({"decimals": {"SSIM": 1}}, {"EN": 3, "SSIM": 1}),
        ({"decimals": {"SSIM": 0}}, {"EN": 3, "SSIM": 0}),
    ],
)
def test_digits_of_all_metrics_or_of_some(decimals: dict[str, Any], shown: dict[str, int]) -> None:
    """A number is for all metrics; metrics that are not named have the suite's digits.

    0 is a number of digits.
    """
    known = table(suite="s", **decimals)
    assert {metric: known.decimals_for(metric) for metric in ("EN", "SSIM")} == shown


def test_metrics_are_known_under_all_their_names() -> None:
    """A later name of an evaluator's column is the same formula; another evaluator's is not."""
    assert formula_of("VIF@cddfuse") == formula_of("VIFF@cddfuse")
    assert formula_of("SSIM") != formula_of("SSIM@cddfuse")
    of_all = by_formula({"all@cddfuse": 1, "VIF@cddfuse": 2})
    assert of_all[formula_of("VIFF@cddfuse")] == 2 and of_all[formula_of("SSIM@cddfuse")] == 1
    with pytest.raises(MetricError, match="unknown metric 'SSMI'"):
        formula_of("SSMI")


def test_heads_are_those_of_metrics_that_are_shown() -> None:
    """Heads are found by the id of the metric, and are on one line.

    A head of a metric that no dataset shows is left out.
    """
    known = table(
        suite="s", metrics=["VIFF@cddfuse", "EN"], heads={"VIF@cddfuse": "V\nI", "SD": "x"}
    )
    assert known.heads == {"VIFF@cddfuse": "V I"}


def test_metrics_against_a_ground_truth_are_shown_where_there_is_one() -> None:
    """A table of a suite shows what the suite measures on each dataset."""
    known = table(suite="s", datasets=["tno", "truth"])
    assert known.metrics_for(DATASETS["tno"]) == ["EN", "SSIM"]
    assert known.metrics_for(DATASETS["truth"]) == ["EN", "SSIM", "PSNR-GT", "SSIM-GT", "VIF-GT"]
    assert table(suite="s", metrics=["EN"]).metrics_for(DATASETS["truth"]) == ["EN"]


BOXES = [(0, 0, 4, 4)]


@pytest.mark.parametrize(
    ("fields", "tno", "lytro"),
    [
        ({}, 2, 2),
        ({"pairs": 5}, 5, 5),
        ({"pairs": {"tno": ["x", "y"]}}, ["x", "y"], 2),
        ({"crops": {"tno": {"z": BOXES}}}, ["z"], 2),
        ({"pairs": 5, "crops": {"tno": {"z": BOXES}}}, ["z"], 5),
        ({"pairs": {"tno": ["x"]}, "crops": {"tno": {"z": BOXES}}}, ["x"], 2),
        ({"pairs": {"tno": ["x"]}, "crops": {"lytro": {"z": BOXES}}}, ["x"], ["z"]),
    ],
)
def test_a_grid_shows_pairs_that_are_named_or_cropped_or_so_many(
    fields: dict[str, Any], tno: list[str] | int, lytro: list[str] | int
) -> None:
    """A grid shows named pairs, else those with crops, else a number of pairs."""
    known = table(suite="bare", **fields)
    assert (known.pairs_of("tno"), known.pairs_of("lytro")) == (tno, lytro)
    assert known.crops_of("tno") == fields.get("crops", {}).get("tno", {})


def test_names_of_groups_are_only_those_that_the_table_gives() -> None:
    """A plain list is a group without a heading; a table that gives neither has no names."""
    assert group_names(TableEntry(methods=["b", "a"])) == {"": ["b", "a"]}
    assert group_names(TableEntry(groups={"G": ["a"]})) == {"G": ["a"]}
    assert group_names(TableEntry(suite="s")) == {}


@given(st.text())
def test_a_shown_text_has_one_line(text: str) -> None:
    """No line break of any kind is left, and nothing but white space is changed."""
    shown = one_line(text)
    assert len(shown.splitlines()) <= 1
    assert "".join(shown.split()) == "".join(text.split())


def test_a_suite_says_what_is_measured_and_by_whom() -> None:
    """Cells are sorted by dataset, then by method.

    The task gives the metrics where the suite names none.
    """
    suite = Suite("x", tuple(METHODS.values()), (DATASETS["lytro"], DATASETS["tno"]), ())
    cells = [(one.name, known.name) for one, known in suite.cells()]
    assert cells == [("focus", "lytro"), ("one", "tno"), ("two", "tno")]
    assert suite.metrics_for(DATASETS["tno"]) == default_metrics("infrared-visible")
    own = Suite("y", (), (), ("SSIM-GT",))
    assert own.metrics_for(DATASETS["truth"]) == ["SSIM-GT"]


def test_a_suite_times_the_methods_of_each_task() -> None:
    """Every method is timed at the sizes of its own tasks.

    A suite that times nothing has no such cells.
    """
    speed = tuple(Dataset(f"speed-{size}", DATASETS["lytro"].entry) for size in ("s", "l"))
    suite = Suite("x", tuple(METHODS.values()), (), (), speed=speed)
    assert [(one.name, known.name) for one, known in suite.speed_cells()] == [
        ("focus", "speed-s"),
        ("focus", "speed-l"),
    ]
    assert list(SUITES["s"].speed_cells()) == []

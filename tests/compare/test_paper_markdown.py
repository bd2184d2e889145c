"""A paper's table in Markdown."""

from __future__ import annotations

from typing import Any

import pytest
from fusebench.compare.means import Mean
from fusebench.compare.paper_markdown import markdown
from msgspec.structs import replace

from tests.compare.made import on_cpu
from tests.compare.test_paper import RECORDS, SPEC, VALUES, table


def body(text: str) -> list[str]:
    """The lines of a table after its caption."""
    return text.partition("\n\n")[2].splitlines()


def test_the_whole_table_side_by_side() -> None:
    """Heads name dataset and metric, headings are rows, footnotes are below."""
    text = markdown(table(columns=["year"], years={"a": "2020"}))
    assert text.startswith("A title. Means over 2 pairs (D), 2 pairs (E). Best mean bold")
    assert body(text) == [
        "| method | year | D<br>EN ↑ | E<br>EN ↑ |",
        "| --- | ---: | ---: | ---: |",
        "| **Old** |  |  |  |",
        "| Alpha | 2020 | <u>1.0</u> | –<sup>a</sup> |",
        "| Beta | – | **2.0** | <u>3.0</u> |",
        "| **New** |  |  |  |",
        "| Gamma | – | –<sup>a</sup> | **4.0** |",
        "",
        "<sup>a</sup> not published for this task",
    ]


def test_the_whole_table_stacked() -> None:
    """Headings name dataset and group; the heads name the metric alone."""
    assert body(markdown(table(layout="stacked"))) == [
        "| method | EN ↑ |",
        "| --- | ---: |",
        "| **D (2 pairs) · Old** |  |",
        "| Alpha | <u>1.0</u> |",
        "| Beta | **2.0** |",
        "| **E (2 pairs) · Old** |  |",
        "| Beta | <u>3.0</u> |",
        "| **E (2 pairs) · New** |  |",
        "| Gamma | **4.0** |",
    ]


def test_a_table_of_one_dataset_does_not_repeat_its_title() -> None:
    """Only the caption has the title; without groups there are no headings."""
    shown = table(datasets=SPEC.datasets[:1], groups={"": ["a", "b"]})
    assert body(markdown(shown))[:3] == [
        "| method | EN ↑ |",
        "| --- | ---: |",
        "| Alpha | <u>1.0</u> |",
    ]


@pytest.mark.parametrize(
    ("mean", "changes", "shown"),
    [
        (Mean(1.0, 2, std=0.25), {"spread": "std"}, "<u>1.0</u> ± 0.2"),
        (Mean(1.0, 2, interval=(0.5, 2.5)), {"spread": "interval"}, "<u>1.0</u> ± 1.0"),
        (Mean(1.0, 2), {"spread": "std"}, "<u>1.0</u>"),
        (Mean(1.0, 1, "flat"), {}, "1.0<sup>a</sup>"),
        (Mean(None, 0, "flat"), {}, "–<sup>a</sup>"),
        (Mean(-1.0, 2), {"highlight": 0}, "-1.0"),
    ],
)
def test_how_a_mean_is_written(mean: Mean, changes: dict[str, Any], shown: str) -> None:
    """A mean has its mark, its spread with as many digits, and its footnote."""
    text = markdown(table(values={**VALUES, "d/a": mean}, **changes))
    (line,) = [line for line in body(text) if line.startswith("| Alpha")]
    assert line.split(" | ")[1] == shown


def test_the_third_is_in_italics() -> None:
    """The third is in italics, and the mark of a tie with the best follows the number."""
    methods = {"a": "Alpha", "b": "Beta", "c": "Gamma"}
    values = {"d/a": Mean(1.0, 2), "d/b": Mean(2.0, 2, tied=True), "d/c": Mean(3.0, 2)}
    records = [replace(RECORDS[0], method=method) for method in methods]
    datasets = [replace(SPEC.datasets[0], methods=list(methods))]
    text = markdown(table(records, values, datasets=datasets, highlight=3))
    assert [line for line in body(text) if " 1.0" in line or "*1.0" in line] == [
        "| Alpha | *1.0* |"
    ]
    assert "| Beta | <u>2.0</u> ≈ |" in text and "| Gamma | **3.0** |" in text


def test_texts_cannot_break_the_table() -> None:
    """Bars and stars in titles, labels, heads and reasons are shown as they are."""
    failed = replace(RECORDS[0], state="crashed", reason="a|b", images=[])
    text = markdown(
        table(
            [failed, *RECORDS[1:]],
            labels={**SPEC.labels, "a": "A|*"},
            heads={"EN": "E|N"},
            groups={"O|ld": ["a", "b"], "New": ["c"]},
        )
    )
    assert "| A\\|\\* | –<sup>a</sup> |" in text and "D<br>E\\|N ↑" in text
    assert "| **O\\|ld** |" in text and "<sup>a</sup> crashed: a\\|b" in text


def test_times_stand_behind_their_dataset() -> None:
    """They are under the title of their dataset, without an arrow."""
    records = [replace(one, **on_cpu(), model_seconds=0.5) for one in RECORDS]
    text = markdown(table(records, columns=["model-seconds"]))
    assert body(text)[0] == ("| method | D<br>EN ↑ | D<br>model s | E<br>EN ↑ | E<br>model s |")
    assert "| Beta | **2.0** | 0.500 | <u>3.0</u> | 0.500 |" in text

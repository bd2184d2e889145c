"""A table of a paper before it is written in any format."""

from __future__ import annotations

from typing import Any

import pytest
from fusebench.compare.contents import tabulate
from fusebench.compare.means import Mean, Means
from fusebench.compare.paper import (
    Column,
    PaperTable,
    caption,
    paper_table,
    undecided,
    unfinished,
)
from fusebench.contracts.records import Record
from fusebench.contracts.tables import PaperSpec, ShownDataset, TableSpec
from fusebench.metrics import resolve
from msgspec.structs import replace

from tests.compare.made import named, on_cpu, on_gpu, record

SPEC = PaperSpec(
    name="t",
    title="A title.",
    groups={"Old": ["a", "b"], "New": ["c"]},
    labels={"a": "Alpha", "b": "Beta", "c": "Gamma"},
    datasets=[
        ShownDataset(name="d", title="D", methods=["a", "b"], metrics=["EN"]),
        ShownDataset(name="e", title="E", methods=["b", "c"], metrics=["EN"]),
    ],
    decimals={"EN": 1},
)
RECORDS = [record("a", "d"), record("b", "d"), record("b", "e"), record("c", "e")]


def means(values: dict[str, Mean]) -> Means:
    """Means by ``dataset/method``, all of one metric."""
    found = {}
    for place, mean in values.items():
        dataset, method = place.split("/")
        found[dataset, method, *named("EN")] = mean
    return found


VALUES = {"d/a": Mean(1.0, 2), "d/b": Mean(2.0, 2), "e/b": Mean(3.0, 2), "e/c": Mean(4.0, 2)}


def table(
    records: list[Record] = RECORDS, values: dict[str, Mean] = VALUES, **changes: Any
) -> PaperTable:
    """The table of ``SPEC`` with some fields changed."""
    return paper_table(replace(SPEC, **changes), records, means(values))


def texts(shown: PaperTable) -> dict[str, list[str]]:
    """The texts of each method's entries, for a table that is not stacked."""
    return {
        line.method: [entry.text for entry in line.entries]
        for block in shown.blocks
        for line in block.lines
    }


def test_datasets_stand_side_by_side() -> None:
    """Each has its columns; a method not published for its task has a dash and a footnote."""
    shown = table()
    assert [(column.dataset, column.head) for column in shown.columns] == [("d", "EN"), ("e", "EN")]
    assert texts(shown) == {"a": ["1.0", "–"], "b": ["2.0", "3.0"], "c": ["–", "4.0"]}
    assert [(block.dataset, block.heading) for block in shown.blocks] == [("", "Old"), ("", "New")]
    assert shown.notes == {"a": "not published for this task"}


def test_datasets_stand_one_below_the_other() -> None:
    """Each is ranked on its own, in blocks of rows under its title and number of pairs."""
    shown = table(layout="stacked")
    assert [column.dataset for column in shown.columns] == [""]
    assert [(block.dataset, block.heading, len(block.lines)) for block in shown.blocks] == [
        ("D (2 pairs)", "Old", 2),
        ("E (2 pairs)", "Old", 1),
        ("E (2 pairs)", "New", 1),
    ]
    ranks = [entry.rank for block in shown.blocks for line in block.lines for entry in line.entries]
    assert ranks == [2, 1, 2, 1]


def test_columns_stand_where_they_belong() -> None:
    """Year and evidence come first, times after their dataset, parameters and FLOPs last."""
    shown = table(columns=["parameters", "seconds", "evidence", "model-seconds", "year", "flops"])
    assert [(column.dataset, column.cost or "EN") for column in shown.columns] == [
        *(("", "evidence"), ("", "year")),
        *(("d", "EN"), ("d", "seconds"), ("d", "model-seconds")),
        *(("e", "EN"), ("e", "seconds"), ("e", "model-seconds")),
        *(("", "parameters"), ("", "flops")),
    ]


def test_what_a_method_costs_is_known_from_the_first_dataset_that_says_it() -> None:
    """Beta's parameters come from its second dataset, because the first has none."""
    records = [record("b", "d"), record("b", "e", parameters=1000), record("c", "e", flops=5e9)]
    shown = texts(table(records, columns=["parameters", "flops"]))
    assert [cells[-2:] for cells in shown.values()] == [["–", "–"], ["1 k", "–"], ["–", "5 G"]]


def test_years_and_evidence_may_be_unknown() -> None:
    """An unknown year or evidence is a dash."""
    shown = texts(
        table(columns=["year", "evidence"], years={"a": "2020"}, evidence={"b": "t: exact"})
    )
    assert [cells[:2] for cells in shown.values()] == [["2020", "–"], ["–", "t: exact"], ["–", "–"]]


@pytest.mark.parametrize("highlight", [0, 1, 2, 3])
def test_as_many_ranks_are_marked_as_are_asked_for(highlight: int) -> None:
    """Lower ranks are not passed to any format."""
    methods = {"a": "Alpha", "b": "Beta", "c": "Gamma", "x": "X"}
    shown = table(
        [record(method, "d") for method in methods],
        {f"d/{method}": Mean(float(value), 2) for value, method in enumerate(methods)},
        groups={"": list(methods)},
        labels=methods,
        datasets=[replace(SPEC.datasets[0], methods=list(methods))],
        highlight=highlight,
    )
    ranks = [line.entries[0].rank for block in shown.blocks for line in block.lines]
    assert ranks == [rank if rank <= highlight else None for rank in (4, 3, 2, 1)]


def test_a_footnote_is_told_once() -> None:
    """The same state and reason share one letter, in the order of rows; a reason is one line."""
    failed = {"state": "crashed", "reason": "exit\n  status 1"}
    records = [replace(one, **failed, images=[]) for one in RECORDS[:3]]
    shown = table([*records, record("c", "e", state="timeout", reason="")])
    notes = [
        [entry.note for entry in line.entries] for block in shown.blocks for line in block.lines
    ]
    assert notes == [["a", "b"], ["a", "a"], ["b", "c"]]
    assert shown.notes == {
        "a": "crashed: exit status 1",
        "b": "not published for this task",
        "c": "timeout: no reason was recorded",
    }


def test_times_of_one_device_have_no_footnote() -> None:
    """One device is named in the caption; of several, each time has a footnote, but no dash."""
    one = [replace(RECORDS[0], **on_cpu(), model_seconds=0.5), *RECORDS[1:]]
    shown = table(one, columns=["model-seconds"])
    assert "of the model alone, on Xeon (2 threads)." in caption(shown)
    assert shown.notes == {"a": "not published for this task"}
    two = [one[0], replace(RECORDS[1], **on_gpu(), model_seconds=0.25), *RECORDS[2:]]
    shown = table(two, columns=["model-seconds"])
    assert list(shown.notes.values()) == [
        "on Xeon (2 threads)",
        "not published for this task",
        "on H100",
    ]
    assert "times of different devices cannot be compared" in caption(shown)


def part(values: dict[str, Mean]) -> Any:
    """One dataset with the two methods of a suite."""
    spec = TableSpec(
        suite="s", dataset="d", title="D", methods={"a": "A", "b": "B"}, metrics=["EN"], decimals=1
    )
    return tabulate(spec, RECORDS, means(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"d/a": Mean(1.0, 2, tied=True), "d/b": Mean(2.0, 2)}, True),
        ({"d/a": Mean(1.0, 2), "d/b": Mean(2.0, 2)}, False),
        ({"d/a": Mean(2.0, 2), "d/b": Mean(2.0, 2)}, False),
        ({"d/a": Mean(2.0, 2, tied=True), "d/b": Mean(2.0, 2)}, True),
        ({"d/a": Mean(1.0, 1, tied=True), "d/b": Mean(2.0, 2)}, False),
        ({}, False),
    ],
)
def test_a_dataset_is_undecided_where_every_other_method_is_tied(
    values: dict[str, Mean], expected: bool
) -> None:
    """Only ranked cells count; a dataset without any tie or any value is not undecided."""
    assert undecided(part(values)) is expected


def test_marks_of_an_undecided_dataset_are_left_out() -> None:
    """Undecided datasets have no marks and are named in the caption, unless ties are off."""
    tied = {**VALUES, "d/a": Mean(1.0, 2, tied=True), "e/b": Mean(3.0, 2, tied=True)}
    shown = table(values=tied)
    assert not shown.has_ties
    told = "With the 2 pairs of D or the 2 pairs of E, no method is told"
    assert told in caption(shown)
    small = "Too few pairs for this test of 2 methods, which needs 6: D (2), E (2)."
    assert small in caption(shown)
    quiet = table(values=tied, ties=False)
    assert not quiet.has_ties and "≈" not in caption(quiet)


def test_enough_pairs_have_the_words_they_had() -> None:
    """Six pairs are enough for two methods: nothing is said about the size of the set."""
    values = {"d/a": Mean(1.0, 6, tied=True), "d/b": Mean(2.0, 6)}
    shown = table(RECORDS[:2], values, datasets=[replace(SPEC.datasets[0], pairs=6)])
    assert "With the 6 pairs of D, no method is told" in caption(shown)
    assert "Too few" not in caption(shown)


def test_unfinished_methods_are_named_by_their_first_state() -> None:
    """They come in the order of the rows; a result on one dataset is enough to be finished."""
    records = [
        record("a", "d", state="timeout", reason="x"),
        record("b", "d", state="crashed", reason="x"),
        record("b", "e"),
        record("c", "e", state="skipped", reason="x"),
    ]
    shown = table(records, unfinished="caption")
    assert unfinished(shown.spec, shown.parts) == {"a": "timeout", "c": "skipped"}
    told = "Without a result, hence not shown: Alpha (timeout); Gamma (skipped)."
    assert told in caption(shown)
    assert [block.heading for block in shown.blocks] == ["Old"]
    assert unfinished(SPEC, shown.parts) == {}


def test_methods_of_one_state_are_named_together() -> None:
    """Their common state follows their names once."""
    records = [
        record("a", "d", state="timeout", reason="x"),
        *RECORDS[1:3],
        record("c", "e", state="timeout", reason="y"),
    ]
    told = "not shown: Alpha, Gamma (timeout)."
    assert told in caption(table(records, unfinished="caption"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "A title. Means over 2 pairs (D), 2 pairs (E)."),
        ({"layout": "stacked"}, "A title. Means over the pairs of each dataset."),
        ({"highlight": 1}, "Best mean bold, ranked on the printed digits;"),
        ({"highlight": 3}, "Best mean bold, second underlined, third in italics, ranked"),
        ({"spread": "std"}, "± is the standard deviation over the pairs."),
        ({"spread": "interval"}, "± is half the width of the 95 % bootstrap interval."),
        ({"columns": ["seconds"]}, "Seconds per image in total, reading and writing included."),
        (
            {"columns": ["seconds", "model-seconds"]},
            "Seconds per image of the model alone and in total, reading and writing included.",
        ),
    ],
)
def test_the_caption_says_how_to_read_the_table(changes: dict[str, Any], sentence: str) -> None:
    """Everything that is shown is explained by a sentence."""
    assert sentence in caption(table(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"highlight": 0}, "bold"),
        ({}, "±"),
        ({"columns": ["year"]}, "Seconds"),
        ({"columns": ["seconds"]}, "FLOPs"),
        ({}, "Without a result"),
    ],
)
def test_the_caption_says_nothing_of_what_is_not_shown(changes: dict[str, Any], words: str) -> None:
    """What is not shown has no sentence."""
    assert words not in caption(table(**changes))


@pytest.mark.parametrize(
    ("metric", "head", "parts"),
    [
        ("SSIM", "SSIM", ("SSIM", "")),
        ("VIFF@cddfuse", "VIFF@cddfuse", ("VIFF", "cddfuse")),
        ("SSIM@cddfuse", "S@c", ("S@c", "")),
    ],
)
def test_a_head_is_parted_only_where_it_is_the_metrics(
    metric: str, head: str, parts: tuple[str, str]
) -> None:
    """Only a metric's own head is split at ``@``; a head of the user stays as written."""
    (definition,) = resolve([metric])
    assert Column("d", definition, "", head).name_and_definition == parts


def test_a_cost_is_never_parted() -> None:
    """The head of a cost is a fixed word without a second part."""
    assert Column("", None, "year", "year").name_and_definition == ("year", "")


def test_two_datasets_of_one_title_are_told_once() -> None:
    """The caption names datasets with the same title and number of pairs once."""
    same = [replace(dataset, title="D") for dataset in SPEC.datasets]
    assert "Means over 2 pairs (D)." in caption(table(datasets=same))

"""The inputs of figures: names, ranks, matrices, and the methods that are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.figures.contents import Inputs, definitions_of, head_of
from fusebench.figures.style import COLOURS, DASHES, MARKERS, looks, message, selection
from fusebench.metrics import resolve
from msgspec.structs import replace

from tests.compare.made import long
from tests.figures.made import METRICS, Values, figure_spec, inputs_of, ordered, texts

METHODS = ("c", "a", "b")
"""Methods in the order of the table; ``ordered`` makes the first the best."""


@pytest.mark.parametrize(
    ("metric", "heads", "shown"),
    [
        ("EN", {}, "EN ↑"),
        ("Q_CV", {}, "Q_CV ↓"),
        ("QSF", {}, "QSF"),
        ("VIFF@cddfuse", {}, "VIFF (cddfuse) ↑"),
        ("VIFF@cddfuse", {"VIFF@cddfuse": "V@x"}, "V@x ↑"),
        ("EN", {"SD": "other"}, "EN ↑"),
    ],
)
def test_a_metric_is_named_with_its_direction(
    metric: str, heads: dict[str, str], shown: str
) -> None:
    """Its definition is in brackets, unless the table has its own head for it."""
    (definition,) = resolve([metric])
    assert head_of(figure_spec("ranks", METHODS, heads=heads), definition) == shown


def test_the_dataset_that_is_drawn_decides_the_metrics() -> None:
    """Another dataset of the table may have other metrics."""
    spec = figure_spec("boxes", METHODS, datasets=("d", "e"), dataset="e")
    spec = replace(spec, datasets=[spec.datasets[0], replace(spec.datasets[1], metrics=["SSIM"])])
    assert spec.shown.title == "Set e"
    assert [definition.id for definition in definitions_of(spec)] == ["SSIM"]


def test_ranks_are_of_the_best_method_first(tmp_path: Path) -> None:
    """Each dataset and metric has a column; a figure of one dataset has only its columns."""
    spec = figure_spec("ranks", METHODS, datasets=("d", "e"), dataset="")
    inputs = inputs_of(tmp_path, spec, d=ordered("abc"), e=ordered("acb"))
    ranks = inputs.ranks(spec)
    assert list(ranks.index) == ["a", "b", "c"]
    assert [*ranks.columns.to_frame().itertuples(index=False, name=None)] == [
        (dataset, m) for dataset in "de" for m in METRICS
    ]
    alone = inputs.ranks(replace(spec, dataset="e"))
    assert list(alone.index) == ["a", "c", "b"] and alone.shape == (3, len(METRICS))
    assert alone.T["c"].tolist() == [2.0] * len(METRICS)


def test_only_methods_of_the_table_are_ranked(tmp_path: Path) -> None:
    """Statistics may have more methods.

    A method without any rank on the dataset is left out.
    """
    spec = figure_spec("ranks", METHODS, datasets=("d", "e"))
    inputs = inputs_of(tmp_path, spec, d=ordered("ab"), e=ordered("abc"))
    assert list(inputs.ranks(spec).index) == ["a", "b"]
    assert list(inputs.ranks(replace(spec, labels={"b": "B"})).index) == ["b"]


def test_names_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    """Methods and datasets may be called ``01`` or ``NA``."""
    spec = figure_spec("ranks", ("01", "NA"), datasets=("02",), dataset="02")
    inputs = inputs_of(tmp_path, spec, **{"02": ordered(("NA", "01"))})
    assert list(inputs.ranks(spec).index) == ["NA", "01"]
    assert set(inputs.summary["method"]) == {"01", "NA"}
    assert set(inputs.summary["dataset"]) == {"02"}


@pytest.mark.parametrize(
    ("able", "most", "drawn"),
    [
        ("abc", 3, ["c", "a", "b"]),
        ("abc", 2, ["a", "b"]),
        ("abc", 1, ["a"]),
        ("bc", 1, ["b"]),
        ("abcx", 9, ["c", "a", "b", "x"]),
        ("cx", 1, ["c"]),
        ("", 3, []),
    ],
)
def test_the_leading_methods_are_drawn_in_the_order_of_the_table(
    tmp_path: Path, able: str, most: int, drawn: list[str]
) -> None:
    """They have the best mean rank of those that can be drawn; one without a rank comes last."""
    spec = figure_spec("boxes", (*METHODS, "x"))
    inputs = inputs_of(tmp_path, spec, d=ordered("abc"))
    assert inputs.leading(spec, able, most) == drawn


def test_matrices_leave_out_what_is_incomplete(tmp_path: Path) -> None:
    """A method that lacks a value is left out, and so is a metric without any method."""
    spec = figure_spec("boxes", "ab")
    values: Values = {
        "a": {"EN": [1.0, 2.0], "SD": [1.0, None]},
        "b": {"EN": [3.0, None], "SD": [None, None]},
    }
    matrices = inputs_of(tmp_path, spec, d=values).matrices(spec)
    assert list(matrices) == ["EN"] and matrices["EN"].to_dict("list") == {"a": [1.0, 2.0]}


def test_files_are_read_once_and_when_they_are_asked_for(tmp_path: Path) -> None:
    """A figure that needs no values reads none."""
    inputs = Inputs(tmp_path, tmp_path / "statistics", [tmp_path / "d.csv"])
    with pytest.raises(FileNotFoundError):
        inputs.values  # noqa: B018
    long({("a", "EN"): [1.0]}).to_csv(tmp_path / "d.csv", index=False)
    assert inputs.values is inputs.values and len(inputs.values) == 1


@pytest.mark.parametrize(
    ("drawn", "able", "said"),
    [
        (3, 3, ""),
        (2, 3, "2 of 3 methods, those with the best mean rank"),
        (0, 0, ""),
    ],
)
def test_a_selection_is_told(drawn: int, able: int, said: str) -> None:
    """There is no note where all methods are drawn."""
    assert selection(drawn, able) == said


def test_looks_repeat_only_after_all_of_them() -> None:
    """Colours and markers change with each name, lines when all colours are used."""
    found = list(looks([str(number) for number in range(len(COLOURS) * len(DASHES))]).values())
    assert [look["color"] for look in found[: len(COLOURS)]] == list(COLOURS)
    assert [look["marker"] for look in found[: len(MARKERS)]] == list(MARKERS)
    assert {look["linestyle"] for look in found[: len(COLOURS)]} == {"-"}
    assert len({str(look) for look in found}) == len(found)


def test_a_message_is_a_figure() -> None:
    """The figure holds the sentence and nothing else."""
    figure = message("nothing to draw")
    assert texts(figure) == ["nothing to draw"] and not figure.axes

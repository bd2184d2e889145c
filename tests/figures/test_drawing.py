"""What each kind of figure draws, and the data that it returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fusebench.contracts.files import write_stored
from fusebench.contracts.tables import CellList
from fusebench.figures import (
    boxes,
    correlation,
    critical_difference,
    curves,
    quality_speed,
    radar,
    ranks,
)
from fusebench.figures.files import write_figure
from fusebench.layout import record_path
from fusebench.statistics.significance import critical_difference as difference_of
from msgspec.structs import replace

from tests.compare.made import on_cpu, on_gpu, record
from tests.figures.made import METRICS, draw, figure_spec, inputs_of, ordered, texts


def test_boxes_are_at_the_place_of_their_method(tmp_path: Path) -> None:
    """A method that lacks a metric leaves a gap; names are written below the panels once."""
    spec = figure_spec("boxes", "abc")
    values = {**ordered("abc"), "b": {**ordered("abc")["b"], "SD": [1.0, None] * 3}}
    figure, data = draw(boxes, (spec, inputs_of(tmp_path, spec, d=values)))
    panels = figure.axes[: len(METRICS)]
    assert [panel.get_title() for panel in panels] == ["EN ↑", "SD ↑", "Q_CV ↓"]
    middles = [
        [round(box.get_path().vertices[:4, 0].mean()) for box in panel.patches] for panel in panels
    ]
    assert middles == [[0, 1, 2], [0, 2], [0, 1, 2]]
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["A", "B", "C"]
    assert data.columns.tolist()[:3] == ["metric", "method", "count"]
    assert data[["metric", "method"]].to_numpy().tolist() == [
        *(["EN", m] for m in "abc"),
        *(["SD", m] for m in "ac"),
        *(["Q_CV", m] for m in "abc"),
    ]


def test_the_quartiles_are_those_of_the_values(tmp_path: Path) -> None:
    """The table has median, quartiles and ends over the pairs."""
    spec = figure_spec("boxes", "a", ["EN"])
    inputs = inputs_of(tmp_path, spec, d={"a": {"EN": [5.0, 1.0, 4.0, 2.0, 3.0]}})
    _, data = draw(boxes, (spec, inputs))
    assert data[["min", "25%", "50%", "75%", "max"]].iloc[0].tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("count", "wide"), [(1, False), (2, False), (3, True), (5, True)])
def test_many_panels_take_both_columns_of_a_page(tmp_path: Path, count: int, wide: bool) -> None:
    """Four panels are side by side; places without a panel are empty."""
    metrics = ["EN", "SD", "SF", "AG", "MI"][:count]
    values = {m: {metric: [float(p) for p in range(6)] for metric in metrics} for m in "ab"}
    spec = figure_spec("boxes", "ab", metrics)
    for module in (boxes, curves):
        figure, _ = draw(module, (spec, inputs_of(tmp_path, spec, d=values)))
        assert bool(figure.get_size_inches()[0] > 4) is wide
        shown = [axes for axes in figure.axes if axes.axison]
        assert len(shown) == count


def test_curves_rise_over_the_share_of_the_pairs(tmp_path: Path) -> None:
    """The values of each method are sorted separately; the data are those of the drawing."""
    spec = figure_spec("curves", "ab", ["EN"])
    inputs = inputs_of(tmp_path, spec, d={"a": {"EN": [3.0, 1.0]}, "b": {"EN": [2.0, 4.0]}})
    figure, data = draw(curves, (spec, inputs))
    drawn = {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}
    assert drawn == {"A": [[0.25, 1.0], [0.75, 3.0]], "B": [[0.25, 2.0], [0.75, 4.0]]}
    assert data[["a", "b"]].to_numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert data["metric"].tolist() == ["EN", "EN"]


def test_the_axis_is_named_below_the_lowest_panels(tmp_path: Path) -> None:
    """Of five panels, the four without a panel below them have an axis title."""
    metrics = ["EN", "SD", "SF", "AG", "MI"]
    spec = figure_spec("curves", "a", metrics)
    values = {"a": {metric: [1.0, 2.0] for metric in metrics}}
    figure, _ = draw(curves, (spec, inputs_of(tmp_path, spec, d=values)))
    assert [panel.get_xlabel() for panel in figure.axes[:5]] == ["", *["share of pairs"] * 4]


def test_many_curves_are_of_the_leading_methods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The legend gives the number of all methods; the data have all of them."""
    monkeypatch.setattr(curves, "MOST_METHODS", 2)
    spec = figure_spec("curves", "cab")
    figure, data = draw(curves, (spec, inputs_of(tmp_path, spec, d=ordered("abc"))))
    assert [line.get_label() for line in figure.axes[0].lines] == ["A", "B"]
    title = figure.legends[0].get_title().get_text()
    assert title == "2 of 3 methods, those with the best mean rank"
    assert {"a", "b", "c"} <= set(data)


def test_ranks_stand_in_their_cells(tmp_path: Path) -> None:
    """Rows go from best to worst mean rank, and the mean rank is the first column.

    Titles are over their columns.
    """
    spec = figure_spec("ranks", "cab", datasets=("d", "e"), dataset="")
    inputs = inputs_of(tmp_path, spec, d=ordered("abc"), e=ordered("bac"))
    figure, data = draw(ranks, (spec, inputs))
    (panel,) = figure.axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["A", "B", "C"]
    heads = [label.get_text() for label in panel.get_xticklabels()]
    assert heads == ["mean rank", *METRICS, *METRICS]
    cells = panel.images[0].get_array()
    assert cells[0].tolist() == [1.5, 1, 1, 1, 2, 2, 2] and cells[2].tolist() == [3.0] * 7
    titles = {text.get_text(): text.get_position()[0] for text in panel.texts}
    assert (titles["Set d"], titles["Set e"]) == (2, 5)
    assert data[["dataset", "metric"]].to_numpy().tolist() == [
        [d, m] for d in "de" for m in METRICS
    ]
    assert data["c"].tolist() == [3.0] * 6


def test_a_method_of_one_dataset_has_empty_cells_on_the_other(tmp_path: Path) -> None:
    """There is no number in an empty cell."""
    spec = figure_spec("ranks", "abc", datasets=("d", "e"), dataset="")
    inputs = inputs_of(tmp_path, spec, d=ordered("abc"), e=ordered("ab"))
    figure, _ = draw(ranks, (spec, inputs))
    numbers = [text for text in texts(figure) if text.replace(".", "").isdigit()]
    assert len(numbers) == 3 * (1 + 2 * len(METRICS)) - len(METRICS)


def test_ranks_of_many_columns_have_no_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers would not fit in the cells; the data still have them."""
    monkeypatch.setattr(ranks, "MOST_NUMBERS", 3)
    spec = figure_spec("ranks", "ab", dataset="")
    figure, data = draw(ranks, (spec, inputs_of(tmp_path, spec, d=ordered("ab"))))
    assert not [text for text in texts(figure) if text.replace(".", "").isdigit()]
    assert data["a"].tolist() == [1.0] * 3


def test_a_radar_is_scaled_over_all_methods(tmp_path: Path) -> None:
    """0 is the worst and 1 the best; a method that lacks a metric is left out."""
    spec = figure_spec("radar", "abcx")
    values = {**ordered("abc"), "x": {"EN": [99.0] * 6, "SD": [99.0] * 6, "Q_CV": [1.0] * 5}}
    figure, data = draw(radar, (spec, inputs_of(tmp_path, spec, d=values)))
    assert data["method"].tolist() == ["a", "b", "c"]
    assert data[list(METRICS)].to_numpy().tolist() == [[1.0] * 3, [0.5] * 3, [0.0] * 3]
    assert [line.get_label() for line in figure.axes[0].lines] == ["A", "B", "C"]
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [4, 4, 4]


def test_two_methods_of_three_metrics_make_a_radar(tmp_path: Path) -> None:
    """The angles between axes are equal, and each line is closed."""
    spec = figure_spec("radar", "ab")
    figure, _ = draw(radar, (spec, inputs_of(tmp_path, spec, d=ordered("ab"))))
    third = 2 * np.pi / 3
    for line in figure.axes[0].lines:
        assert line.get_xdata() == pytest.approx([0, third, 2 * third, 0])


def test_equal_means_are_all_the_worst(tmp_path: Path) -> None:
    """A metric that does not vary has no best method, and there is no division by zero."""
    spec = figure_spec("radar", "ab")
    values = {m: {metric: [1.0, 2.0] for metric in METRICS} for m in "ab"}
    scaled = radar.scaled_means(spec, inputs_of(tmp_path, spec, d=values))
    assert scaled.to_numpy().tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize(
    ("methods", "metrics"), [("a", METRICS), ("ab", METRICS[:2]), ("ab", ("EN", "SD", "QSF"))]
)
def test_a_radar_needs_three_metrics_of_two_methods(
    tmp_path: Path, methods: str, metrics: tuple[str, ...]
) -> None:
    """A metric without direction has no best value, and does not count."""
    spec = figure_spec("radar", methods, metrics)
    values = {m: {metric: [1.0, 2.0 + p] for metric in metrics} for p, m in enumerate(methods)}
    figure, _ = draw(radar, (spec, inputs_of(tmp_path, spec, d=values)))
    assert texts(figure) == ["a radar needs three metrics of two methods"]


def test_correlations_are_drawn_with_their_numbers(tmp_path: Path) -> None:
    """Numbers have one digit and no negative zero; a missing correlation has no number."""
    spec = figure_spec("correlation", "ab", dataset="", heads={"EN": "Entropy"})
    table = pd.DataFrame(
        [[1.0, -0.04, np.nan], [-0.04, 1.0, -0.96], [np.nan, -0.96, 1.0]],
        index=pd.Index(METRICS, name="metric"),
        columns=list(METRICS),
    )
    inputs = inputs_of(tmp_path, spec, d=ordered("ab"))
    table.to_csv(inputs.statistics / "correlation.csv")
    figure, data = draw(correlation, (spec, inputs))
    panel, bar = figure.axes
    heads = ["Entropy", "SD", "Q_CV"]
    assert [label.get_text() for label in panel.get_xticklabels()] == heads
    numbers = [text.get_text() for text in panel.texts]
    assert numbers == ["1.0", "0.0", "0.0", "1.0", "-1.0", "-1.0", "1.0"]
    assert bar.get_ylabel().startswith("Spearman's correlation")
    assert data.columns.tolist() == ["metric", *METRICS] and len(data) == 3


@pytest.mark.parametrize(("methods", "metrics"), [("ab", ("EN",)), ("a", METRICS)])
def test_correlations_need_two_metrics_that_vary(
    tmp_path: Path, methods: str, metrics: tuple[str, ...]
) -> None:
    """A single method has the same rank in all metrics."""
    spec = figure_spec("correlation", methods, metrics, dataset="")
    values = {m: {metric: [1.0, 2.0] for metric in metrics} for m in methods}
    figure, _ = draw(correlation, (spec, inputs_of(tmp_path, spec, d=values)))
    assert texts(figure) == ["fewer than two metrics vary over methods"]


def test_a_diagram_ranks_methods_on_each_pair(tmp_path: Path) -> None:
    """Methods are ranked by their mean rank over the metrics, on the pairs of all datasets.

    The title names the test.
    """
    spec = figure_spec("critical-difference", "abc", datasets=("d", "e"), dataset="")
    inputs = inputs_of(tmp_path, spec, d=ordered("abc", 4), e=ordered("bac", 2))
    figure, data = draw(critical_difference, (spec, inputs))
    assert data[["a", "b", "c"]].to_numpy().tolist() == [[1, 2, 3]] * 4 + [[2, 1, 3]] * 2
    assert data["dataset"].tolist() == ["d"] * 4 + ["e"] * 2
    title = figure.axes[0].get_title()
    assert title == (
        "Mean rank among 3 methods over 6 pairs, critical difference"
        f" {difference_of(3, 6):.2f} (Nemenyi, 5 %)"
    )
    assert any("A 1.33" in text for text in texts(figure))


def test_a_diagram_leaves_out_methods_of_some_datasets(tmp_path: Path) -> None:
    """The title says how many are left out; fewer than three methods give only a sentence."""
    spec = figure_spec("critical-difference", "abcd", datasets=("d", "e"), dataset="")
    inputs = inputs_of(tmp_path, spec, d=ordered("abcd"), e=ordered("abc"))
    figure, data = draw(critical_difference, (spec, inputs))
    assert "1 of the table's methods left out: values missing" in figure.axes[0].get_title()
    assert "d" not in data
    inputs = inputs_of(tmp_path, spec, d=ordered("abcd"), e=ordered("ab"))
    figure, data = draw(critical_difference, (spec, inputs))
    assert "needs three methods" in texts(figure)[0] and list(data) == ["a", "b"]


def test_a_dataset_without_values_hides_no_other(tmp_path: Path) -> None:
    """A dataset that could not be prepared has no pairs, and so nothing to compare."""
    spec = figure_spec("critical-difference", "abc", datasets=("d", "gone"), dataset="")
    figure, data = draw(critical_difference, (spec, inputs_of(tmp_path, spec, d=ordered("abc"))))
    assert len(data) == 6 and "over 6 pairs" in figure.axes[0].get_title()
    empty = inputs_of(tmp_path, spec, d={})
    figure, data = draw(critical_difference, (spec, empty))
    assert data.empty and "needs three methods" in texts(figure)[0]


def timed(folder: Path, **fields: dict[str, Any]) -> CellList:
    """Write the records of methods on the dataset, and return their cells."""
    for method, more in fields.items():
        write_stored(folder / record_path(method, "d"), record(method, "d", **more))
    return CellList(runs={"d": list(fields)}, skipped=[])


def test_speed_is_that_of_the_model_where_it_is_known(tmp_path: Path) -> None:
    """Otherwise it is that of the whole run.

    A method without any time, or without ranks, is not drawn.
    """
    cells = timed(
        tmp_path,
        a={**on_cpu(), "model_seconds": 0.1, "seconds_per_image": 0.5, "parameters": 1000},
        b={**on_cpu(), "seconds_per_image": 0.2},
        c={**on_cpu()},
        x={**on_cpu(), "model_seconds": 0.1},
    )
    spec = figure_spec("quality-speed", "abcx", cells=cells)
    inputs = inputs_of(tmp_path, spec, d=ordered("abc"))
    figure, data = draw(quality_speed, (spec, inputs))
    columns = ["method", "mean_rank", "seconds", "parameters", "device"]
    assert data.columns.tolist() == columns
    assert data[columns[:3]].to_numpy().tolist() == [["a", 1.0, 0.1], ["b", 2.0, 0.2]]
    points = [tuple(dots.get_offsets()[0]) for dots in figure.axes[0].collections]
    assert points == [(0.1, 1.0), (0.2, 2.0)]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A", "B"]


def test_a_larger_method_has_a_larger_point(tmp_path: Path) -> None:
    """Areas grow with the logarithm of the parameters; the best rank is on top."""
    sizes = {"a": 100, "b": 10_000, "c": 1_000}
    cells = timed(
        tmp_path,
        **{
            m: {**on_gpu(), "model_seconds": 0.01 * n, "parameters": size}
            for n, (m, size) in enumerate(sizes.items(), 1)
        },
    )
    spec = figure_spec("quality-speed", "abc", cells=cells)
    figure, _ = draw(quality_speed, (spec, inputs_of(tmp_path, spec, d=ordered("abc"))))
    (panel,) = figure.axes
    areas = [dots.get_sizes()[0] for dots in panel.collections]
    smallest, greatest = quality_speed.AREA
    assert areas == pytest.approx([smallest, greatest, (smallest + greatest) / 2])
    assert panel.yaxis_inverted() and panel.get_xscale() == "log"


def test_a_method_of_unknown_size_has_the_smallest_point(tmp_path: Path) -> None:
    """Its point is as small as that of a method without parameters."""
    cells = timed(
        tmp_path,
        a={**on_cpu(), "model_seconds": 0.1, "parameters": 1000},
        b={**on_cpu(), "model_seconds": 0.1},
    )
    spec = figure_spec("quality-speed", "ab", cells=cells)
    figure, _ = draw(quality_speed, (spec, inputs_of(tmp_path, spec, d=ordered("ab"))))
    areas = [dots.get_sizes()[0] for dots in figure.axes[0].collections]
    assert areas == pytest.approx(quality_speed.AREA[::-1])


def test_times_are_those_on_the_dataset_that_is_drawn(tmp_path: Path) -> None:
    """The inputs hold all cells of the table."""
    cells = timed(tmp_path, a={**on_cpu(), "model_seconds": 0.1})
    elsewhere = record("a", "e", **on_gpu(), model_seconds=9.0)
    write_stored(tmp_path / record_path("a", "e"), elsewhere)
    both = CellList(runs={**cells.runs, "e": ["a"]}, skipped=[])
    spec = figure_spec("quality-speed", "ab", cells=both)
    _, data = draw(quality_speed, (spec, inputs_of(tmp_path, spec, d=ordered("ab"))))
    assert data[["seconds", "device"]].to_numpy().tolist() == [[0.1, "Xeon"]]


def test_without_times_there_is_nothing_to_compare(tmp_path: Path) -> None:
    """The data still have a header."""
    spec = figure_spec("quality-speed", "ab", cells=timed(tmp_path, a={}, b={}))
    figure, data = draw(quality_speed, (spec, inputs_of(tmp_path, spec, d=ordered("ab"))))
    assert texts(figure) == ["no method has both ranks and seconds"]
    assert data.empty and "mean_rank" in data


def test_a_figure_is_written_with_its_data(tmp_path: Path) -> None:
    """All files have one name.

    Data without columns are an empty file, which no reader takes for a table.
    """
    spec = figure_spec("ranks", "ab", dataset="")
    inputs = inputs_of(tmp_path, spec, d=ordered("ab"))
    write_figure(tmp_path / "out.pdf", spec, inputs)
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out.csv").read_text() == (
        "dataset,metric,a,b\nd,EN,1.0,2.0\nd,SD,1.0,2.0\nd,Q_CV,1.0,2.0\n"
    )
    nothing = inputs_of(tmp_path, spec, d={})
    write_figure(tmp_path / "none.pdf", replace(spec, kind="boxes", dataset="d"), nothing)
    assert (tmp_path / "none.csv").read_text() == "\n"

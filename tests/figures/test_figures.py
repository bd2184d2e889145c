"""Every kind of figure is drawn from results, names what is missing, and matches its data."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from fusebench.contracts.files import as_parameter, from_parameter, read_stored, write_stored
from fusebench.contracts.jobs.papers import FigureJob, StatisticsJob
from fusebench.contracts.records import Record
from fusebench.contracts.tables import CellList, FigureSpec
from fusebench.figures import (
    boxes,
    correlation,
    critical_difference,
    curves,
    grid,
    quality_speed,
    radar,
    ranks,
)
from fusebench.figures.contents import Inputs, head_of
from fusebench.figures.files import write_figure
from fusebench.figures.style import looks
from fusebench.metrics import resolve
from fusebench.planning.plan import make_plan
from fusebench.registry.tables import FIGURES
from fusebench.statistics.files import write_statistics
from fusebench.statistics.significance import critical_difference as cd
from matplotlib.axes import Axes
from msgspec.structs import replace as changed

from tests.compare.made import on_cpu, on_gpu
from tests.fake_results import METRICS, TABLE, FakeResults
from tests.figures.made import draw, texts

Read = Callable[[str], tuple[FigureSpec, Inputs]]


def read(root: Path) -> Read:
    """Analyse a project's table; return a function that reads the inputs of one of its figures."""
    from fusebench.compare import read_measures

    plan = make_plan(root, {})
    papers, jobs = plan.papers, plan.paper_jobs
    measures = [root / path for path in papers.measures(TABLE)]
    statistics = root / "results" / "statistics" / TABLE
    job = from_parameter(jobs.statistics(TABLE), StatisticsJob)
    write_statistics(statistics, read_measures(measures), job.metrics)

    def of(figure: str) -> tuple[FigureSpec, Inputs]:
        spec = from_parameter(jobs.figure(TABLE, figure), FigureJob).figure
        drawn_from = [root / path for path in papers.figure_measures(TABLE, figure)]
        return spec, Inputs(root, statistics, drawn_from)

    return of


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Five methods, one of them failed, on two datasets of eight pairs."""
    return read(FakeResults(tmp_path_factory.mktemp("figures")).write().root)


def of_metrics(spec: FigureSpec, names: list[str]) -> FigureSpec:
    """Return a figure of one dataset with other metrics."""
    return changed(spec, datasets=[changed(spec.shown, metrics=names)])


@pytest.mark.parametrize("kind", sorted({*FIGURES} - {"errors"}))  # of arrays: test_errors.py
def test_every_kind_is_drawn_twice_alike(of: Read, tmp_path: Path, kind: str) -> None:
    """PDF, PNG and data are written, no wider than a page.

    The same results give the same files again.
    """
    figure = kind if kind in {"ranks", "critical-difference", "correlation"} else f"{kind}-set-01"
    paths = [tmp_path / name / "figure.pdf" for name in ("one", "two")]
    for path in paths:
        write_figure(path, *of(figure))
    for suffix in (".pdf", ".png", ".csv"):
        one, two = (path.with_suffix(suffix).read_bytes() for path in paths)
        assert one == two and len(one) > 20
    picture = cv2.imread(str(paths[0].with_suffix(".png")))
    assert picture is not None and picture.shape[1] <= 7.3 * 300


def test_boxes_leave_out_what_has_no_values(of: Read) -> None:
    """The four methods with results have a box in each of the eleven panels.

    The failed one has none.
    """
    figure, data = draw(boxes, of("boxes-set-00"))
    assert sorted(data["method"].unique()) == [f"method-{n:03}" for n in range(4)]
    assert sum("Method-004" in text for text in texts(figure)) == 0
    assert set(data["metric"]) == set(METRICS)


def test_boxes_of_many_methods_are_of_the_leading_ones(
    of: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If more methods have values than names fit, those with the best mean rank are drawn.

    The figure says so.
    """
    monkeypatch.setattr(boxes, "MOST_METHODS", 2)
    spec, inputs = of("boxes-set-00")
    figure, data = draw(boxes, (spec, inputs))
    best = sorted(spec.labels[method] for method in inputs.ranks(spec).index[:2])
    assert sorted({text for text in texts(figure) if text.startswith("Method-")}) == best
    assert "2 of 4 methods, those with the best mean rank" in texts(figure)
    assert len(set(data["method"])) == 4


def test_curves_have_one_colour_in_panels_and_legend(of: Read) -> None:
    """A method has one colour, even if it lacks the first metric.

    A method without a line in any panel is not in the legend.
    """
    spec, inputs = of("curves-set-00")
    inputs = replace(inputs)
    values = of("curves-set-00")[1].values
    lacking = (values["method"] == "method-001") & (values["metric"] == METRICS[0])
    inputs.__dict__["values"] = values[~lacking]
    figure, _ = draw(curves, (spec, inputs))
    first, *others = (
        {line.get_label(): line.get_color() for line in panel.lines}
        for panel in figure.axes[: len(METRICS)]
    )
    assert "Method-001" not in first and len(first) == 3
    (legend,) = figure.legends
    named = {line.get_label(): line.get_color() for line in legend.get_lines()}
    assert named == others[0] and list(named) == [f"Method-{n:03}" for n in range(4)]


def test_rank_heat_map_is_sorted_by_mean_rank(of: Read) -> None:
    """Rows go from best to worst; columns are the metrics of both datasets.

    Numbers are in the cells.
    """
    figure, data = draw(ranks, of("ranks"))
    means = data.drop(columns=["dataset", "metric"]).mean().tolist()
    assert means == sorted(means) and len(data) == 2 * len(METRICS)
    assert f"{means[0]:.1f}" in texts(figure) and "Set 00" in texts(figure)


def test_radar_scales_from_worst_to_best(of: Read) -> None:
    """Every metric has a method at 0 and one at 1; where lower is better, the lowest is at 1."""
    spec, inputs = of("radar-set-00")
    scaled = radar.scaled_means(spec, inputs)
    assert scaled.min().tolist() == [0] * len(METRICS) and scaled.max().tolist() == [1] * len(
        METRICS
    )
    summary = inputs.summary[
        (inputs.summary["dataset"] == "set-00") & (inputs.summary["id"] == "Q_CV")
    ]
    assert scaled["Q_CV"].idxmax() == summary.set_index("method")["mean"].idxmin()


def test_names_of_a_radar_lie_outside_and_apart(of: Read) -> None:
    """No name touches the circle of the best method or another name."""
    figure, _ = draw(radar, of("radar-set-00"))
    (panel,) = figure.axes
    centre, rim = panel.transData.transform([(0, -0.15), (0, 1)])
    extents = [text.get_window_extent() for text in panel.texts]
    for number, extent in enumerate(extents):
        nearest = np.clip(centre, extent.min, extent.max)
        assert np.hypot(*(nearest - centre)) > np.hypot(*(rim - centre))
        assert not extent.count_overlaps(extents[:number])
    assert len(extents) == len(METRICS)


def test_many_names_of_a_radar_follow_their_rays(of: Read) -> None:
    """Along their rays twenty names do not overlap, and none is upside down.

    Without rotation they would overlap above and below the circle.
    """
    spec, inputs = of("radar-set-00")
    directed = [d.id for d in resolve(["all@vifb", "all@tang"]) if d.direction != "none"]
    names = directed[: radar.MOST_METRICS]
    one, inputs = inputs.summary[inputs.summary["id"] == "EN"], replace(inputs)
    inputs.__dict__["summary"] = pd.concat([one.assign(id=name) for name in names])
    figure, _ = draw(radar, (of_metrics(spec, names), inputs))
    (panel,) = figure.axes
    for number, text in enumerate(panel.texts):
        turned = (text.get_rotation() - 360 * number / len(names)) % 180
        assert min(turned, 180 - turned) < 1e-6 and not 91 < text.get_rotation() < 269
    assert len(panel.texts) == len(names)


def test_a_radar_shows_the_leading_ones_of_the_complete(
    of: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the best method lacks a value, the next two methods are drawn.

    The legend gives the number of complete methods.
    """
    monkeypatch.setattr(radar, "MOST_METHODS", 2)
    spec, inputs = of("radar-set-00")
    best, *others = inputs.ranks(spec).index
    summary = inputs.summary.copy()
    summary.loc[(summary["method"] == best) & (summary["id"] == "EN"), "measured"] = 7
    inputs = replace(inputs)
    inputs.__dict__["summary"] = summary
    figure, _ = draw(radar, (spec, inputs))
    (legend,) = figure.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert sorted(shown) == sorted(spec.labels[method] for method in others[:2])
    assert legend.get_title().get_text() == "2 of 3 methods, those with the best mean rank"


def test_speed_is_compared_within_one_device(of: Read, tmp_path: Path) -> None:
    """Methods that ran on two devices are in two panels, named by the device."""
    spec, inputs = of("quality-speed-set-00")
    methods = spec.cells.runs["set-00"]
    for method in methods:
        path = Path("results", "runs", method, "set-00", "record.json")
        device = on_gpu("NVIDIA H200") if method == "method-001" else on_cpu("Xeon")
        write_stored(tmp_path / path, changed(read_stored(inputs.root / path, Record), **device))
    alone = changed(spec, cells=CellList(runs={"set-00": methods}, skipped=[]))
    figure, data = draw(quality_speed, (alone, replace(inputs, root=tmp_path)))
    assert data.set_index("method")["device"]["method-001"] == "NVIDIA H200"
    assert len(figure.axes) == 2 and {"Xeon", "NVIDIA H200"} <= {
        panel.get_title(loc="left") for panel in figure.axes
    }


def test_critical_difference_ranks_within_each_pair(of: Read) -> None:
    """Each of the sixteen pairs ranks the four methods.

    The title has the number of pairs.
    """
    figure, data = draw(critical_difference, of("critical-difference"))
    assert len(data) == 16 and data.filter(like="method").sum(axis=1).tolist() == [10.0] * 16
    assert any("over 16 pairs" in text for text in texts(figure))


def test_critical_difference_says_how_many_are_left_out(of: Read) -> None:
    """The failed method is not in the diagram, and the title says that one is missing."""
    figure, _ = draw(critical_difference, of("critical-difference"))
    assert any("1 of the table's methods left out" in text for text in texts(figure))


def test_critical_difference_tests_all_and_draws_the_first(
    of: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more methods than fit, ranks and critical difference are still those of all methods."""
    _, whole = draw(critical_difference, of("critical-difference"))
    monkeypatch.setattr(critical_difference, "MOST_METHODS", 2)
    figure, data = draw(critical_difference, of("critical-difference"))
    pd.testing.assert_frame_equal(data, whole)
    shown = " ".join(texts(figure))
    best, second = (f"{mean:.2f}" for mean in sorted(data.filter(like="method").mean())[:2])
    assert shown.count("Method-") == 2 and best in shown and second in shown
    assert f"among 4 methods over 16 pairs, critical difference {cd(4, 16):.2f}" in shown
    assert (
        "the first 2 are drawn, all are tested; 1 of the table's methods left out: values missing"
        in shown
    )


def test_critical_difference_is_the_same_in_every_process(tmp_path: Path) -> None:
    """The order of sets of names, which differs in every process, changes no byte."""
    project = FakeResults(tmp_path / "project", methods=9, datasets=1, images=False).write().root
    spec, inputs = read(project)("critical-difference")
    step = [sys.executable, "-m", "fusebench.steps", "figure"]
    step += ["--job", as_parameter(FigureJob(figure=spec), keep_order=True)]
    step += ["--statistics", str(inputs.statistics / "summary.csv")]
    step += ["--measures", *map(str, inputs.measures)]
    paths = [tmp_path / f"{seed}.pdf" for seed in (1, 2)]
    for path in paths:
        environment = {**os.environ, "PYTHONHASHSEED": path.stem}
        subprocess.run([*step, "--output", str(path)], cwd=project, env=environment, check=True)
    for suffix in (".pdf", ".png"):
        one, two = (path.with_suffix(suffix).read_bytes() for path in paths)
        assert one == two


def test_names_are_no_formulas(of: Read) -> None:
    """Text between two dollars in a name is drawn as written, even if it is no valid formula."""
    spec, inputs = of("ranks")
    label = r"$\no formula_{$"
    figure, _ = draw(ranks, (changed(spec, labels={**spec.labels, "method-000": label}), inputs))
    shown = [text for text in figure.findobj() if getattr(text, "get_text", str)() == label]
    assert shown and not any(text.get_parse_math() for text in shown)


def test_what_cannot_be_read_is_not_drawn(of: Read, tmp_path: Path) -> None:
    """With many metrics, a heat map of correlations has no numbers.

    A radar becomes a sentence.
    """
    spec, inputs = of("correlation")
    names = [definition.id for definition in resolve(["all@tang", "all@vifb"])]
    pd.DataFrame(np.eye(len(names)), names, names).rename_axis("metric").to_csv(
        tmp_path / "correlation.csv"
    )
    figure, _ = draw(correlation, (spec, replace(inputs, statistics=tmp_path)))
    assert len(names) > correlation.MOST_NUMBERS and "0.0" not in texts(figure)
    spec, inputs = of("radar-set-00")
    many = pd.concat([inputs.summary.assign(id=name) for name in names])
    inputs = replace(inputs)
    inputs.__dict__["summary"] = many
    figure, _ = draw(radar, (of_metrics(spec, names), inputs))
    assert any("cannot be read" in text for text in texts(figure))


def test_too_few_methods_are_told(tmp_path: Path) -> None:
    """Two methods give a sentence instead of a diagram; without any method no figure fails."""
    two = read(FakeResults(tmp_path / "two", methods=3, datasets=1).write().root)
    figure, _ = draw(critical_difference, two("critical-difference"))
    assert "needs three methods" in " ".join(texts(figure))
    none = read(FakeResults(tmp_path / "none", methods=1, datasets=1).write().root)
    for kind in FIGURES:
        name = kind if kind in {"ranks", "critical-difference", "correlation"} else f"{kind}-set-00"
        write_figure(tmp_path / "none" / f"{kind}.pdf", *none(name))


def test_data_of_a_figure_that_says_why_it_is_empty_are_a_table(tmp_path: Path) -> None:
    """A metric without direction ranks nothing; files of data have a header, or are empty."""
    undirected = read(
        FakeResults(tmp_path / "undirected", methods=4, datasets=1).write(metrics=["QSF"]).root
    )
    for kind in FIGURES:
        name = kind if kind in {"ranks", "critical-difference", "correlation"} else f"{kind}-set-00"
        data = tmp_path / "undirected" / f"{kind}.csv"
        write_figure(data.with_suffix(".pdf"), *undirected(name))
        assert data.stat().st_size <= 1 or len(pd.read_csv(data).columns)


def test_grid_shows_pairs_on_which_methods_differ(of: Read) -> None:
    """Methods differ more on the chosen pairs than on any other."""
    spec, inputs = of("grid-set-00")
    names = [f"{n:04}" for n in range(8)]
    chosen = grid.chosen_pairs(spec, inputs, names)
    matrices = list(inputs.matrices(spec).values())
    spread = sum(((m - m.to_numpy().mean()) / m.to_numpy().std()).std(axis=1) for m in matrices)
    assert len(chosen) == 2 and min(spread[chosen]) >= max(spread.drop(chosen))
    assert grid.chosen_pairs(changed(spec, pairs=["0003"]), inputs, names) == ["0003"]


def test_grid_boxes_lie_where_images_differ() -> None:
    """The first box covers the only place that differs.

    An image that is brighter as a whole does not count.
    """
    random = np.random.default_rng(5)
    one = random.integers(90, 130, (60, 80)).astype(np.uint8)
    two = one + 40
    two[40:50, 60:70] = 255
    (x, y, width, height), _ = grid.differing_boxes([one, two])
    assert x <= 60 and y <= 40 and x + width >= 70 and y + height >= 50


def test_grid_takes_crops_of_the_configuration(of: Read) -> None:
    """The data have these boxes for every image."""
    spec, inputs = of("grid-set-00")
    shown = changed(spec, pairs=["0001"], crops={"0001": [(4, 4, 20, 10)]})
    _, data = draw(grid, (shown, inputs))
    assert (
        len(data) == 2 + 4
        and set(data["x"]) == {4}
        and list(data["image"][:2]) == ["Infrared", "Visible"]
    )


def test_a_grid_shows_the_leading_methods_that_fit_on_a_page(
    of: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row of four images fits for each pair: both sources and the two best methods.

    The figure says so.
    """
    spec, inputs = of("grid-set-00")
    figure, _ = draw(grid, (spec, inputs))
    assert not any("of 4 methods" in text for text in texts(figure))
    monkeypatch.setattr(grid, "COLUMNS", 4)
    monkeypatch.setattr(grid, "PAGE_HEIGHT", figure.get_size_inches()[1])
    figure, data = draw(grid, (spec, inputs))
    best = sorted(spec.labels[method] for method in inputs.ranks(spec).index[:2])
    assert list(data["image"].unique()) == ["Infrared", "Visible", *best]
    assert "2 of 4 methods, those with the best mean rank" in texts(figure)
    assert figure.get_size_inches()[1] <= grid.PAGE_HEIGHT


def test_a_tall_crop_is_no_taller_than_its_image_is_wide(of: Read) -> None:
    """A box of 4 by 40 pixels is in the middle of its strip with its own proportions."""
    spec, inputs = of("grid-set-00")
    shown = changed(spec, pairs=["0001"], crops={"0001": [(4, 0, 4, 40)]})
    figure, _ = draw(grid, (shown, inputs))
    _, crop, *_ = (axes.get_window_extent() for axes in figure.findobj(Axes))
    image = figure.findobj(Axes)[0].get_window_extent()
    assert crop.height == pytest.approx(image.width) and crop.width == pytest.approx(
        crop.height / 10
    )
    assert crop.x0 - image.x0 == pytest.approx(image.x1 - crop.x1)


def test_a_head_of_ones_own_is_drawn_as_it_is_written(of: Read) -> None:
    """Only the `@` of a definition separates it from the metric."""
    spec, _ = of("ranks")
    plain, other = resolve(["SSIM", "SSIM@cddfuse"])
    shown = changed(spec, heads={"SSIM": "H @ scale"})
    assert (head_of(shown, plain), head_of(shown, other)) == ("H @ scale ↑", "SSIM (cddfuse) ↑")


def test_many_names_look_different() -> None:
    """Forty methods have forty combinations of colour, marker and line."""
    found = looks([f"m{n}" for n in range(40)]).values()
    assert len({tuple(map(str, look.values())) for look in found}) == 40

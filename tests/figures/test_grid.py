"""Grids of images: their pairs, boxes, methods and layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fusebench.contracts.configuration import Box
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import ImageFile, Manifest, Pair
from fusebench.contracts.records import FusedImage
from fusebench.contracts.tables import CellList, FigureSpec
from fusebench.figures import grid
from fusebench.figures.contents import Inputs
from fusebench.images import write_png
from fusebench.layout import cell_folder, dataset_marker, record_path
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.compare.made import record
from tests.figures.made import Values, draw, figure_spec, inputs_of, texts

SIZE = (60, 40)
PAIRS = ("01", "02", "03")


def image(seed: int, size: tuple[int, int] = SIZE) -> Any:
    """Return an image of noise."""
    return np.random.default_rng(seed).integers(0, 255, size[::-1]).astype(np.uint8)


def project(root: Path, methods: str, failed: str = "", pairs: tuple[str, ...] = PAIRS) -> Inputs:
    """Write a dataset, runs on it, and values that differ most on the last pair."""
    entries = []
    for number, name in enumerate(pairs):
        files = {}
        for side in "ab":
            write_png(root / f"resources/datasets/d/{side}/{name}.png", image(number))
            files[side] = ImageFile(file=f"{side}/{name}.png", mode="gray", sha256="")
        entries.append(Pair(name=name, size=SIZE, a=files["a"], b=files["b"]))
    manifest = Manifest(path="resources/datasets/d", pairs=entries)
    write_stored(root / dataset_marker("d"), manifest)
    for place, method in enumerate(methods):
        for number, name in enumerate(pairs):
            file = root / cell_folder(method, "d") / "fused" / f"{name}.png"
            write_png(file, image(100 * place + number))
        if method in failed:
            fields: dict[str, Any] = {"state": "crashed", "reason": "x"}
        else:
            fused = [
                FusedImage(name=n, size=SIZE, fused=f"{n}.png", mode="gray", sha256="")
                for n in pairs
            ]
            fields = {"images": fused}
        write_stored(root / record_path(method, "d"), record(method, "d", **fields))
    values: Values = {
        method: {"EN": [(number + 1.0) * place for number in range(len(pairs))]}
        for place, method in enumerate(reversed(methods))
        if method not in failed
    }
    return inputs_of(root, spec_of(methods), d=values)


def spec_of(methods: str, **more: Any) -> FigureSpec:
    """Return a grid of these methods; the first one is the best."""
    fields = {
        "cells": CellList(runs={"d": list(methods)}, skipped=[]),
        "modalities": ("infrared", "visible"),
        **more,
    }
    return figure_spec("grid", methods, ["EN"], **fields)


def shown_in(data: Any) -> list[tuple[str, str]]:
    """Return pair and image of each row, once."""
    return list(dict.fromkeys(zip(data["pair"], data["image"], strict=True)))


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        (1, ["03"]),
        (2, ["02", "03"]),
        (9, ["01", "02", "03"]),
        (["02"], ["02"]),
        (["03", "01"], ["03", "01"]),
    ],
)
def test_pairs_are_named_or_those_on_which_methods_differ(
    tmp_path: Path, asked: Any, chosen: list[str]
) -> None:
    """Chosen pairs have the order of the dataset, named ones that of the configuration."""
    inputs = project(tmp_path, "abc")
    assert grid.chosen_pairs(spec_of("abc", pairs=asked), inputs, PAIRS) == chosen


@pytest.mark.parametrize("values", [{}, {"a": {"EN": [1.0, 9.0, 1.0]}}])
def test_without_differences_the_first_pairs_are_chosen(tmp_path: Path, values: Values) -> None:
    """Nothing was measured, or there is a single method."""
    inputs = inputs_of(tmp_path, spec_of("a"), d=values)
    assert grid.chosen_pairs(spec_of("a", pairs=2), inputs, PAIRS) == ["01", "02"]


def test_every_metric_counts_alike(tmp_path: Path) -> None:
    """A metric in large units does not decide alone.

    A metric that does not vary causes no division by zero.
    """
    spec = replace(spec_of("ab", pairs=1), datasets=figure_spec("grid", "ab").datasets)
    values: Values = {
        "a": {"EN": [0.0, 0.0, 0.0], "SD": [0.0, 500.0, 1000.0], "Q_CV": [1.0, 1.0, 1.0]},
        "b": {"EN": [0.0, 0.0, 1.0], "SD": [100.0, 600.0, 1100.0], "Q_CV": [1.0, 1.0, 1.0]},
    }
    assert grid.chosen_pairs(spec, inputs_of(tmp_path, spec, d=values), PAIRS) == ["03"]


def test_both_sources_and_every_method_are_shown(tmp_path: Path) -> None:
    """Each pair has both, named by modality and by the table; a failed method is left out."""
    inputs = project(tmp_path, "abc", failed="b")
    figure, data = draw(grid, (spec_of("abc", pairs=["02", "01"]), inputs))
    names = ["Infrared", "Visible", "A", "C"]
    assert shown_in(data) == [(pair, name) for pair in ("02", "01") for name in names]
    assert [text for text in texts(figure) if text] == [*names, *names]


def test_the_images_are_those_of_the_pair(tmp_path: Path) -> None:
    """For each source and each method there is an image and then its two crops."""
    inputs = project(tmp_path, "ab")
    crops: dict[str, list[Box]] = {"02": [(5, 6, 20, 10), (30, 0, 10, 10)]}
    figure, data = draw(grid, (spec_of("ab", pairs=["02"], crops=crops), inputs))
    (part,) = figure.subfigs
    first = part.axes[0].get_window_extent()
    assert first.width / first.height == pytest.approx(SIZE[0] / SIZE[1])
    drawn = [np.asarray(panel.images[0].get_array()) for panel in part.axes]
    expected = [image(1), image(1), image(1), image(101)]
    for pixels, (whole, left, right) in zip(
        expected, zip(*[iter(drawn)] * 3, strict=True), strict=True
    ):
        assert np.array_equal(whole, pixels)
        assert np.array_equal(left, pixels[6:16, 5:25]) and np.array_equal(
            right, pixels[:10, 30:40]
        )
    assert data[["x", "y", "width", "height"]].drop_duplicates().to_numpy().tolist() == [
        [5, 6, 20, 10],
        [30, 0, 10, 10],
    ]
    assert len(data) == 2 * 4


@pytest.mark.parametrize(
    ("modality", "shown"),
    [("infrared", "Infrared"), ("mri", "MRI"), ("pet", "PET"), ("near-focus", "Near-focus")],
)
def test_modalities_are_written_as_in_papers(tmp_path: Path, modality: str, shown: str) -> None:
    """Acronyms are in capitals; words begin with a capital."""
    inputs = project(tmp_path, "a")
    _, data = draw(grid, (spec_of("a", pairs=["01"], modalities=(modality, "b")), inputs))
    assert list(dict.fromkeys(data["image"])) == [shown, "B", "A"]


def test_a_method_that_lacks_the_pair_is_left_out_there(tmp_path: Path) -> None:
    """The method is shown on the other pairs."""
    inputs = project(tmp_path, "ab")
    path = tmp_path / record_path("b", "d")
    images = [FusedImage(name="01", size=SIZE, fused="01.png", mode="gray", sha256="")]
    write_stored(path, record("b", "d", images=images))
    _, data = draw(grid, (spec_of("ab", pairs=["01", "02"]), inputs))
    assert ("01", "B") in shown_in(data) and ("02", "B") not in shown_in(data)


@pytest.mark.parametrize("what", ["no dataset", "no method"])
def test_without_images_there_is_a_sentence(tmp_path: Path, what: str) -> None:
    """The dataset could not be prepared, or all methods failed."""
    inputs = project(tmp_path, "ab", failed="ab" if what == "no method" else "")
    if what == "no dataset":
        failed = Manifest(state="skipped", reason="x")
        write_stored(tmp_path / dataset_marker("d"), failed)
    figure, data = draw(grid, (spec_of("ab"), inputs))
    assert texts(figure) == ["no method has images of this dataset"]
    assert data.empty and not len(data.columns)


def test_the_leading_methods_fill_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows of three fit: both sources and the best four methods.

    The figure gives the number of all methods.
    """
    monkeypatch.setattr(grid, "COLUMNS", 3)
    methods = "abcdefg"
    inputs = project(tmp_path, methods)
    spec = spec_of(methods, pairs=["01"])
    sources = {"a": image(0), "b": image(0)}
    row = grid._row_height(sources, grid.SQUARES)
    monkeypatch.setattr(grid, "PAGE_HEIGHT", 2.5 * row)
    figure, data = draw(grid, (spec, inputs))
    assert list(dict.fromkeys(data["image"])) == ["Infrared", "Visible", "A", "B", "C", "D"]
    assert "4 of 7 methods, those with the best mean rank" in texts(figure)


def test_at_least_one_row_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds even if the row is higher than a page."""
    monkeypatch.setattr(grid, "PAGE_HEIGHT", 0.1)
    inputs = project(tmp_path, "abcdefgh")
    _, data = draw(grid, (spec_of("abcdefgh", pairs=["01"]), inputs))
    assert list(dict.fromkeys(data["image"])) == ["Infrared", "Visible", "A", "B", "C", "D"]


images = st.lists(st.integers(0, 10_000).map(image), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(images)
def test_chosen_boxes_lie_inside_and_apart(found: list[Any]) -> None:
    """Two squares of a quarter of the shorter side are chosen if they fit."""
    boxes = grid.differing_boxes(found)
    assert len(boxes) == grid.BOXES
    for x, y, width, height in boxes:
        assert width == height == SIZE[1] * grid.CROP_SHARE
        assert 0 <= x <= SIZE[0] - width and 0 <= y <= SIZE[1] - height
    (x, y, side, _), (other_x, other_y, *_) = boxes
    assert abs(x - other_x) >= side or abs(y - other_y) >= side


@pytest.mark.parametrize(
    ("size", "count"),
    [((8, 8), 1), ((12, 12), 1), ((7, 20), 0), ((20, 7), 0), ((4, 4), 0), ((60, 40), 2)],
)
def test_small_images_have_fewer_boxes(size: tuple[int, int], count: int) -> None:
    """A box has at least eight pixels; boxes neither overlap nor leave the image."""
    assert len(grid.differing_boxes([image(1, size), image(2, size)])) == count


def test_images_of_another_size_are_not_compared() -> None:
    """The size of the first image counts; without images there is no box."""
    odd = image(3, (20, 20))
    same = [image(1), image(2)]
    assert grid.differing_boxes([*same, odd]) == grid.differing_boxes(same)
    assert grid.differing_boxes([]) == []


def test_colour_is_compared_by_brightness() -> None:
    """An image in colour and the same image in gray differ equally everywhere."""
    gray = image(1)
    colour = np.stack([gray] * 3, axis=2)
    assert grid.differing_boxes([gray, colour]) == grid.differing_boxes([gray, gray])
    flat = np.zeros_like(gray)
    assert len(grid.differing_boxes([flat, flat])) == grid.BOXES

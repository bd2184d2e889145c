"""Crops and pairs of grids, checked with the images of a dataset."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fusebench.contracts.configuration import Box, Crops
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import ImageFile, Manifest, Pair
from fusebench.errors import RegistryError
from fusebench.layout import dataset_marker
from fusebench.registry.grids import check_crops, crop_problems, grid_problems
from hypothesis import given
from hypothesis import strategies as st

from tests.registry.small import SmallProject


def manifest(**sizes: tuple[int, int]) -> Manifest:
    """Return the manifest of pairs of these sizes."""
    image = ImageFile(file="x.png", mode="gray", sha256="0")
    return Manifest(
        path="x",
        pairs=[Pair(name=name, size=size, a=image, b=image) for name, size in sizes.items()],
    )


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((0, 0, 40, 30), True),
        ((39, 29, 1, 1), True),
        ((0, 0, 41, 30), False),
        ((0, 0, 40, 31), False),
        ((30, 0, 11, 1), False),
        ((0, 20, 1, 11), False),
        ((40, 0, 1, 1), False),
        ((0, 0, 0, 5), False),
        ((0, 0, 5, 0), False),
    ],
)
def test_a_box_lies_inside_or_is_told(box: Box, inside: bool) -> None:
    """A box may reach the last pixel; a box without width or height is refused."""
    told = (
        "config: tables.t.crops.tno.p: a box [x, y, width, height] must lie inside the image of"
        f" 40x30 pixels; found {list(box)}"
    )
    found = list(crop_problems("t", "tno", {"p": [box]}, {"p": (40, 30)}))
    assert found == ([] if inside else [told])


def test_only_pairs_whose_images_are_known_are_judged() -> None:
    """A pair that is not prepared gives no message yet."""
    assert list(crop_problems("t", "tno", {"q": [(0, 0, 900, 900)]}, {"p": (40, 30)})) == []


BOXES: st.SearchStrategy[Box] = st.tuples(*[st.integers(0, 60)] * 4)


@given(BOXES, st.tuples(st.integers(1, 50), st.integers(1, 50)))
def test_a_box_is_inside_where_an_array_has_all_of_its_pixels(
    box: Box, size: tuple[int, int]
) -> None:
    """The check agrees with slicing of arrays.

    A box is inside where the slice has all rows and columns that the box asks for.
    """
    x, y, width, height = box
    columns, rows = range(size[0])[x : x + width], range(size[1])[y : y + height]
    whole = 0 < width == len(columns) and 0 < height == len(rows)
    assert (not list(crop_problems("t", "d", {"p": [box]}, {"p": size}))) == whole


def test_all_crops_of_a_run_are_checked_when_a_dataset_is_prepared() -> None:
    """The crops of every table are checked, and all wrong boxes are reported at once."""
    boxes: list[Box] = [(0, 0, 9, 9), (35, 0, 6, 6)]
    wide: list[Box] = [(0, 0, 50, 1)]
    tables: dict[str, Crops] = {
        "one": {"tno": {"p": boxes}},
        "two": {"tno": {"q": wide}},
        "three": {"other": {}},
    }
    with pytest.raises(RegistryError) as caught:
        check_crops("tno", manifest(p=(40, 30), q=(48, 48)), tables)
    lines = str(caught.value).splitlines()
    assert [re.findall(r"tables\.(\S+):", line)[0] for line in lines] == [
        "one.crops.tno.p",
        "two.crops.tno.q",
    ]
    check_crops("tno", manifest(p=(41, 30), q=(50, 48)), tables)


def test_a_dataset_that_could_not_be_prepared_has_no_wrong_crops() -> None:
    """Its state says what is wrong, and its boxes are not checked."""
    check_crops("tno", Manifest(state="skipped"), {"t": {"tno": {"p": [(0, 0, 9, 9)]}}})


@pytest.mark.parametrize("content", [None, "", '{"state": "ok"', '{"version": 99, "state": "ok"}'])
def test_a_damaged_marker_says_nothing_of_sizes(small: SmallProject, content: str | None) -> None:
    """The marker is made again before anything is shown; until then no crop is checked."""
    marker = small.root / dataset_marker("pairs")
    small.config["tables"] = {"t": {"suite": "s", "crops": {"pairs": {"p": [[0, 0, 50, 50]]}}}}
    write_stored(marker, manifest(p=(40, 30)))
    with pytest.raises(RegistryError, match=r"must lie inside the image of 40x30 pixels"):
        small.load()
    marker.unlink()
    if content is not None:
        marker.write_text(content)
    assert small.load().tables["t"].crops_of("pairs") == {"p": [(0, 0, 50, 50)]}


def test_pairs_are_held_against_the_list_and_not_against_what_was_prepared(
    small: SmallProject,
) -> None:
    """The list counts, because the prepared dataset may be older than it.

    Without a list the prepared dataset counts.
    """
    small.config["tables"] = {"t": {"suite": "s", "pairs": {"pairs": ["new", "pp"]}}}
    small.datasets["pairs"]["pairs"] = ["p", "new"]
    write_stored(small.root / dataset_marker("pairs"), manifest(p=(40, 30)))
    told = "config: tables.t: dataset 'pairs' has no pair 'pp' (did you mean 'p'?); it has 2 pairs"
    assert small.problems() == [told]
    del small.datasets["pairs"]["pairs"]
    assert small.problems() == [
        "config: tables.t: dataset 'pairs' has no pair 'new'; it has 1 pairs",
        "config: tables.t: dataset 'pairs' has no pair 'pp' (did you mean 'p'?); it has 1 pairs",
    ]


def test_tables_without_named_pairs_ask_for_nothing(small: SmallProject, tmp_path: Path) -> None:
    """A number of pairs is chosen later, among the existing ones."""
    small.config["tables"] = {"t": {"suite": "s", "pairs": 3}, "u": {"suite": "s"}}
    assert list(grid_problems(small.load().tables, tmp_path)) == []

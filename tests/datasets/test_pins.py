"""Pinned images of a dataset, and pairs that datasets share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fusebench.contracts.configuration import Config
from fusebench.contracts.datasets import DatasetEntry, SideEntry
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import Manifest
from fusebench.datasets.duplicates import shared_pairs
from fusebench.datasets.pins import read_pins, write_pins
from fusebench.datasets.preparation import prepare_dataset
from fusebench.errors import DatasetUnavailable
from fusebench.images import write_png
from fusebench.layout import dataset_marker
from fusebench.registry.datasets import Dataset
from fusebench.registry.loading import Registry
from fusebench.registry.pairing import dataset_job
from msgspec import UNSET
from msgspec.structs import replace


def make_images(root: Path, folder: str, seeds: dict[str, tuple[int, int]]) -> DatasetEntry:
    """Write pairs of images and return the entry of their dataset."""
    for name, numbers in seeds.items():
        for side, seed in zip("ab", numbers, strict=True):
            pixels = np.random.default_rng(seed).integers(0, 256, (6, 7), dtype=np.uint8)
            write_png(root / folder / side / f"{name}.png", pixels)
    return DatasetEntry(
        title=folder,
        task="infrared-visible",
        kind="local",
        folder=folder,
        a=SideEntry(files="a/{name}.png"),
        b=SideEntry(files="b/{name}.png"),
        pairs=list(seeds),
    )


def prepared(root: Path, entry: DatasetEntry) -> Manifest:
    """Prepare a dataset and return its manifest."""
    return prepare_dataset(entry.title, dataset_job(entry, root), root / "out", root)


def test_prepared_dataset_meets_its_own_pins(tmp_path: Path) -> None:
    """Pins written from a dataset accept it when it is prepared again, also a part of it."""
    entry = make_images(tmp_path, "one", {"p": (1, 2), "q": (3, 4)})
    manifest = prepared(tmp_path, entry)
    assert write_pins(tmp_path / "one.sha256", manifest) == 4
    assert set(read_pins(tmp_path / "one.sha256")) == {
        ("a", "p"),
        ("b", "p"),
        ("a", "q"),
        ("b", "q"),
    }
    part = replace(entry, pairs=["q"], hashes="one.sha256")
    assert len(prepared(tmp_path, part).pairs) == 1


def test_a_pinned_image_that_is_absent_is_named(tmp_path: Path) -> None:
    """Without a list of names all pinned images must be there; a list may choose some of them."""
    entry = make_images(tmp_path, "one", {"p": (1, 2), "q": (3, 4)})
    manifest = prepared(tmp_path, entry)
    write_pins(tmp_path / "one.sha256", manifest)
    for side in "ab":
        (tmp_path / "one" / side / "q.png").unlink()
    found = replace(entry, pairs=UNSET, hashes="one.sha256")
    with pytest.raises(
        DatasetUnavailable, match=r"one.sha256 pins must be there; 2 are not, first: a/q"
    ):
        prepared(tmp_path, found)


def test_first_file_that_changed_is_named(tmp_path: Path) -> None:
    """The message has the first changed image with its file, the number of all, and both sums."""
    entry = make_images(tmp_path, "one", {"p": (1, 2), "q": (3, 4), "r": (5, 6)})
    manifest = prepared(tmp_path, entry)
    write_pins(tmp_path / "one.sha256", manifest)
    make_images(tmp_path, "one", {"q": (3, 40), "r": (50, 6)})
    with pytest.raises(
        DatasetUnavailable, match=r"found 2 other\(s\), first: b/q\.png, whose pixels"
    ) as error:
        prepared(tmp_path, replace(entry, hashes="one.sha256"))
    assert manifest.pairs[1].b.sha256 in str(error.value)


def test_shared_pairs_are_found_under_other_names_and_swapped(tmp_path: Path) -> None:
    """Two datasets share a pair if it has the same two images, under any name and in any order."""
    sets = {
        "one": {"p": (1, 2), "q": (3, 4)},
        "two": {"x": (4, 3), "y": (9, 8)},
        "three": {"z": (1, 9)},
    }
    datasets = {}
    for name, seeds in sets.items():
        entry = make_images(tmp_path, name, seeds)
        write_pins(tmp_path / f"{name}.sha256", prepared(tmp_path, entry))
        datasets[name] = Dataset(name, replace(entry, hashes=f"{name}.sha256"))
    datasets["part"] = Dataset("part", replace(datasets["one"].entry, pairs=["q"]))
    config = Config(suite="s", suites={})
    rows = shared_pairs(Registry(tmp_path, {}, datasets, {}, config))
    assert rows == [
        {"dataset": "one", "same images as": "two", "pairs": "1 of 2 and 2", "first": "q = x"}
    ]


def test_pairs_of_a_prepared_dataset_are_known_without_pins(tmp_path: Path) -> None:
    """They come from its manifest; a dataset neither pinned nor prepared shares nothing."""
    datasets = {}
    for name, seeds in {"one": {"p": (1, 2)}, "two": {"x": (2, 1)}, "three": {"y": (1, 2)}}.items():
        entry = make_images(tmp_path, name, seeds)
        if name != "three":
            write_stored(tmp_path / dataset_marker(name), prepared(tmp_path, entry))
        datasets[name] = Dataset(name, entry)
    rows = shared_pairs(Registry(tmp_path, {}, datasets, {}, Config(suite="s", suites={})))
    assert rows == [
        {"dataset": "one", "same images as": "two", "pairs": "1 of 1 and 1", "first": "p = x"}
    ]


def test_an_image_that_is_not_pinned_is_told(tmp_path: Path) -> None:
    """A pair that was added to the list, but not to the sums, is reported with its file."""
    entry = make_images(tmp_path, "one", {"p": (1, 2), "q": (3, 4)})
    write_pins(tmp_path / "one.sha256", prepared(tmp_path, replace(entry, pairs=["p"])))
    with pytest.raises(DatasetUnavailable, match=r"found 2 other\(s\), first: a/q\.png"):
        prepared(tmp_path, replace(entry, hashes="one.sha256"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file or directory"),
        ("0123\n", "a line is not of that form"),
        ("0123  a.png\n", "a line is not of that form"),
    ],
)
def test_sums_that_cannot_be_read_are_told(tmp_path: Path, text: str | None, reason: str) -> None:
    """The dataset is unavailable and the others run; there is no traceback."""
    entry = replace(make_images(tmp_path, "one", {"p": (1, 2)}), hashes="one.sha256")
    if text is not None:
        (tmp_path / "one.sha256").write_text(text)
    with pytest.raises(DatasetUnavailable, match=rf"as `fusebench pin` writes it; .*: {reason}$"):
        prepared(tmp_path, entry)

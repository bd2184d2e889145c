"""Pinned images of a dataset, and pairs that datasets share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fusebench.datasets.duplicates import shared_pairs
from fusebench.datasets.pins import read_pins, write_pins
from fusebench.datasets.preparation import prepare_dataset
from fusebench.errors import DatasetUnavailable
from fusebench.images import write_png
from fusebench.registry import Dataset, Registry


def make_images(root: Path, folder: str, seeds: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """Write pairs of images and return the definition of the dataset that they are."""
    for name, numbers in seeds.items():
        for side, seed in zip("ab", numbers, strict=True):
            pixels = np.random.default_rng(seed).integers(0, 256, (6, 7), dtype=np.uint8)
            write_png(root / folder / side / f"{name}.png", pixels)
    sides = {side: {"files": f"{side}/{{name}}.png"} for side in "ab"}
    return {"kind": "local", "folder": folder, "pairs": list(seeds), **sides}


def test_prepared_dataset_meets_its_own_pins(tmp_path: Path) -> None:
    """What is pinned from a dataset is accepted when it is prepared again, for a part of its pairs too."""
    definition = make_images(tmp_path, "one", {"p": (1, 2), "q": (3, 4)})
    manifest = prepare_dataset("one", definition, tmp_path / "out", tmp_path)
    assert write_pins(tmp_path / "one.sha256", manifest) == 4
    assert set(read_pins(tmp_path / "one.sha256")) == {
        ("a", "p"),
        ("b", "p"),
        ("a", "q"),
        ("b", "q"),
    }
    part = {**definition, "pairs": ["q"], "hashes": "one.sha256"}
    assert len(prepare_dataset("part", part, tmp_path / "out", tmp_path)["pairs"]) == 1


def test_a_pinned_image_that_is_absent_is_named(tmp_path: Path) -> None:
    """A set whose images are found on the disk must have all that are pinned; a list of names may choose some of them."""
    definition = make_images(tmp_path, "one", {"p": (1, 2), "q": (3, 4)})
    manifest = prepare_dataset("one", definition, tmp_path / "out", tmp_path)
    write_pins(tmp_path / "one.sha256", manifest)
    for side in "ab":
        (tmp_path / "one" / side / "q.png").unlink()
    found = {key: value for key, value in definition.items() if key != "pairs"} | {
        "hashes": "one.sha256"
    }
    with pytest.raises(
        DatasetUnavailable, match=r"one.sha256 pins must be there; 2 are not, first: a/q"
    ):
        prepare_dataset("one", found, tmp_path / "out", tmp_path)


def test_first_file_that_changed_is_named(tmp_path: Path) -> None:
    """Of several changed images the first is told with its file, the number of all, and both sums."""
    definition = make_images(tmp_path, "one", {"p": (1, 2), "q": (3, 4), "r": (5, 6)})
    manifest = prepare_dataset("one", definition, tmp_path / "out", tmp_path)
    write_pins(tmp_path / "one.sha256", manifest)
    make_images(tmp_path, "one", {"q": (3, 40), "r": (50, 6)})
    with pytest.raises(
        DatasetUnavailable, match=r"found 2 other\(s\), first: b/q\.png, whose pixels"
    ) as error:
        prepare_dataset("one", {**definition, "hashes": "one.sha256"}, tmp_path / "out", tmp_path)
    assert manifest["pairs"][1]["b"]["sha256"] in str(error.value)


def test_shared_pairs_are_found_under_other_names_and_swapped(tmp_path: Path) -> None:
    """Two datasets share a pair when its two images are the same, whatever they are called and whichever is A."""
    sets = {
        "one": {"p": (1, 2), "q": (3, 4)},
        "two": {"x": (4, 3), "y": (9, 8)},
        "three": {"z": (1, 9)},
    }
    datasets = {}
    for name, seeds in sets.items():
        definition = make_images(tmp_path, name, seeds)
        write_pins(
            tmp_path / f"{name}.sha256",
            prepare_dataset(name, definition, tmp_path / "out", tmp_path),
        )
        datasets[name] = Dataset(name, {**definition, "hashes": f"{name}.sha256"})
    datasets["part"] = Dataset("part", {**datasets["one"].entry, "pairs": ["q"]})
    rows = shared_pairs(Registry(tmp_path, {}, datasets, {}, {}))
    assert rows == [
        {"dataset": "one", "same images as": "two", "pairs": "1 of 2 and 2", "first": "q = x"}
    ]

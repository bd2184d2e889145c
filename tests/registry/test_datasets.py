"""An entry of datasets.yaml under its name, and the images that methods are timed on."""

from __future__ import annotations

from typing import Any

import pytest
from fusebench.generated import generator
from fusebench.registry.datasets import SPEED_SIZES, Dataset, ImageSet, speed_datasets

from tests.registry.small import dataset


def drawn(generator: str, task: str = "multi-focus", **fields: Any) -> Dataset:
    """Return a generated dataset."""
    sides = dict.fromkeys(("a", "b", "folder"))
    return dataset("drawn", task=task, kind="generated", generator=generator, **sides, **fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("infrared", "visible")),
        ({"task": "multi-focus"}, ("near-focus", "far-focus")),
        ({"task": "multi-exposure"}, ("under-exposed", "over-exposed")),
        ({"task": "medical"}, ("a", "b")),
        (
            {"task": "medical", "a": {"files": "{name}", "modality": "mri"}},
            ("mri", "b"),
        ),
        ({"b": {"files": "{name}", "modality": "nir"}}, ("infrared", "nir")),
        (
            {
                "a": {"files": "{name}", "modality": "x"},
                "modalities": {"a": "mri", "b": "pet"},
            },
            ("mri", "pet"),
        ),
    ],
)
def test_modalities_are_stated_or_those_of_the_task(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    """The entry states both modalities, or one, or the task gives them.

    They are a and b for a task that does not say what its images show.
    """
    known = dataset(**fields)
    assert known.modalities == expected
    assert known.images == ImageSet("pairs", known.task, expected, exclusive=False)


@pytest.mark.parametrize(
    ("known", "has_one"),
    [
        (dataset(), False),
        (dataset(reference={"files": "gt/{name}.png"}), True),
        (drawn("multi-focus"), True),
        (drawn("night-scenes", "infrared-visible"), False),
        (drawn("repeated-640x480", "infrared-visible"), False),
    ],
)
def test_a_ground_truth_is_named_or_generated(known: Dataset, has_one: bool) -> None:
    """A dataset of files names its ground truth.

    The generator decides whether a generated dataset has one, and its pairs agree.
    """
    assert known.has_reference == has_one
    if known.entry.generator:
        made = next(generator(known.entry.generator)())
        assert (made.reference is not None) == has_one


def test_methods_are_timed_on_one_pair_for_each_task_and_size() -> None:
    """The first dataset of a task says what the images show.

    A second dataset of the same task adds nothing.
    """
    first = dataset("tno", a={"files": "{name}", "modality": "thermal"})
    timed = speed_datasets([first, drawn("multi-focus"), dataset("other")], exclusive=True)
    assert sorted(known.name for known in timed) == sorted(
        f"speed-{size}-{task}"
        for size in SPEED_SIZES
        for task in ("infrared-visible", "multi-focus")
    )
    by_name = {known.name: known for known in timed}
    infrared = by_name["speed-640x480-infrared-visible"]
    assert infrared.modalities == ("thermal", "visible") and infrared.images.exclusive
    assert infrared.entry.generator == "repeated-640x480" and not infrared.has_reference
    assert next(generator(infrared.entry.generator)()).a.shape[:2] == (480, 640)


def test_nothing_is_timed_without_datasets() -> None:
    """Without any dataset of a task there is nothing to time for it."""
    assert speed_datasets([], exclusive=False) == ()
    [small, large] = speed_datasets([dataset()], exclusive=False)
    assert not small.images.exclusive and (small.title, large.title) == (
        "One fixed pair at 640x480",
        "One fixed pair at 1024x768",
    )

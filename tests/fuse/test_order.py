"""Numbered results that resemble the sources of other pairs are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import Pair
from fusebench.datasets.thumbnails import write_thumbnails
from fusebench.errors import BadOutput
from fusebench.fuse.order import refuse_other_order
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from tests.fuse.made import RUN, pair

Thumbnail = NDArray[np.uint8]
NUMBERED = replace(RUN, collect="{out}/{index:04d}.png")
NAMES = ["p1", "p2", "p3", "p4"]
PAIRS = [pair(name) for name in NAMES]


def noise(seed: int) -> Thumbnail:
    """Return a thumbnail that resembles no other one."""
    return np.random.default_rng(seed).integers(0, 256, (32, 32), dtype=np.uint8)


SOURCES = {name: (noise(2 * number), noise(2 * number + 1)) for number, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of four scenes that have nothing in common."""
    folder = tmp_path_factory.mktemp("dataset")
    sides = {side: [SOURCES[name][i] for name in NAMES] for i, side in enumerate("ab")}
    write_thumbnails(folder, sides, NAMES)
    return folder


def mixed(name: str, weight: float) -> Thumbnail:
    """Return a fused image of a pair: a weighted mean of its sources."""
    a, b = (side.astype(float) for side in SOURCES[name])
    return np.clip(np.rint(weight * a + (1 - weight) * b), 0, 255).astype(np.uint8)


def judge(
    dataset: Path, fused: dict[str, Thumbnail], run: Run = NUMBERED, pairs: list[Pair] = PAIRS
) -> str:
    """Return the error for some results; ``""`` where there is none."""
    try:
        refuse_other_order(pairs, dataset, fused, run)
    except BadOutput as error:
        return str(error)
    return ""


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_results_in_their_order_are_accepted(dataset: Path, weights: list[float]) -> None:
    """A method may take one source alone, or any mean of both."""
    fused = {name: mixed(name, weight) for name, weight in zip(NAMES, weights, strict=True)}
    assert judge(dataset, fused) == ""


@settings(deadline=None, max_examples=25)
@given(st.permutations(NAMES), st.floats(0, 1))
def test_results_in_another_order_are_refused(
    dataset: Path, order: list[str], weight: float
) -> None:
    """Any other order is refused.

    The first pair with a foreign result is named, and the pair that the result belongs to.
    """
    fused = {name: mixed(other, weight) for name, other in zip(NAMES, order, strict=True)}
    wrong = [(name, other) for name, other in zip(NAMES, order, strict=True) if name != other]
    told = judge(dataset, fused)
    assert bool(told) == bool(wrong)
    if wrong:
        name, other = wrong[0]
        assert told.startswith(f"the result collected for pair {name!r} must resemble its own")
        assert f"it resembles those of pair {other!r} (1.00)" in told


def test_results_under_the_names_of_their_pairs_are_not_judged(dataset: Path) -> None:
    """A script that names its results after the pairs cannot mix up their order."""
    fused = {name: mixed(other, 0.5) for name, other in zip(NAMES, reversed(NAMES), strict=True)}
    assert judge(dataset, fused, RUN) == "" and judge(dataset, fused) != ""


def test_one_pair_has_no_order(dataset: Path) -> None:
    """The result of a single pair is its own, whatever it looks like."""
    assert judge(dataset, {"p1": noise(99)}, pairs=PAIRS[:1]) == ""


@pytest.mark.parametrize(
    "made",
    [
        lambda name: noise(100 + int(name[1])),
        lambda name: np.full((32, 32), 128, np.uint8),
        lambda name: 255 - mixed(name, 0.5),
        lambda name: (mixed(name, 0.5) // 4 + 90).astype(np.uint8),
    ],
    ids=["resembles nothing", "one value", "inverted", "pale"],
)
def test_only_a_likeness_to_another_pair_is_refused(dataset: Path, made: object) -> None:
    """A result that resembles no pair, or its own pair in another tone, may be a bad one.

    Its order is not known to be wrong.
    """
    assert callable(made)
    assert judge(dataset, {name: made(name) for name in NAMES}) == ""


def test_pairs_with_the_same_sources_may_change_places(tmp_path: Path) -> None:
    """Frames of one scene resemble each other.

    A result that also resembles its own sources is right.
    """
    twins = {side: [SOURCES["p1"][i]] * 2 for i, side in enumerate("ab")}
    write_thumbnails(tmp_path, twins, NAMES[:2])
    fused = {"p1": mixed("p1", 0.5), "p2": mixed("p1", 0.4)}
    assert judge(tmp_path, fused, pairs=PAIRS[:2]) == ""


def test_sources_of_one_value_are_no_reason_to_fail(tmp_path: Path) -> None:
    """A black image resembles nothing, and there is no division by zero."""
    black = np.zeros((32, 32), np.uint8)
    write_thumbnails(tmp_path, {"a": [black, noise(1)], "b": [black, black]}, NAMES[:2])
    with np.errstate(all="raise"):
        assert judge(tmp_path, {"p1": noise(5), "p2": noise(1)}, pairs=PAIRS[:2]) == ""

"""A run whose results cannot be right is suspicious, and numbered results of others are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fusebench.contracts.jobs.fusing import CellSpec
from fusebench.contracts.suspicion import Suspicion
from fusebench.datasets.preparation import prepare_dataset
from fusebench.errors import BadOutput
from fusebench.fuse.judging import judge
from fusebench.fuse.records import Cell, Outcome
from fusebench.images import pixel_sha256, thumbnail, write_png
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from tests.datasets.made import LOCAL, pixels
from tests.fuse.made import SPEC, cell, image

Pixels = NDArray[np.uint8]
NAMES = ["p1", "p2", "p3", "p4"]
NUMBERED = replace(SPEC, run=replace(SPEC.run, collect="{out}/{index:04d}.png"))
SOURCES = {name: (pixels(2 * i, 70, 80), pixels(2 * i + 1, 70, 80)) for i, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Cell:
    """A cell of four scenes that have nothing in common."""
    folder = tmp_path_factory.mktemp("dataset")
    for name, sides in SOURCES.items():
        for side, levels in zip("ab", sides, strict=True):
            write_png(folder / f"images/{side}/{name}.png", levels)
    manifest = prepare_dataset("d", LOCAL, folder / "d", folder)
    return cell(folder, manifest=manifest)


def mixed(name: str, weight: float) -> Pixels:
    """Return a fused image of a pair: a weighted mean of its sources."""
    a, b = (side.astype(float) for side in SOURCES[name])
    return np.clip(np.rint(weight * a + (1 - weight) * b), 0, 255).astype(np.uint8)


def judged(
    known: Cell, fused: dict[str, Pixels], spec: CellSpec = SPEC, outcome: Outcome | None = None
) -> str:
    """Return why some results cannot be right; ``""`` where they can, the error if refused."""
    folder = known.root / "fused"
    for name, levels in fused.items():
        write_png(folder / f"{name}.png", levels)
    outcome = outcome or Outcome()
    outcome.images = [
        image(name, size=(80, 70), sha256=pixel_sha256(levels)) for name, levels in fused.items()
    ]
    small = {name: thumbnail(levels) for name, levels in fused.items()}
    told = Cell(known.name, spec, known.source, known.environment, known.manifest, None, known.root)
    try:
        return judge(told, outcome, small, folder)
    except BadOutput as error:
        return f"refused: {error}"


@settings(deadline=None, max_examples=15)
@given(st.lists(st.floats(0.1, 0.9), min_size=4, max_size=4))
def test_results_in_their_order_are_accepted(dataset: Cell, weights: list[float]) -> None:
    """A method may weight both sources as it likes, under names and under numbers."""
    fused = {name: mixed(name, weight) for name, weight in zip(NAMES, weights, strict=True)}
    assert judged(dataset, fused) == judged(dataset, fused, NUMBERED) == ""


@settings(deadline=None, max_examples=15)
@given(st.permutations(NAMES))
def test_results_in_another_order_are_never_ok(dataset: Cell, order: list[str]) -> None:
    """Numbered ones are refused with the cure; named ones are suspicious.

    The first pair with a foreign result is named, and the pair that the result belongs to.
    """
    fused = {name: mixed(other, 0.5) for name, other in zip(NAMES, order, strict=True)}
    wrong = [(name, other) for name, other in zip(NAMES, order, strict=True) if name != other]
    named, numbered = judged(dataset, fused), judged(dataset, fused, NUMBERED)
    assert bool(named) == bool(numbered) == bool(wrong)
    if wrong:
        name, other = wrong[0]
        assert numbered.startswith(
            f"refused: the result collected for pair {name!r} must resemble its own sources"
        )
        assert f"to {other!r} 1.00): the script numbers its results in another order" in numbered
        assert named.startswith(
            f"{len(wrong)} of 4 results resemble the sources of another pair: {name!r} (likeness"
        )
        assert named.endswith("`accept: [other-pair]`")


def test_numbered_results_that_resemble_no_pair_are_suspicious(dataset: Cell) -> None:
    """Their order is not known to be wrong."""
    fused = {name: pixels(100 + place, 70, 80) for place, name in enumerate(NAMES)}
    told = judged(dataset, fused, NUMBERED)
    assert told.startswith("4 of 4 results do not resemble their sources: 'p1' (likeness 0.")


def test_an_entry_can_accept_a_rule(dataset: Cell) -> None:
    """What it accepts is a note of the record; anything else is suspicious all the same."""
    fused = {name: sides[0] for name, sides in SOURCES.items()}
    fused["p4"] = np.asarray(255 - mixed("p4", 0.5))
    accept: list[Suspicion] = ["copy"]
    outcome = Outcome()
    told = judged(dataset, fused, replace(SPEC, accept=accept), outcome)
    assert told.startswith("1 of 4 results are negatives") and told.endswith("[negative]`")
    [note] = outcome.notes
    assert note.startswith("accepted by the entry: 3 of 4 results are copies of source image A")
    assert judged(dataset, fused, replace(SPEC, accept=["copy", "negative"])) == ""


def test_a_network_without_its_weights_is_suspicious(dataset: Cell) -> None:
    """The launcher's note is the reason, unless the entry accepts it."""
    fused = {name: mixed(name, 0.4) for name in NAMES}
    note = "loading changed no parameter of Net: it may be untrained"
    told = judged(dataset, fused, outcome=Outcome(notes=[note]))
    assert told.startswith(f"{note}: look at") and told.endswith("`accept: [untrained]`")
    accepted = replace(SPEC, accept=["untrained"])
    assert judged(dataset, fused, accepted, Outcome(notes=[note])) == ""


def test_self_checks_are_compared_with_the_authors_results_instead(
    dataset: Cell, tmp_path: Path
) -> None:
    """Only the order of their numbered results is judged."""
    expected = [replace(pair, expect=pair.sides["a"]) for pair in dataset.manifest.pairs]
    known = Cell(
        "selfcheck/c/1", SPEC, dataset.source, dataset.environment,
        replace(dataset.manifest, pairs=expected), None, dataset.root,
    )  # fmt: skip
    negatives = {name: np.asarray(255 - mixed(name, 0.5)) for name in NAMES}
    assert judged(known, negatives) == "" != judged(dataset, negatives)
    exchanged = {name: mixed(other, 0.5) for name, other in zip(NAMES, NAMES[::-1], strict=True)}
    assert judged(known, exchanged, NUMBERED).startswith("refused")

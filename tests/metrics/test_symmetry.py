"""What all definitions have in common, and which definitions are exceptions."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from fusebench.metrics import SourcePair
from fusebench.metrics.definitions import Definition
from fusebench.metrics.resolving import all_definitions

from tests.metrics.measuring import CHANGES, Pixels, ordinary_scene

ORDERED = {"Q_C", "QC@zliu", "Qc@mefb", "Nabf_as_called@tang"}
"""Definitions in which A and B have different parts."""

OF_FUSED = {"EN", "SD", "SF", "AG", "EI"}
"""Metrics that do not use the sources."""

OF_LEVELS = {"EN", "SD", "CE", "MI", "NMI", "CC", "SCD", "MSE", "PSNR", "QNCIE", "TE"}
"""Metrics that do not depend on positions: pixels of all images may be shuffled in the same way."""

AS_CALLED = "Nabf_as_called@tang"
"""Nabf as Tang calls it looks for artifacts in A, so noise as fused image is not worse."""


def of_pairs() -> list[Definition]:
    """Return the definitions for gray images without a ground truth."""
    return [
        definition
        for definition in all_definitions().values()
        if definition.kind == "gray" and not definition.needs_reference
    ]


@cache
def values_of(change: str) -> dict[str, float]:
    """Return all values of the scene, with a change of it."""
    a, b, fused = ordinary_scene()
    if change == "swapped":
        a, b = b, a
    elif change == "other sources":
        a, b = b[::-1], (a + b) / 3
    elif change != "none":
        a, b, fused = (CHANGES[change](image) for image in (a, b, fused))
    return SourcePair(a, b).measure(fused, of_pairs())


@pytest.mark.parametrize("name", [definition.id for definition in of_pairs()])
def test_sources_may_change_places(name: str) -> None:
    """Only the definitions of ``ORDERED`` change when the sources are exchanged.

    Q_G differs by less than 1e-11, because it replaces a strength of 0 only once.
    """
    before, after = values_of("none")[name], values_of("swapped")[name]
    assert (after == pytest.approx(before, rel=1e-11)) != (name in ORDERED)


@pytest.mark.parametrize("name", [definition.id for definition in of_pairs()])
def test_only_some_metrics_look_at_no_source(name: str) -> None:
    """Entropy, deviation and gradients depend on the fused image alone, for every evaluator."""
    same = values_of("other sources")[name] == values_of("none")[name]
    metric = all_definitions()[name].metric
    assert same == (metric in OF_FUSED or name == "CE@ivif-zoo")


@pytest.mark.parametrize("name", [definition.id for definition in of_pairs()])
def test_only_statistics_of_levels_know_no_place(name: str) -> None:
    """All other metrics change when pixels are shuffled."""
    before, after = values_of("none")[name], values_of("shuffled")[name]
    metric = all_definitions()[name].metric
    assert (after == pytest.approx(before, rel=1e-9)) == (metric in OF_LEVELS)


@cache
def kept_and_lost() -> tuple[dict[str, float], dict[str, float]]:
    """Return all values of a fused image that is both sources, and of one that is noise.

    A refused value is infinite.
    """
    a, _, _ = ordinary_scene()
    noise: Pixels = np.random.RandomState(0).randint(0, 256, a.shape).astype(float)
    pair = SourcePair(a, a)
    return pair.attempt(a, of_pairs())[0], pair.attempt(noise, of_pairs())[0]


def with_a_direction() -> list[str]:
    """Return the definitions that cannot be better for noise than for the sources themselves."""
    return [
        definition.id
        for definition in of_pairs()
        if definition.metric not in OF_FUSED
        and definition.direction != "none"
        and definition.id != AS_CALLED
    ]


@pytest.mark.parametrize("name", with_a_direction())
def test_the_direction_is_told_right(name: str) -> None:
    """A fused image that is both sources is better than noise, by the direction in the table.

    PSNR and SCD refuse that image.
    """
    definition = all_definitions()[name]
    kept, lost = (values.get(name) for values in kept_and_lost())
    assert lost is not None
    if kept is None:
        assert definition.metric in ("PSNR", "SCD")
    else:
        assert kept > lost if definition.direction == "higher" else kept < lost

"""The generated datasets of the embedded default, by the names that ``datasets.yaml`` uses.

Each generator yields its pairs in a fixed order, and the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from fusebench.datasets.generated.exposure import multi_exposure
from fusebench.datasets.generated.focus import multi_focus
from fusebench.datasets.generated.pair import GeneratedPair
from fusebench.datasets.generated.repeated import SIZES, repeated
from fusebench.datasets.generated.scenes import night_scenes

GENERATORS: dict[str, Callable[[], Iterator[GeneratedPair]]] = {
    "night-scenes": night_scenes,
    "multi-focus": multi_focus,
    "multi-exposure": multi_exposure,
    **{f"repeated-{width}x{height}": partial(repeated, width, height) for width, height in SIZES},
}

WITH_GROUND_TRUTH = frozenset({"multi-focus"})
"""Generators whose pairs come with a reference."""

__all__ = ["GENERATORS", "WITH_GROUND_TRUTH", "GeneratedPair"]

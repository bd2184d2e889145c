"""Shared helpers of the tests of formulas.

They measure a scene under one name, and change images in ways that a formula may or may not see.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from fusebench.metrics import SourcePair, resolve
from fusebench.metrics.images import Fusion, Image
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.metrics.conftest import Scene, make_scene

Pixels = NDArray[np.float64]

examples = settings(deadline=None, max_examples=50, derandomize=True, database=None)
"""The same examples in every run, without a time limit.

The first example may have to compile a loop.
"""


def _shuffled(image: Pixels) -> Pixels:
    order = np.random.RandomState(0).permutation(image.size)
    return np.asarray(image.ravel()[order].reshape(image.shape))


def images(
    *shape: int, count: int = 1, highest: int = 255
) -> st.SearchStrategy[NDArray[np.float64]]:
    """Return images of whole levels, ``(count, *shape)``.

    They are noise of a seed, or noise of few levels.
    """
    return st.builds(
        lambda seed, levels: (
            np.random.RandomState(seed).randint(0, levels + 1, (count, *shape)).astype(np.float64)
        ),
        st.integers(0, 2**32 - 1),
        st.sampled_from([1, 3, highest]),
    )


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "mirrored": lambda image: image[:, ::-1].copy(),
    "upside down": lambda image: image[::-1].copy(),
    "transposed": lambda image: np.ascontiguousarray(image.T),
    "shuffled": _shuffled,
    "brighter": lambda image: image + 7,
    "inverted": lambda image: 255 - image,
    "half contrast": lambda image: image / 2,
}
"""What is done to the sources and the fused image alike."""


def value(name: str, a: Pixels, b: Pixels, fused: Pixels, reference: Pixels | None = None) -> float:
    """Return the value of one definition."""
    return SourcePair(a, b, reference).measure(fused, resolve([name]))[name]


def refusal(name: str, a: Pixels, b: Pixels, fused: Pixels, reference: Pixels | None = None) -> str:
    """Return why a definition has no value on these images."""
    values, refusals = SourcePair(a, b, reference).attempt(fused, resolve([name]))
    assert not values
    return refusals[name]


def fusion_of(a: Pixels, b: Pixels, fused: Pixels) -> Fusion:
    """Return what formulas are applied to."""
    return Fusion(fused, SourcePair(a, b))


def image_of(pixels: Pixels) -> Image:
    """Return one image as formulas see it."""
    return Image(pixels, "image")


def rows(*lines: list[float]) -> Pixels:
    """Return a small image from its rows."""
    return np.array(lines, dtype=np.float64)


def flat(level: float, height: int = 48, width: int = 56) -> Pixels:
    """Return an image of one gray level."""
    return np.full((height, width), float(level))


def ramp(step: float, height: int = 12, width: int = 20) -> Pixels:
    """Return an image that grows by a step from column to column."""
    return np.tile(np.arange(width) * float(step), (height, 1))


def ordinary_scene() -> Scene:
    """Return a scene in the middle of the range, so that no change of ``CHANGES`` leaves it."""
    a, b, fused = make_scene(192, 192, 5)
    return np.rint(a * 0.7 + 20), np.rint(b * 0.7 + 20), np.rint(fused * 0.7 + 20)


def assert_unchanged(name: str, change: str, tolerance: float = 1e-9) -> None:
    """Assert that a definition does not see a change of all three images."""
    a, b, fused = ordinary_scene()
    alter = CHANGES[change]
    after = value(name, alter(a), alter(b), alter(fused))
    assert after == pytest.approx(value(name, a, b, fused), rel=tolerance, abs=1e-12), (
        name,
        change,
    )


def assert_changed(name: str, change: str, least: float = 1e-5) -> None:
    """Assert that a definition sees a change of all three images.

    The relative difference must exceed ``least``.
    """
    a, b, fused = ordinary_scene()
    alter = CHANGES[change]
    before, after = value(name, a, b, fused), value(name, alter(a), alter(b), alter(fused))
    assert abs(after - before) > least * abs(before), (name, change)

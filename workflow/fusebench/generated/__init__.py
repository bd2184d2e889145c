"""The generated datasets of the embedded default, by the names that ``datasets.yaml`` uses.

Each generator yields its pairs in a fixed order, and the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fusebench.generated.pair import GeneratedPair

FOLDER = Path(__file__).resolve().parent
"""The code of the generators; a change of it may change the images."""

SIZES = {"repeated-640x480": (640, 480), "repeated-1024x768": (1024, 768)}
"""Width and height in pixels of the repeated pairs."""

_FUNCTIONS = {
    "night-scenes": "scenes.night_scenes",
    "multi-focus": "focus.multi_focus",
    "multi-exposure": "exposure.multi_exposure",
    "satellite": "satellite.satellite",
    "hyperspectral": "satellite.hyperspectral",
}

GENERATORS = (*_FUNCTIONS, *SIZES)
"""Names of all generators; reading a name does not import the code that draws the images."""

OF_ARRAYS = frozenset({"satellite", "hyperspectral"})
"""Generators whose scenes are arrays; their datasets say what is known of them in `cube`."""

WITH_GROUND_TRUTH = frozenset({"multi-focus"})
"""Generators whose pairs come with a reference."""


def generator(name: str) -> Callable[[], Iterator[GeneratedPair]]:
    """Return a generator by its name.

    Raises:
        KeyError: there is none of that name.
    """
    if name in SIZES:
        from fusebench.generated.repeated import repeated

        return partial(repeated, *SIZES[name])
    module, function = _FUNCTIONS[name].split(".")
    generate: Callable[[], Iterator[GeneratedPair]] = getattr(
        import_module(f"{__name__}.{module}"), function
    )
    return generate


__all__ = ["FOLDER", "GENERATORS", "OF_ARRAYS", "WITH_GROUND_TRUTH", "generator"]

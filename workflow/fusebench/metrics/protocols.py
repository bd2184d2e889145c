"""Protocols: what a colour image is turned into before it is measured.

The canonical protocol is the rounded luma. Another one changes the definition's name:
``SSIM+rgb-mean``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusebench.errors import MetricError
from fusebench.metrics.definitions import CANONICAL_PROTOCOL, Definition
from fusebench.metrics.images import Pixels, SourcePair, luma, scaled_levels, to_gray

MATLAB_WEIGHTS = (0.298936021293775, 0.587043074451121, 0.114020904255103)
"""Weights of MATLAB's ``rgb2gray``."""


def _luma(image: NDArray[Any]) -> list[Pixels]:
    return [to_gray(image)]


def _matlab_gray(image: NDArray[Any]) -> list[Pixels]:
    return [np.floor(luma(scaled_levels(image), MATLAB_WEIGHTS) + 0.5)]


def _unrounded_luma(image: NDArray[Any]) -> list[Pixels]:
    return [np.clip(luma(scaled_levels(image)), 0, 255)]


def _channels(image: NDArray[Any]) -> list[Pixels]:
    levels = np.round(scaled_levels(image))
    return [levels] if levels.ndim == 2 else [levels[:, :, channel] for channel in range(3)]


VIEWS: dict[str, Callable[[NDArray[Any]], list[Pixels]]] = {
    CANONICAL_PROTOCOL: _luma,
    "rgb-mean": _channels,
    "matlab-gray": _matlab_gray,
    "unrounded-luma": _unrounded_luma,
}
"""Gray views of an image under each protocol; a value is the mean over the views."""


class ImagePair:
    """Two sources as they were read, for definitions of any protocol.

    A gray image counts as a colour image whose channels are equal.
    """

    def __init__(
        self, a: NDArray[Any], b: NDArray[Any], reference: NDArray[Any] | None = None
    ) -> None:
        """Take uint8 or uint16 images ``(H, W)`` or ``(H, W, 3)`` in RGB order.

        Raises:
            MetricError: another type or shape, or different sizes.
        """
        self._images = (a, b, reference)
        self._pairs: dict[tuple[str, int], list[SourcePair]] = {}
        self._sources_of(CANONICAL_PROTOCOL, 1)

    @property
    def is_gray(self) -> bool:
        """Whether no image of the pair has colour channels."""
        return all(image is None or image.ndim == 2 for image in self._images)

    def _sources_of(self, protocol: str, count: int) -> list[SourcePair]:
        """Pairs of sources, one for each of ``count`` views."""
        if (protocol, count) not in self._pairs:
            a, b, reference = (
                None if image is None else _views(image, protocol, count) for image in self._images
            )
            assert a is not None and b is not None
            references = [None] * count if reference is None else reference
            self._pairs[protocol, count] = [
                SourcePair(*views) for views in zip(a, b, references, strict=True)
            ]
        return self._pairs[protocol, count]

    def measure(self, fused: NDArray[Any], definitions: Iterable[Definition]) -> dict[str, float]:
        """Measure one fused image, uint8 or uint16; see :meth:`SourcePair.measure`."""
        definitions = list(definitions)
        values, refusals = self.attempt(fused, definitions)
        if refusals:
            raise MetricError("; ".join(f"{name}: {reason}" for name, reason in refusals.items()))
        return values

    def attempt(
        self, fused: NDArray[Any], definitions: Iterable[Definition]
    ) -> tuple[dict[str, float], dict[str, str]]:
        """Measure what can be measured; see :meth:`SourcePair.attempt`."""
        values: dict[str, float] = {}
        refusals: dict[str, str] = {}
        definitions = list(definitions)
        by_protocol = sorted(definitions, key=lambda definition: definition.protocol)
        for protocol, group in groupby(by_protocol, key=lambda definition: definition.protocol):
            more, refused = self._attempt_views(fused, protocol, list(group))
            values.update(more)
            refusals.update(refused)
        order = [definition.id for definition in definitions]
        return {name: values[name] for name in order if name in values}, refusals

    def _attempt_views(
        self, fused: NDArray[Any], protocol: str, group: list[Definition]
    ) -> tuple[dict[str, float], dict[str, str]]:
        """Values averaged over the views of one protocol, and refusals of any view."""
        images = [image for image in (*self._images, fused) if image is not None]
        count = max(len(VIEWS[protocol](image)) for image in images)
        sources, views = self._sources_of(protocol, count), _views(fused, protocol, count)
        plain = [replace(definition, protocol=CANONICAL_PROTOCOL) for definition in group]
        attempts = [pair.attempt(view, plain) for pair, view in zip(sources, views, strict=True)]
        refusals = {name: reason for _, refused in attempts for name, reason in refused.items()}
        names = [definition.id for definition in group if definition.id not in refusals]
        return {
            name: sum(values[name] for values, _ in attempts) / count for name in names
        }, refusals


def _views(image: NDArray[Any], protocol: str, count: int) -> list[Pixels]:
    """Exactly ``count`` views; those of a gray image are all the same."""
    views = VIEWS[protocol](image)
    return views * (count // len(views))

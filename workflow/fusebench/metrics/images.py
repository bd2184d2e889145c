"""The images that are measured, with the parts that metrics share.

Every part (a gradient, a histogram, a filtered image) is computed when a metric first asks for it,
and cached. Parts of a source stay cached as long as its :class:`SourcePair`, for all fused images
of that pair; parts of a fused image as long as one call of :meth:`SourcePair.measure`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fusebench.errors import MetricError
from fusebench.metrics.definitions import CANONICAL_PROTOCOL, Definition

Pixels = NDArray[np.float64]
T = TypeVar("T")

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
"""Weights of R, G and B in the luma of ITU-R BT.601.

OpenCV and MATLAB's ``rgb2gray`` use the same weights.
"""

_MAXIMUM_OF = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}


def to_gray(image: NDArray[Any]) -> Pixels:
    """Canonical gray image: luma on 0..255, rounded to whole levels.

    Args:
        image: ``(H, W)`` gray or ``(H, W, 3)`` RGB, uint8 or uint16. 16-bit values are divided by
            257, so that 65535 becomes 255, and then treated as 8-bit ones.

    Returns:
        ``round(0.299 R + 0.587 G + 0.114 B)`` as float64 ``(H, W)`` on 0..255.

    Raises:
        MetricError: another type or another number of channels.
    """
    return np.round(luma(scaled_levels(image)))


def luma(image: Pixels, weights: tuple[float, float, float] = LUMA_WEIGHTS) -> Pixels:
    """Weighted sum of R, G and B of ``(H, W, 3)``; a gray image ``(H, W)`` is returned as it is."""
    if image.ndim == 2:
        return image
    return weights[0] * image[:, :, 0] + weights[1] * image[:, :, 1] + weights[2] * image[:, :, 2]


def scaled_levels(image: NDArray[Any]) -> Pixels:
    """Return an image as float64 on 0..255, not rounded; 16-bit values are divided by 257.

    Raises:
        MetricError: it is masked, of another type than uint8 and uint16, or neither gray nor RGB.
    """
    if isinstance(image, np.ma.MaskedArray) and np.ma.is_masked(image):
        raise MetricError(
            "an image to be measured must have a value in every pixel; this one is masked,"
            " crop it first"
        )
    maximum = _MAXIMUM_OF.get(image.dtype)
    if maximum is None:
        raise MetricError(f"an image to be made gray must be uint8 or uint16, found {image.dtype}")
    if image.ndim != 2 and (image.ndim != 3 or image.shape[2] != 3):
        raise MetricError(f"an image must have shape (H, W) or (H, W, 3), found {image.shape}")
    return np.asarray(image, dtype=np.float64) * (255.0 / maximum)


KEPT_BYTES = 512 * 2**20
"""How many bytes of its parts one image or pair caches.

Only images of more than about 5 megapixels come near this limit.
"""


def _size_of(value: object) -> int:
    """Bytes of an array, of a tuple of arrays, or of what an image holds; 0 for a number."""
    if isinstance(value, tuple):
        return sum(_size_of(item) for item in value)
    pixels = getattr(value, "pixels", value)
    return int(getattr(pixels, "nbytes", 0))


class Parts:
    """Caches what was computed from an object, so that each part is computed once.

    When the parts of a very large image exceed :data:`KEPT_BYTES`, the least recently used parts
    are dropped. They are computed again when a metric asks for them.
    """

    def __init__(self) -> None:
        """Start with no part."""
        self._parts: dict[tuple[Any, ...], Any] = {}

    def part(self, compute: Callable[..., T], *arguments: Hashable) -> T:
        """Return ``compute(self, *arguments)``, computed by the first call with these arguments."""
        key = (compute, *arguments)
        value: T = self._parts.pop(key) if key in self._parts else compute(self, *arguments)
        self._parts[key] = value  # the last one is the one used last
        self._drop_excess()
        return value

    def _drop_excess(self) -> None:
        sizes = {key: _size_of(value) for key, value in self._parts.items()}
        excess = sum(sizes.values()) - KEPT_BYTES
        for key in list(sizes)[:-1]:
            if excess <= 0:
                return
            del self._parts[key]
            excess -= sizes[key]


class Image(Parts):
    """One gray image.

    Attributes:
        pixels: float64 ``(H, W)`` on 0..255, contiguous; never written to.
        name: what messages call it.
    """

    def __init__(self, pixels: NDArray[Any], name: str, *, derived: bool = False) -> None:
        """Check the pixels and store them.

        Pixels ``derived`` from checked ones are not checked again.

        Raises:
            MetricError: they are not gray, not finite, masked, or outside 0..255.
        """
        super().__init__()
        self.name = name
        self.pixels = pixels if derived else _checked(pixels, name)

    @property
    def is_constant(self) -> bool:
        """Whether all pixels have the same value."""
        low, high = self.part(_extremes)
        return low == high

    @property
    def extremes(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.part(_extremes)


def _extremes(image: Image) -> tuple[float, float]:
    return float(image.pixels.min()), float(image.pixels.max())


def _checked(pixels: NDArray[Any], name: str) -> Pixels:
    """Return the pixels as contiguous float64, or refuse what no metric could give a number for."""
    if isinstance(pixels, np.ma.MaskedArray) and np.ma.is_masked(pixels):
        raise MetricError(
            f"{name} must have a value in every pixel; it is masked, crop it or fill it first"
        )
    pixels = np.ascontiguousarray(pixels, dtype=np.float64)
    if pixels.ndim != 2 or pixels.size == 0:
        raise MetricError(
            f"{name} must be a gray image of shape (H, W), found {pixels.shape}; use to_gray first"
        )
    if not np.isfinite(pixels).all():
        count = int(np.count_nonzero(~np.isfinite(pixels)))
        raise MetricError(
            f"{name} must hold numbers only;"
            f" {count} of its {pixels.size} pixels are nan or infinite"
        )
    if pixels.min() < 0 or pixels.max() > 255:
        found = f"{pixels.min():g}..{pixels.max():g}"
        raise MetricError(
            f"{name} must lie on 0..255, found {found}; scale it first (to_gray does for uint16)"
        )
    return pixels


class Measurable(Parts, ABC):
    """Sources that fused images can be measured against."""

    kind: str
    """What a definition must be made for: ``gray`` or ``bands``."""

    @abstractmethod
    def fusion(self, fused: NDArray[Any]) -> Parts:
        """Check a fused image and join it with these sources.

        Raises:
            MetricError: it cannot be measured (size, nan, range).
        """

    def measure(self, fused: NDArray[Any], definitions: Iterable[Definition]) -> dict[str, float]:
        """Measure one fused image.

        Args:
            fused: the fused image, of the shape and value range of the sources.
            definitions: what to measure, from :func:`fusebench.metrics.resolve`.

        Returns:
            One finite number for each definition, by its id, in the order asked for.

        Raises:
            MetricError: the fused image cannot be measured, or a metric has no value on these
                images; the message names every such metric and the reason.
        """
        values, refusals = self.attempt(fused, definitions)
        if refusals:
            raise MetricError("; ".join(f"{name}: {reason}" for name, reason in refusals.items()))
        return values

    def attempt(
        self, fused: NDArray[Any], definitions: Iterable[Definition]
    ) -> tuple[dict[str, float], dict[str, str]]:
        """Measure what can be measured.

        Returns the values by id, and the reason for each metric that has no value.

        Raises:
            MetricError: the fused image itself cannot be measured (size, nan, range).
        """
        fusion = self.fusion(fused)
        values: dict[str, float] = {}
        refusals: dict[str, str] = {}
        for definition in definitions:
            try:
                values[definition.id] = self._finite_value(definition, fusion)
            except MetricError as refusal:
                refusals[definition.id] = str(refusal)
        return values, refusals

    def _finite_value(self, definition: Definition, fusion: Parts) -> float:
        if definition.protocol != CANONICAL_PROTOCOL:
            raise MetricError(
                f"asks for the protocol {definition.protocol}; measure the images with ImagePair"
            )
        if definition.kind != self.kind:
            raise MetricError(
                f"is defined for {definition.kind} images, these are {self.kind} images"
            )
        value = float(definition.formula(fusion))
        if not math.isfinite(value):
            raise MetricError(
                f"is {value} on these images (the formula divides by zero), so it has no value"
            )
        return value


class SourcePair(Measurable):
    """The two sources of a fusion, and the ground truth where there is one.

    Attributes:
        a, b: the sources; for infrared and visible ``a`` is the infrared one (only definitions that
            copy an asymmetric original depend on the order).
        reference: the ground truth, or None.
    """

    kind = "gray"

    def __init__(
        self, a: NDArray[Any], b: NDArray[Any], reference: NDArray[Any] | None = None
    ) -> None:
        """Take the sources as float64 ``(H, W)`` on 0..255.

        Raises:
            MetricError: the sizes differ, or an image holds nan, masked or out-of-range pixels.
        """
        super().__init__()
        self.a = Image(a, "source A")
        self.b = Image(b, "source B")
        self.reference = None if reference is None else Image(reference, "the reference")
        for other in (self.b, self.reference):
            _check_same_size(self.a, other)

    def fusion(self, fused: NDArray[Any]) -> Fusion:
        """Join a fused image, float64 ``(H, W)`` on 0..255, with these sources.

        Raises:
            MetricError: its size differs, or it holds nan, masked or out-of-range pixels.
        """
        return Fusion(fused, self)


class Fusion(Parts):
    """One fused image with its sources: what a formula is applied to.

    Attributes:
        fused: the fused image.
        pair: the sources, for parts that depend on both but not on the fused image.
    """

    def __init__(self, fused: NDArray[Any], pair: SourcePair) -> None:
        """Check the fused image against the size of its sources."""
        super().__init__()
        self.fused = Image(fused, "the fused image")
        self.pair = pair
        _check_same_size(pair.a, self.fused)

    @property
    def a(self) -> Image:
        """The first source."""
        return self.pair.a

    @property
    def b(self) -> Image:
        """The second source."""
        return self.pair.b

    @property
    def sources(self) -> tuple[Image, Image]:
        """Both sources."""
        return self.pair.a, self.pair.b

    @property
    def reference(self) -> Image:
        """The ground truth.

        Raises:
            MetricError: there is none.
        """
        if self.pair.reference is None:
            raise MetricError("needs a ground truth, and these sources have none")
        return self.pair.reference

    def require_size(self, smallest: int) -> None:
        """Refuse images with a side of fewer than ``smallest`` pixels."""
        height, width = self.fused.pixels.shape
        if min(height, width) < smallest:
            raise MetricError(
                f"needs images of at least {smallest} x {smallest} pixels, found {height} x {width}"
            )


def _check_same_size(first: Image, second: Image | None) -> None:
    if second is not None and first.pixels.shape != second.pixels.shape:
        sizes = [" x ".join(str(side) for side in image.pixels.shape) for image in (first, second)]
        raise MetricError(
            f"{first.name} and {second.name} must have the same size (height x width),"
            f" found {sizes[0]} and {sizes[1]}"
        )

"""The images that are measured, with the parts that metrics share.

Every part (a gradient, a histogram, a filtered image) is computed when a metric first asks for it,
and cached. Parts of a source stay cached as long as its :class:`SourcePair`, for all fused images
of that pair; parts of a fused image as long as one call of :meth:`SourcePair.measure`.

Very large images take little memory: see :mod:`fusebench.metrics.strips`, and :class:`Kept`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from fusebench.errors import MetricError
from fusebench.metrics import limits
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


def _size_of(value: object) -> int:
    """Bytes of an array, of a tuple of arrays, or of what an image holds; 0 for a number."""
    if isinstance(value, tuple):
        return sum(_size_of(item) for item in value)
    if isinstance(value, Image):
        return value.stored_bytes
    return int(getattr(value, "nbytes", 0))


class _Part:
    """A part that is cached until it is dropped."""

    __slots__ = ("__weakref__", "is_dropped", "reference", "size", "value")

    def __init__(self, value: Any) -> None:
        self.value, self.size, self.is_dropped = value, _size_of(value), False
        self.reference: ref[_Part] | None = None

    def drop(self) -> None:
        self.value, self.is_dropped = None, True


class Kept:
    """What some images cache together: the least recently used parts are dropped.

    It holds no part itself, so that parts end with their images.
    """

    def __init__(self) -> None:
        """Start with no part."""
        self._sizes: dict[ref[_Part], int] = {}
        self._total = 0

    def use(self, part: _Part) -> None:
        """Note that a part is used now; above :data:`limits.KEPT_BYTES`, drop others."""
        if part.size == 0:
            return
        if part.reference is None:
            part.reference = ref(part, self._forget)
            self._total += part.size
        else:
            del self._sizes[part.reference]
        self._sizes[part.reference] = part.size  # the last one is the one used last
        for reference in list(self._sizes)[:-1] if self._total > limits.KEPT_BYTES else ():
            one = reference()
            self._forget(reference)
            if one is not None:
                one.drop()
            if self._total <= limits.KEPT_BYTES:
                return

    def _forget(self, reference: ref[_Part]) -> None:
        self._total -= self._sizes.pop(reference, 0)


class Parts:
    """Caches what was computed from an object, so that each part is computed once.

    When the parts of very large images exceed :data:`limits.KEPT_BYTES`, the least recently used
    ones are dropped. They are computed again when a metric asks for them.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        """Start with no part; ``kept`` is shared by objects that cache together."""
        self.kept = kept or Kept()
        self._parts: dict[tuple[Any, ...], _Part] = {}

    def part(self, compute: Callable[..., T], *arguments: Hashable) -> T:
        """Return ``compute(self, *arguments)``, computed by the first call with these arguments."""
        key = (compute, *arguments)
        part = self._parts.get(key)
        if part is None or part.is_dropped:
            part = self._parts[key] = _Part(compute(self, *arguments))
        value: T = part.value
        self.kept.use(part)
        return value


class Image(Parts):
    """One gray image.

    Attributes:
        shape: height and width.
        name: what messages call it.
    """

    def __init__(self, pixels: NDArray[Any], name: str, kept: Kept | None = None) -> None:
        """Check the pixels, ``(H, W)`` on 0..255, and store them.

        Raises:
            MetricError: they are not gray, not finite, masked, or outside 0..255.
        """
        super().__init__(kept)
        self.name = name
        self._store(_compact(_checked(pixels, name)))

    def _store(self, stored: NDArray[Any]) -> None:
        self._stored = stored
        self.shape: tuple[int, int] = stored.shape

    def derive(self, pixels: Pixels, name: str = "", kept: Kept | None = None) -> Image:
        """Return an image of pixels that were computed from this one; they are not checked."""
        image = Image.__new__(Image)
        Parts.__init__(image, kept or self.kept)
        image.name = name or self.name
        image._store(pixels)
        return image

    def rows(self, start: int, stop: int) -> Image:
        """Return some rows of this image, as an image with parts of its own."""
        pixels = np.asarray(self._stored[start:stop], dtype=np.float64)
        return self.derive(pixels, kept=Kept())

    @property
    def pixels(self) -> Pixels:
        """Float64 ``(H, W)``, contiguous; never written to.

        Very large images of whole levels are stored as such, and converted with each call.
        """
        return np.asarray(self._stored, dtype=np.float64)

    @property
    def stored_bytes(self) -> int:
        """How much memory the image itself takes."""
        return int(self._stored.nbytes)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.shape[0] * self.shape[1]

    @property
    def is_constant(self) -> bool:
        """Whether all pixels have the same value."""
        low, high = self.part(_extremes)
        return low == high

    @property
    def extremes(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.part(_extremes)


def _compact(pixels: Pixels) -> NDArray[Any]:
    """Return very large images of whole levels as uint8, an eighth of the size."""
    if pixels.size <= limits.WHOLE_PIXELS:
        return pixels
    levels = pixels.astype(np.uint8)
    return levels if np.array_equal(levels, pixels) else pixels


def _extremes(image: Image) -> tuple[float, float]:
    pixels = image.pixels
    return float(pixels.min()), float(pixels.max())


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
        self.a = Image(a, "source A", self.kept)
        self.b = Image(b, "source B", self.kept)
        self.reference = None
        if reference is not None:
            self.reference = Image(reference, "the reference", self.kept)
        for other in (self.b, self.reference):
            _check_same_size(self.a, other)

    @classmethod
    def of(cls, a: Image, b: Image) -> SourcePair:
        """Return two images that were derived from sources as a pair that caches with the first."""
        pair = cls.__new__(cls)
        Parts.__init__(pair, a.kept)
        pair.a, pair.b, pair.reference = a, b, None
        return pair

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.a.shape

    def rows(self, start: int, stop: int) -> SourcePair:
        """Return some rows of the sources, with parts of their own."""
        return SourcePair.of(self.a.rows(start, stop), self.b.rows(start, stop))

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
        super().__init__(pair.kept)
        self.fused = Image(fused, "the fused image", self.kept)
        self.pair = pair
        _check_same_size(pair.a, self.fused)

    @classmethod
    def of(cls, fused: Image, pair: SourcePair) -> Fusion:
        """Return images that were derived from a fusion as a fusion of their own."""
        fusion = cls.__new__(cls)
        Parts.__init__(fusion, fused.kept)
        fusion.fused, fusion.pair = fused, pair
        return fusion

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.fused.shape

    def rows(self, start: int, stop: int) -> Fusion:
        """Return some rows of all images, with parts of their own."""
        return Fusion.of(self.fused.rows(start, stop), self.pair.rows(start, stop))

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
        height, width = self.shape
        if min(height, width) < smallest:
            raise MetricError(
                f"needs images of at least {smallest} x {smallest} pixels, found {height} x {width}"
            )


def _check_same_size(first: Image, second: Image | None) -> None:
    if second is not None and first.shape != second.shape:
        sizes = [" x ".join(str(side) for side in image.shape) for image in (first, second)]
        raise MetricError(
            f"{first.name} and {second.name} must have the same size (height x width),"
            f" found {sizes[0]} and {sizes[1]}"
        )

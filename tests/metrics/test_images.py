"""The images that are measured: conversion to gray, refusals, cached parts, and results."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np
import pytest
from fusebench.errors import MetricError
from fusebench.metrics import SourcePair, images, limits, resolve, to_gray
from fusebench.metrics.images import LUMA_WEIGHTS, Image, Parts, luma, scaled_levels
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.conftest import make_scene
from tests.metrics.measuring import Pixels, examples, flat, fusion_of, image_of, refusal, rows


@given(st.integers(0, 255))
@examples
def test_gray_written_in_three_channels_is_that_gray(level: int) -> None:
    """The weights add up to 1, so equal channels have their own level as luma."""
    colour = np.full((1, 1, 3), level, np.uint8)
    assert to_gray(colour).tolist() == [[float(level)]]


@pytest.mark.parametrize(("channel", "level"), [(0, 76.0), (1, 150.0), (2, 29.0)])
def test_each_channel_has_its_weight(channel: int, level: float) -> None:
    """Red, green and blue alone have round(255 times their weight)."""
    colour = np.zeros((1, 1, 3), np.uint8)
    colour[0, 0, channel] = 255
    assert to_gray(colour)[0, 0] == level == round(255 * LUMA_WEIGHTS[channel])


@pytest.mark.parametrize(
    ("value", "level", "gray"),
    [
        (0, 0.0, 0.0),
        (257, 1.0, 1.0),
        (385, 385 / 257, 1.0),
        (386, 386 / 257, 2.0),
        (65535, 255, 255),
    ],
)
def test_sixteen_bits_are_divided_before_they_are_rounded(
    value: int, level: float, gray: float
) -> None:
    """Levels of 16-bit images stay fractions until they are converted to gray."""
    image = np.array([[value]], np.uint16)
    assert scaled_levels(image)[0, 0] == pytest.approx(level)
    assert to_gray(image)[0, 0] == gray


def test_luma_of_a_gray_image_is_the_image() -> None:
    """A gray image is returned as it is."""
    gray = rows([1, 2], [3, 4])
    assert luma(gray) is gray
    assert luma(np.ones((1, 1, 3)), (0.5, 0.25, 0.125)).tolist() == [[0.875]]


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.zeros((2, 2)), "must be uint8 or uint16, found float64"),
        (np.zeros((2, 2), np.int16), "must be uint8 or uint16, found int16"),
        (np.zeros((2, 2), bool), "must be uint8 or uint16, found bool"),
        (np.zeros(4, np.uint8), r"must have shape \(H, W\) or \(H, W, 3\), found \(4,\)"),
        (np.zeros((2, 2, 4), np.uint8), r"found \(2, 2, 4\)"),
        (np.zeros((1, 2, 2, 3), np.uint8), r"found \(1, 2, 2, 3\)"),
        (np.ma.masked_equal(np.arange(4, dtype=np.uint8).reshape(2, 2), 3), "this one is masked"),
    ],
)
def test_what_cannot_be_made_gray(image: Any, told: str) -> None:
    """Another type, another number of channels and an image with holes are refused.

    The message says what was found.
    """
    with pytest.raises(MetricError, match=told):
        to_gray(image)


def test_a_mask_without_a_hole_hides_nothing() -> None:
    """A masked array in which nothing is masked is an image as any other."""
    whole = np.ma.masked_array(np.arange(4, dtype=np.uint8).reshape(2, 2), mask=False)
    assert to_gray(whole).tolist() == [[0.0, 1.0], [2.0, 3.0]]


def test_pixels_are_contiguous_and_float() -> None:
    """Pixels have a fixed layout and type, whatever was given, so loops can rely on it."""
    turned = Image(np.arange(6, dtype=np.uint8).reshape(2, 3).T, "image")
    assert turned.pixels.dtype == np.float64 and turned.pixels.flags.c_contiguous
    assert turned.pixels.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_extremes_and_constancy() -> None:
    """An image is constant where its smallest and largest value are the same."""
    assert image_of(rows([3, 9], [4, 5])).extremes == (3.0, 9.0)
    assert not image_of(rows([3, 9])).is_constant
    assert image_of(rows([3, 3])).is_constant


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        (
            rows([1, np.inf], [np.nan, 0]),
            "must hold numbers only; 2 of its 4 pixels are nan or infinite",
        ),
        (rows([256, 0]), "must lie on 0..255, found 0..256; scale it first"),
        (rows([-0.5, 0]), "must lie on 0..255, found -0.5..0; scale it first"),
        (np.zeros((0, 3)), r"must be a gray image of shape \(H, W\), found \(0, 3\); use to_gray"),
        (
            np.zeros((2, 2, 3)),
            r"must be a gray image of shape \(H, W\), found \(2, 2, 3\); use to_gray first",
        ),
        (np.ma.masked_equal(rows([1, 2]), 2), "must have a value in every pixel; it is masked"),
    ],
)
def test_a_refusal_names_the_image(pixels: Pixels, told: str) -> None:
    """The message starts with the name of the image."""
    with pytest.raises(MetricError, match=f"^the reference {told}"):
        SourcePair(flat(1, 2, 2), flat(1, 2, 2), pixels)


def test_derived_images_are_taken_as_they_are() -> None:
    """What was computed from checked images may leave the range of gray levels."""
    edges = rows([1082, -3])
    assert image_of(edges * 0).derive(edges, "edges").pixels is edges


@pytest.mark.parametrize(
    ("reference", "fused", "told"),
    [
        (
            None,
            flat(1, 4, 6),
            "source A and the fused image must have the same size .* 4 x 5 and 4 x 6",
        ),
        (flat(1, 5, 5), flat(1, 4, 5), "source A and the reference must have .* 4 x 5 and 5 x 5"),
    ],
)
def test_sizes_that_differ_are_told_with_both(
    reference: Pixels | None, fused: Pixels, told: str
) -> None:
    """Images are not scaled or cropped; the message says both sizes.

    The reference is compared with the sources before anything is measured.
    """
    with pytest.raises(MetricError, match=told):
        SourcePair(flat(1, 4, 5), flat(2, 4, 5), reference).fusion(fused)


def scaled(image: Image, factor: float) -> Pixels:
    """Return a part that depends on an argument."""
    return image.pixels * factor


def shifted(image: Image, factor: float) -> Pixels:
    """Return another part of the same argument."""
    return image.pixels + factor


def test_parts_are_kept_by_function_and_arguments() -> None:
    """The same function and argument give the same object; another one gives another part."""
    image = image_of(rows([1, 2]))
    assert image.part(scaled, 2.0) is image.part(scaled, 2.0)
    assert image.part(scaled, 3.0).tolist() == [[3, 6]]
    assert image.part(shifted, 2.0).tolist() == [[3, 4]]


def test_a_part_larger_than_the_limit_is_kept_until_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last part is never dropped, because its caller is about to use it.

    Numbers take no space.
    """
    monkeypatch.setattr(limits, "KEPT_BYTES", 8)
    image = image_of(rows([1, 2, 3]))
    large = image.part(scaled, 2.0)
    assert image.part(scaled, 2.0) is large
    other = image.part(scaled, 3.0)
    assert image.part(scaled, 3.0) is other
    assert image.part(scaled, 2.0) is not large


@pytest.mark.parametrize(
    ("kept", "size"),
    [
        (rows([1, 2, 3]), 24),
        ((rows([1]), rows([1, 2]), 0.5), 24),
        (image_of(rows([1, 2])), 16),
        (0.5, 0),
    ],
)
def test_the_size_of_a_part_is_that_of_its_arrays(kept: object, size: int) -> None:
    """Arrays, tuples of arrays and images count with their bytes; numbers do not count."""
    assert images._size_of(kept) == size


def test_all_images_of_a_pair_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one image caches takes the place of what another one used least recently."""
    monkeypatch.setattr(limits, "KEPT_BYTES", 100)
    pair = SourcePair(flat(1, 2, 3), flat(2, 2, 3))
    fused = pair.fusion(flat(3, 2, 3)).fused
    first, second = pair.a.part(scaled, 1.0), pair.b.part(scaled, 1.0)
    assert pair.a.part(scaled, 1.0) is first
    fused.part(scaled, 1.0)
    assert pair.a.part(scaled, 1.0) is first
    assert pair.b.part(scaled, 1.0) is not second


def test_parts_end_with_their_image() -> None:
    """The limit counts only parts that still exist: a fused image takes its own along."""
    pair = SourcePair(flat(1, 2, 3), flat(2, 2, 3))
    fused = pair.fusion(flat(3, 2, 3)).fused
    part = ref(fused.part(scaled, 1.0))
    assert pair.kept._total == 48
    del fused
    assert part() is None and pair.kept._total == 0


def test_very_large_images_of_whole_levels_are_stored_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Levels take one byte instead of eight; other images, and small ones, stay as they are."""
    monkeypatch.setattr(limits, "WHOLE_PIXELS", 3)
    whole, fractions, small = rows([1, 255], [0, 7]), rows([1, 2.5], [0, 7]), rows([1, 2])
    assert [image_of(one).stored_bytes for one in (whole, fractions, small)] == [4, 32, 16]
    for one in (whole, fractions, small):
        pixels = image_of(one).pixels
        assert pixels.dtype == np.float64 and pixels.tolist() == one.tolist()


def test_images_keep_no_part_of_each_other() -> None:
    """Two images with the same pixels have parts of their own."""
    first, second = image_of(rows([1, 2])), image_of(rows([1, 2]))
    assert first.part(scaled, 1.0) is not second.part(scaled, 1.0)
    assert isinstance(first, Parts)


def test_a_fusion_holds_the_images_of_its_pair() -> None:
    """All fused images of a pair share the parts of the sources, because they share the sources."""
    pair = SourcePair(flat(1, 4, 4), flat(2, 4, 4), flat(3, 4, 4))
    one, other = pair.fusion(flat(4, 4, 4)), pair.fusion(flat(5, 4, 4))
    assert one.sources == (pair.a, pair.b) == other.sources
    assert (one.a, one.b, one.reference) == (pair.a, pair.b, pair.reference)
    with pytest.raises(MetricError, match="needs a ground truth, and these sources have none"):
        _ = fusion_of(flat(1), flat(2), flat(3)).reference


@pytest.mark.parametrize(("height", "width"), [(7, 40), (40, 7)])
def test_a_size_that_a_formula_needs_is_that_of_the_shorter_side(height: int, width: int) -> None:
    """Both sides must have the pixels that a window needs; height comes first in the message."""
    image = flat(1, height, width)
    fusion_of(image, image, image).require_size(7)
    told = f"needs images of at least 8 x 8 pixels, found {height} x {width}"
    with pytest.raises(MetricError, match=told):
        fusion_of(image, image, image).require_size(8)


def test_values_come_in_the_order_asked_for() -> None:
    """Values and refusals are each in the order asked for."""
    a, b, _ = make_scene(24, 24)
    names = ["SD", "CC", "EN", "SCD", "AG"]
    values, refusals = SourcePair(a, b).attempt(flat(9, 24, 24), resolve(names))
    assert list(values) == ["SD", "EN", "SCD", "AG"]
    assert list(refusals) == ["CC"]


def test_measuring_tells_all_refusals_at_once() -> None:
    """The error names both of three metrics that have no value."""
    a, b, _ = make_scene(24, 24)
    with pytest.raises(MetricError) as refused:
        SourcePair(a, b).measure(flat(9, 24, 24), resolve(["CC", "EN", "VIF"]))
    first, second = str(refused.value).split("; ")
    assert first.startswith("CC: has no value: the fused image is constant")
    assert second == "VIF: needs images of at least 41 x 41 pixels, found 24 x 24"


def test_a_fused_image_that_is_wrong_refuses_everything() -> None:
    """A wrong fused image is refused once, not for each metric."""
    pair = SourcePair(flat(1, 4, 4), flat(2, 4, 4))
    with pytest.raises(MetricError, match=r"fused image must lie on 0\.\.255, found 300"):
        pair.attempt(flat(300, 4, 4), resolve(["EN"]))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("EN+rgb-mean", "asks for the protocol rgb-mean; measure the images with ImagePair"),
        ("SAM", "is defined for bands images, these are gray images"),
        ("QC@zliu", "is nan on these images (the formula divides by zero), so it has no value"),
    ],
)
def test_what_is_no_number_is_a_reason(name: str, told: str) -> None:
    """Another protocol, another kind and a division by zero are reasons, not values."""
    zero = flat(0, 24, 24)
    assert refusal(name, zero, zero, zero) == told

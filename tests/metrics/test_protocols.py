"""Protocols: conversions of colour images, and how values of several views are combined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fusebench.errors import MetricError
from fusebench.metrics import ImagePair, SourcePair, protocols, resolve
from fusebench.metrics.definitions import PROTOCOLS
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.metrics.conftest import make_scene
from tests.metrics.measuring import examples

Levels = NDArray[np.uint8]


def scene_of_bytes(size: int = 48) -> tuple[Levels, Levels, Levels]:
    """Return a gray scene as it would be read from files."""
    a, b, fused = (image.astype(np.uint8) for image in make_scene(size, size))
    return a, b, fused


def coloured(gray: Levels) -> Levels:
    """Return an image whose channels differ."""
    return np.stack([gray, gray // 2, np.maximum(gray, 60)], axis=2)


@examples
@given(st.integers(0, 2**32 - 1), st.sampled_from(PROTOCOLS))
def test_gray_is_the_same_under_every_protocol(seed: int, protocol: str) -> None:
    """A gray image has one view with its own levels; so has an image of three equal channels."""
    gray = np.random.RandomState(seed).randint(0, 256, (3, 4)).astype(np.uint8)
    views = protocols.VIEWS[protocol](gray)
    assert len(views) == 1
    np.testing.assert_array_equal(views[0], gray)
    for view in protocols.VIEWS[protocol](np.stack([gray] * 3, axis=2)):
        np.testing.assert_allclose(view, gray, atol=1e-9)


@pytest.mark.parametrize(
    ("protocol", "colour", "levels"),
    [
        ("luma", (10, 20, 30), [18]),
        ("matlab-gray", (10, 20, 30), [18]),
        ("unrounded-luma", (10, 20, 30), [18.15]),
        ("rgb-mean", (10, 20, 30), [10, 20, 30]),
        ("luma", (0, 2, 91), [12]),
        ("matlab-gray", (0, 2, 91), [12]),
        ("unrounded-luma", (255, 255, 255), [255]),
    ],
)
def test_views_of_a_colour(
    protocol: str, colour: tuple[int, int, int], levels: list[float]
) -> None:
    """The views are the rounded or unrounded luma, MATLAB's gray, or each channel by itself."""
    image = np.array([[colour]], np.uint8)
    found = [view.item() for view in protocols.VIEWS[protocol](image)]
    assert found == pytest.approx(levels)


def test_every_protocol_has_its_views() -> None:
    """Every protocol that a name can ask for has its views."""
    assert tuple(protocols.VIEWS) == PROTOCOLS
    assert sum(protocols.MATLAB_WEIGHTS) == pytest.approx(1)


def test_sixteen_bit_channels_are_rounded_to_levels() -> None:
    """Channels are whole levels under ``rgb-mean``; ``unrounded-luma`` rounds nothing."""
    image = np.full((1, 1, 3), 386, np.uint16)
    assert protocols.VIEWS["rgb-mean"](image)[0].item() == 2
    assert protocols.VIEWS["unrounded-luma"](image)[0].item() == pytest.approx(386 / 257)


def test_rgb_mean_is_the_mean_over_the_channels() -> None:
    """A gray source is compared with each channel of a colour one."""
    a, b, fused = scene_of_bytes()
    colour_b, colour_fused = coloured(b), coloured(fused)
    found = ImagePair(a, colour_b).measure(colour_fused, resolve(["CC+rgb-mean"]))
    channels = [
        SourcePair(a, colour_b[:, :, channel]).measure(
            colour_fused[:, :, channel], resolve(["CC"])
        )["CC"]
        for channel in range(3)
    ]
    assert found["CC+rgb-mean"] == pytest.approx(np.mean(channels))


def test_the_ground_truth_is_seen_under_the_protocol_too() -> None:
    """A gray ground truth is compared with all three channels."""
    a, b, fused = scene_of_bytes()
    pair = ImagePair(a, b, reference=fused)
    found = pair.measure(coloured(fused), resolve(["SSIM-GT+rgb-mean", "SSIM-GT"]))
    assert found["SSIM-GT+rgb-mean"] < 1
    same = ImagePair(a, b, reference=coloured(fused)).measure(
        coloured(fused), resolve(["SSIM-GT+rgb-mean"])
    )
    assert same["SSIM-GT+rgb-mean"] == pytest.approx(1)


def test_values_keep_the_order_across_protocols() -> None:
    """Definitions are measured protocol by protocol, but returned in the order asked for.

    They may come from an iterator.
    """
    a, b, fused = scene_of_bytes()
    names = ["SD+rgb-mean", "EN", "SD", "EN+unrounded-luma", "EN+rgb-mean"]
    values = ImagePair(a, b).measure(coloured(fused), iter(resolve(names)))
    assert list(values) == names


def test_a_refusal_of_one_channel_refuses_the_mean() -> None:
    """A mean over two of three channels would be another definition."""
    a, b, fused = scene_of_bytes()
    colour = coloured(fused)
    colour[:, :, 1] = 7
    values, refusals = ImagePair(a, b).attempt(
        colour, resolve(["CC+rgb-mean", "CC", "SD+rgb-mean"])
    )
    assert set(values) == {"CC", "SD+rgb-mean"}
    assert refusals["CC+rgb-mean"].startswith("has no value: the fused image is constant")
    with pytest.raises(MetricError, match=r"^CC\+rgb-mean: has no value: the fused image is"):
        ImagePair(a, b).measure(colour, resolve(["EN", "CC+rgb-mean"]))


@pytest.mark.parametrize(
    ("which", "is_gray"), [(None, True), ("a", False), ("b", False), ("reference", False)]
)
def test_a_pair_is_gray_without_any_colour(which: str | None, is_gray: bool) -> None:
    """One colour image among sources and ground truth makes the pair a colour pair."""
    a, b, fused = scene_of_bytes()
    images: dict[str, Any] = {"a": a, "b": b, "reference": fused}
    if which:
        images[which] = coloured(images[which])
    assert ImagePair(**images).is_gray is is_gray


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (np.zeros((4, 4)), np.zeros((4, 4), np.uint8), "must be uint8 or uint16, found float64"),
        (
            np.zeros((4, 4), np.uint8),
            np.zeros((4, 5, 3), np.uint8),
            "source A and source B must have the same size",
        ),
    ],
)
def test_a_pair_is_refused_when_it_is_made(a: Any, b: Any, told: str) -> None:
    """The pair itself is refused, not only the first measurement."""
    with pytest.raises(MetricError, match=told):
        ImagePair(a, b)


def test_sources_are_prepared_once_for_each_protocol() -> None:
    """A second fused image uses the cached views of its sources.

    Views for another number of channels are added to them.
    """
    a, b, fused = scene_of_bytes()
    pair, names = ImagePair(a, b), resolve(["EN", "EN+rgb-mean"])
    pair.measure(coloured(fused), names)
    kept = {key: list(pairs) for key, pairs in pair._pairs.items()}
    assert set(kept) == {("luma", 1), ("rgb-mean", 3)}
    pair.measure(coloured(fused[::-1]), names)
    for key, pairs in kept.items():
        assert all(one is other for one, other in zip(pairs, pair._pairs[key], strict=True))
    pair.measure(fused, names)
    assert set(pair._pairs) == {*kept, ("rgb-mean", 1)}

"""Phase congruency: its filters, the congruency of a step, and the quality built on it."""

from __future__ import annotations

import numpy as np
import pytest
from fusebench.metrics import phase
from numpy.typing import NDArray

from tests.metrics.measuring import (
    CHANGES,
    Pixels,
    assert_changed,
    assert_unchanged,
    flat,
    image_of,
    ordinary_scene,
    refusal,
    rows,
    value,
)


def step(low: float = 0, high: float = 100) -> Pixels:
    """Return an image of two levels with a step in the middle.

    There is a second step at the border, because the transform is periodic.
    """
    image = flat(low, 64, 64)
    image[:, 32:] = high
    return image


@pytest.mark.parametrize(
    ("length", "axis"),
    [
        (4, [-0.5, -0.25, 0, 0.25]),
        (5, [-0.5, -0.25, 0, 0.25, 0.5]),
        (1, [0]),
        (2, [-0.5, 0]),
    ],
)
def test_frequencies_of_a_side(length: int, axis: list[float]) -> None:
    """Frequencies are centred: from -0.5 to just below 0.5, or to 0.5 with a middle pixel."""
    assert phase._axis(length).tolist() == axis


@pytest.mark.parametrize(("height", "width"), [(64, 48), (33, 47), (2, 2)])
def test_filters_of_an_image_size(height: int, width: int) -> None:
    """There are four scales, and one threshold for each orientation.

    Nothing passes at frequency 0, and nothing is amplified.
    """
    radial = phase.radial_filters(height, width, 0, height)
    assert radial.shape == (4, height, width)
    assert (radial[:, 0, 0] == 0).all()
    for index in range(phase.ORIENTATIONS):
        angular = phase.angular_filter(height, width, 0, height, index)
        assert angular.shape == (height, width)
        assert phase.noise_factor(height, width, index) > 0
        for filters in (radial, angular):
            assert filters.min() >= 0 and filters.max() <= 1


def test_scales_go_from_fine_to_coarse() -> None:
    """Each filter passes most at 1 / (3 * 2.1^s) of the sampling frequency."""
    radial = phase.radial_filters(512, 512, 0, 512)
    for scale in range(phase.SCALES):
        strongest = radial[scale, 0, :256].argmax() / 512
        assert strongest == pytest.approx(1 / (3 * 2.1**scale), rel=0.05)


def test_orientations_are_thirty_degrees_apart() -> None:
    """The first orientation passes horizontal frequencies completely.

    The fourth, at a right angle, passes almost none of them.
    """
    angular = np.stack([phase.angular_filter(64, 64, 0, 64, index) for index in range(6)])
    along_rows = angular[:, 0, 1:32].mean(axis=1)
    assert along_rows.argmax() == 0 and along_rows[0] == pytest.approx(1)
    assert along_rows[3] < 0.01
    upwards = angular[:, 1:32, 0].mean(axis=1)
    assert max(upwards[3], angular[3, 33:, 0].mean()) == pytest.approx(1)


def test_low_frequencies_pass_the_butterworth_filter() -> None:
    """The gain is 1 at frequency 0, one half at the cutoff of 0.45, and about 0 in the corners."""
    low_pass = phase._low_pass(200, 200, 0, 200)
    assert low_pass[0, 0] == 1
    assert low_pass[0, 90] == pytest.approx(0.5)
    assert low_pass[100, 100] < 1e-5


def test_filters_are_kept_for_one_size() -> None:
    """Only the filters of the last size are cached, because they are large."""
    first = phase.radial_filters(20, 20, 0, 20)
    assert phase.radial_filters(20, 20, 0, 20) is first
    phase.radial_filters(21, 20, 0, 21)
    assert phase.radial_filters(20, 20, 0, 20) is not first


def test_phases_agree_at_a_step() -> None:
    """Congruency is largest beside the step, the same at both sides of it, and 0 far away."""
    found = phase.phase_congruency(image_of(step()))
    row = found.value[20]
    assert row[31] == pytest.approx(row.max()) and row[31] > 0.6
    assert row[31] == pytest.approx(row[32])
    assert row[40:56].max() < 0.02
    np.testing.assert_allclose(found.value, np.broadcast_to(row, (64, 64)), atol=1e-9)


def test_congruency_is_of_the_phase_not_of_the_contrast() -> None:
    """A step of a third of the height on a brighter ground has the same congruency.

    The constant in the formula makes a small difference.
    """
    whole, faint = (
        phase.phase_congruency(image_of(step(*levels))) for levels in ((0, 100), (50, 80))
    )
    np.testing.assert_allclose(faint.value, whole.value, atol=1e-4)
    np.testing.assert_allclose(faint.largest, whole.largest, atol=0.01)


def test_moments_are_ordered_and_congruency_is_a_share() -> None:
    """The largest moment is not smaller than the smallest, which is 0 up to a constant.

    Congruency lies on 0..1.
    """
    a, _, _ = ordinary_scene()
    value_map, largest, smallest = phase.phase_congruency(image_of(a))
    assert value_map.min() >= 0 and value_map.max() <= 1
    assert (largest >= smallest).all()
    assert smallest.min() >= -phase.EPSILON


def test_a_transposed_step_has_the_same_congruency() -> None:
    """The orientations are evenly spread, so a right angle changes nothing."""
    upright, lying = (
        phase.phase_congruency(image_of(image)) for image in (step(), step().T.copy())
    )
    np.testing.assert_allclose(lying.value, upright.value.T, atol=1e-6)


def test_a_flat_image_has_no_phase() -> None:
    """A flat image has the congruency 0, and its moments have no value."""
    found = phase.phase_congruency(image_of(flat(100)))
    assert not found.value.any()
    assert np.isnan(found.largest).all()


def test_the_local_correlation_of_a_map_with_itself() -> None:
    """The correlation is 1 with itself where the map varies, and -1 with its opposite.

    A flat neighbourhood correlates with every map, because of the constant in the formula.
    """
    varying = np.random.RandomState(0).rand(40, 40)
    mean = phase._local(varying)
    variance = phase._local(varying * varying) - mean * mean
    inside = (slice(6, -6), slice(6, -6))
    same = phase._local_correlation(varying, varying, mean, variance)[inside]
    opposite = phase._local_correlation(1 - varying, varying, mean, variance)[inside]
    np.testing.assert_allclose(same, 1, atol=1e-9)
    np.testing.assert_allclose(opposite, -1, atol=0.01)
    nothing = phase._local_correlation(np.zeros((40, 40)), varying, mean, variance)[inside]
    np.testing.assert_allclose(nothing, 1)


def test_the_best_of_several_correlations_counts() -> None:
    """Each pixel takes the best correlation among the maps whose mask contains it."""
    varying = np.random.RandomState(0).rand(40, 40)
    everywhere: NDArray[np.bool_] = np.ones((40, 40), bool)
    inside = everywhere.copy()
    inside[:8] = inside[-8:] = inside[:, :8] = inside[:, -8:] = False
    one = phase._best_correlation([1 - varying, varying], [everywhere, everywhere], varying)
    assert one == pytest.approx(1, abs=1e-6)
    none = phase._best_correlation([varying, varying], [~everywhere, inside], varying)
    assert 0.5 < none <= 1


def test_identical_images_come_close_to_one() -> None:
    """Even identical images stay below 1, because the sources' maps are masked first."""
    a, b, fused = ordinary_scene()
    best = value("Q_P", a, a, a)
    assert 0.9 < best < 1
    assert 0 < value("Q_P", a, b, fused) < best
    assert value("Q_P", b, a, fused) == value("Q_P", a, b, fused)


def test_neither_brightness_nor_inversion_is_seen() -> None:
    """Neither the level nor the sign matters; contrast matters only through a constant.

    Positions matter.
    """
    for change in ("brighter", "inverted"):
        assert_unchanged("Q_P", change)
    assert_unchanged("Q_P", "half contrast", 1e-4)
    for change in ("mirrored", "transposed"):
        assert_unchanged("Q_P", change, 1e-3)
    assert_changed("Q_P", "shuffled", 0.1)
    a, b, fused = ordinary_scene()
    assert value("Q_P", a, b, CHANGES["inverted"](fused)) == pytest.approx(
        value("Q_P", a, b, fused)
    )


def test_what_has_no_features_has_no_quality() -> None:
    """Flat sources, a flat image and a single pixel have no value.

    Flat sources have no feature, a flat image has no moments, and one pixel has no direction.
    """
    a, _, _ = ordinary_scene()
    blank = np.full_like(a, 9.0)
    assert refusal("Q_P", blank, blank, blank) == (
        "has no value: neither source has a feature of phase congruency above 0.1"
    )
    for images in ((a, blank, a), (blank, a, a), (a, a, blank)):
        assert refusal("Q_P", *images).startswith("is nan on these images")
    assert refusal("Q_P", rows([1]), rows([2]), rows([3])).startswith("needs images of at least 2")

"""Blur, reduction, enlargement and Wald's protocol, against what DLPan-Toolbox's own code gives.

``dlpan.m`` says how its values in ``dlpan.npz`` were made.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fusebench.simulation.enlargement import enlarged, is_enlargeable
from fusebench.simulation.transfer import filtered, gains_of, transfer_filter
from fusebench.simulation.wald import reduced_bands, reduced_pan
from numpy.typing import NDArray

from tests.simulation.made import random_scene

KEPT = np.load(Path(__file__).with_name("dlpan.npz"))
ROWS = slice(None, None, 5)


def agree(found: NDArray[np.float64], kept: NDArray[np.float64]) -> None:
    """Fail unless two arrays of values of about 1000 are equal to 1e-9."""
    np.testing.assert_allclose(found, kept, rtol=0, atol=1e-9)


def test_blur_is_that_of_the_sensor() -> None:
    """Each band is filtered with its own gain, with replicated borders (``MTF``)."""
    bands, _ = random_scene()
    filters = [transfer_filter(gain, 4) for gain in gains_of("QB", 3)]
    agree(filtered(bands, filters)[ROWS], KEPT["filtered"])


def test_bands_are_decimated_in_dlpans_phase() -> None:
    """The blurred bands are taken at rows 2, 6, 10, ... (``resize_images``)."""
    agree(reduced_bands(random_scene()[0], 4, "QB"), KEPT["reduced"])


def test_enlargement_is_that_of_23_taps() -> None:
    """The low-resolution bands come back to full size (``interp23tap``)."""
    agree(enlarged(KEPT["reduced"], 4)[ROWS], KEPT["enlarged"])


def test_pan_is_reduced_around_the_centre_of_each_block() -> None:
    """A slope keeps its values: the middle of each block of 4 x 4 pixels."""
    slope = np.add.outer(np.arange(32.0), 2 * np.arange(32.0))[..., None]
    middle = np.add.outer(np.arange(8) * 4 + 1.5, 2 * (np.arange(8) * 4 + 1.5))
    np.testing.assert_allclose(reduced_pan(slope, 4)[2:-2, 2:-2, 0], middle[2:-2, 2:-2])


@pytest.mark.parametrize("ratio", [3, 6, 12])
def test_ratios_with_three_keep_every_old_value(ratio: int) -> None:
    """By 3, each old value is the middle of three; a constant stays what it is."""
    values = np.random.RandomState(3).rand(8, 9, 2)
    larger = enlarged(values, ratio)
    assert larger.shape == (8 * ratio, 9 * ratio, 2)
    np.testing.assert_allclose(enlarged(np.full((8, 9, 1), 7.0), ratio), 7, rtol=1e-6)
    if ratio == 3:
        np.testing.assert_array_equal(larger[1::3, 1::3], values)


def test_other_ratios_are_known_as_such() -> None:
    """Only powers of 2, and 3 times one, can be enlarged."""
    assert [ratio for ratio in range(1, 13) if is_enlargeable(ratio)] == [1, 2, 3, 4, 6, 8, 12]


def test_unknown_sensors_have_one_gain() -> None:
    """Every band of a sensor that DLPan does not name has the gain 0.3."""
    assert gains_of("PRISMA", 3) == (0.3, 0.3, 0.3)
    assert gains_of("WV2", 8)[-1] == 0.27

"""Axes of arrays: brought to (H, W, C), back again, and refused where they do not fit."""

from __future__ import annotations

import numpy as np
import pytest
from fusebench.arrays.axes import UnreadableArrayError, axes_problem, from_normal, to_normal

CUBE = np.arange(2 * 3 * 4).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ("hwc", (2, 3, 4)),
        ("chw", (4, 2, 3)),
        ("whc", (3, 2, 4)),
        ("nchw", (1, 4, 2, 3)),
        ("hw1c", (2, 3, 1, 4)),
        ("c(hw)", (4, 6)),
        ("c(wh)", (4, 6)),
    ],
)
def test_axes_are_turned_there_and_back(axes: str, shape: tuple[int, ...]) -> None:
    """What is staged with some axes is read back with them, value by value."""
    turned = from_normal(CUBE, axes)
    assert turned.shape == shape
    np.testing.assert_array_equal(to_normal(turned, axes, (3, 2)), CUBE)


def test_joined_axes_run_in_their_order() -> None:
    """(wh) holds one column after the other, as MATLAB's reshape does; (hw) one row."""
    np.testing.assert_array_equal(from_normal(CUBE, "c(wh)")[0], [0, 12, 4, 16, 8, 20])
    np.testing.assert_array_equal(from_normal(CUBE, "c(hw)")[0], [0, 4, 8, 12, 16, 20])


@pytest.mark.parametrize(("axes", "shape"), [("hw", (2, 3)), ("n1hw", (1, 1, 2, 3))])
def test_one_band_needs_no_axis(axes: str, shape: tuple[int, ...]) -> None:
    """A panchromatic image is (H, W, 1) in the normal form."""
    pan = CUBE[..., :1]
    assert from_normal(pan, axes).shape == shape
    np.testing.assert_array_equal(to_normal(from_normal(pan, axes), axes), pan)


@pytest.mark.parametrize(
    ("shape", "axes", "told"),
    [
        ((2, 3), "hwc", r"must have 3 axes, as `axes: hwc` says; found the shape \(2, 3\)"),
        ((5, 2, 3), "nhw", r"must have length 1 along axis 0 \('n' of `axes: nhw`\)"),
        ((4, 5), "c(wh)", "must have 3 x 2 pixels along axis 1, as `size` says; found 5"),
    ],
)
def test_axes_that_do_not_fit_are_refused(shape: tuple[int, ...], axes: str, told: str) -> None:
    """The message says what is stated, and the shape that was found."""
    with pytest.raises(UnreadableArrayError, match=told):
        to_normal(np.zeros(shape), axes, (3, 2))


def test_several_bands_need_an_axis() -> None:
    """An array of bands cannot be staged as an image."""
    with pytest.raises(UnreadableArrayError, match="must have one band for `axes: hw`; found 4"):
        from_normal(CUBE, "hw")


@pytest.mark.parametrize("axes", ["hwb", "hc", "hhw", "hwcc", "(ch)w", ""])
def test_texts_that_name_no_axes(axes: str) -> None:
    """Rows and columns once each, bands and scenes once at most."""
    assert axes_problem(axes).startswith("must ")
    assert not axes_problem("n1hw")

"""Pictures of arrays: false colour, stretched once a scene."""

from __future__ import annotations

import numpy as np
from fusebench.arrays.pictures import limits_of, picture_of

CUBE = np.random.default_rng(1).integers(0, 2048, (40, 50, 8)).astype(np.uint16)


def test_false_colours_are_the_stated_bands() -> None:
    """The bands are counted from 1; 1 % and 99 % of the values become 0 and 255."""
    limits = limits_of(CUBE, (5, 3, 2))
    picture = picture_of(CUBE, (5, 3, 2), limits)
    assert picture.shape == (40, 50, 3)
    assert limits[0] == tuple(np.percentile(CUBE[..., 4], (1, 99)))
    brightest = CUBE[..., 4] >= limits[0][1]
    assert (picture[..., 0][brightest] == 255).all()


def test_limits_of_one_scene_serve_all_its_pictures() -> None:
    """A darker result is darker in its picture too."""
    limits = limits_of(CUBE, (5, 3, 2))
    dark = picture_of(CUBE / 2, (5, 3, 2), limits)
    assert dark.mean() < picture_of(CUBE, (5, 3, 2), limits).mean() - 40


def test_other_arrays_are_shown_by_their_mean() -> None:
    """PAN, and an array without the stated bands, are gray."""
    assert picture_of(CUBE[..., :1], (5, 3, 2), limits_of(CUBE[..., :1], (5, 3, 2))).ndim == 2
    assert picture_of(CUBE, None, limits_of(CUBE, None)).shape == (40, 50)

"""Hyperspectral with multispectral images: every band gets the details of the sharp image.

Hypersharpening with GSA's gains after Selva et al. 2015 (IEEE JSTARS 8(6), 3008-3024), and coupled
nonnegative matrix factorisation after Yokoya et al. 2012 (IEEE TGRS 50(2), 528-537). Choices of
this implementation: the means of blocks of ``ratio`` pixels stand for the blur, which a method does
not know; endmembers start from the successive projection algorithm, and at most 20 are taken.
"""

from __future__ import annotations

import cv2
import numpy as np

from .filters import EPSILON, Cube
from .scene import Scene

ENDMEMBERS = 20
LEAST_ENERGY = 1e-3
"""No further endmember is taken where what is left of the spectra is that small, relatively."""
OUTER, INNER = 3, 60


def bicubic(scene: Scene) -> Cube:
    """The bands enlarged by bicubic interpolation, the control that every method should beat."""
    return _resized(scene.bands, scene.ratio)


def hypersharpening(scene: Scene) -> Cube:
    """Each band plus the details of the mix of sharp bands that resembles it most."""
    low = _block_means(scene.sharp, scene.ratio)
    columns = np.concatenate([low.reshape(-1, low.shape[2]), np.ones((low[..., 0].size, 1))], 1)
    spectra = scene.bands.reshape(-1, scene.bands.shape[2])
    weights = np.linalg.lstsq(columns, spectra, rcond=None)[0]
    sharp = scene.sharp @ weights[:-1] + weights[-1]
    smooth = _resized(_block_means(sharp, scene.ratio), scene.ratio)
    base = bicubic(scene)
    centred, own = smooth - smooth.mean(axis=(0, 1)), base - base.mean(axis=(0, 1))
    gains = (centred * own).sum(axis=(0, 1)) / ((centred**2).sum(axis=(0, 1)) + EPSILON)
    return np.asarray(base + gains * (sharp - smooth))


def coupled_factorisation(scene: Scene) -> Cube:
    """CNMF: endmembers from the bands, their abundances from the sharp image, in turns."""
    height, width = scene.sharp.shape[:2]
    scale = max(float(scene.bands.max()), EPSILON)
    spectra = np.maximum(scene.bands.reshape(-1, scene.bands.shape[2]).T / scale, 0)
    sharp = np.maximum(scene.sharp.reshape(-1, scene.sharp.shape[2]).T / scale, 0)
    low = _block_means(scene.sharp, scene.ratio).reshape(-1, scene.sharp.shape[2]).T / scale
    response = np.maximum(np.linalg.lstsq(spectra.T, low.T, rcond=None)[0].T, 0)
    members = spectra[:, _purest(spectra)] + EPSILON
    small = _abundances(spectra, members, np.full((members.shape[1], spectra.shape[1]), 0.1))
    shape = (*scene.bands.shape[:2], members.shape[1])
    abundances = _resized(small.T.reshape(shape), scene.ratio).reshape(height * width, -1).T
    abundances = np.maximum(abundances, EPSILON)
    for _ in range(OUTER):
        abundances = _abundances(sharp, response @ members + EPSILON, abundances)
        maps = abundances.T.reshape(height, width, -1)
        small = _block_means(maps, scene.ratio).reshape(-1, members.shape[1]).T
        members = _abundances(spectra.T, small.T + EPSILON, members.T).T
    return np.asarray((members @ abundances).T.reshape(height, width, -1) * scale)


def _purest(spectra: Cube) -> list[int]:
    """Return the places of the spectra that lie farthest apart (successive projections)."""
    left = spectra.copy()
    energy, places = (left**2).sum(axis=0), list[int]()
    first = energy.max()
    while len(places) < ENDMEMBERS and energy.max() > LEAST_ENERGY**2 * first:
        place = int(energy.argmax())
        places.append(place)
        direction = left[:, place] / np.sqrt(energy[place])
        left = left - np.outer(direction, direction @ left)
        energy = (left**2).sum(axis=0)
    return places


def _abundances(values: Cube, members: Cube, start: Cube) -> Cube:
    """Fit ``members @ result`` to values by multiplicative updates (Lee and Seung 2001)."""
    found, fixed, square = start, members.T @ values, members.T @ members
    for _ in range(INNER):
        found = found * fixed / (square @ found + EPSILON)
    return found


def _block_means(cube: Cube, ratio: int) -> Cube:
    height, width, count = cube.shape
    blocks = cube.reshape(height // ratio, ratio, width // ratio, ratio, count)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _resized(cube: Cube, ratio: int) -> Cube:
    """Enlarge ``(h, w, C)`` by bicubic interpolation, band by band."""
    size = (cube.shape[1] * ratio, cube.shape[0] * ratio)
    bands = [
        cv2.resize(np.ascontiguousarray(band), size, interpolation=cv2.INTER_CUBIC)
        for band in np.moveaxis(cube, 2, 0)
    ]
    return np.stack(bands, axis=2)

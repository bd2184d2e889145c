"""Component substitution: a component of the enlarged bands is replaced by the PAN image.

Formulas of Vivone et al., A critical comparison among pansharpening algorithms, IEEE TGRS 53(5),
2565-2586, 2015; GS and GSA as in DLPan-Toolbox.
"""

from __future__ import annotations

import numpy as np

from .filters import EPSILON, Band, Cube, decimated, matched, smoothed
from .scene import Scene


def brovey(scene: Scene) -> Cube:
    """Every band times PAN over intensity; the intensity is the mean of the bands."""
    intensity = scene.enlarged.mean(axis=2)
    pan = matched(scene.pan, intensity)
    return np.asarray(scene.enlarged * (pan / (intensity + EPSILON))[..., None])


def ihs(scene: Scene) -> Cube:
    """Every band plus PAN minus intensity (generalised IHS, Tu et al. 2001)."""
    intensity = scene.enlarged.mean(axis=2)
    return np.asarray(scene.enlarged + (matched(scene.pan, intensity) - intensity)[..., None])


def pca(scene: Scene) -> Cube:
    """The first principal component is replaced by PAN with its mean and spread."""
    flat = scene.enlarged.reshape(-1, scene.enlarged.shape[2])
    mean = flat.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(flat, rowvar=False))
    first = vectors[:, -1]
    first = first * (1.0 if first.sum() >= 0 else -1.0)  # so that PAN is not inverted
    component = ((flat - mean) @ first).reshape(scene.pan.shape)
    change = matched(scene.pan, component) - component
    return np.asarray(scene.enlarged + change[..., None] * first)


def gram_schmidt(scene: Scene) -> Cube:
    """GS mode 1 (Laben and Brower 2000): the intensity is the mean of the bands."""
    intensity = scene.enlarged.mean(axis=2)
    return _injected(scene, intensity - intensity.mean(), matched(scene.pan, intensity))


def adaptive_gram_schmidt(scene: Scene) -> Cube:
    """GSA (Aiazzi et al. 2007): the weights of the intensity are fitted at low resolution."""
    low = scene.bands - scene.bands.mean(axis=(0, 1))
    centred = scene.enlarged - scene.enlarged.mean(axis=(0, 1))
    pan = scene.pan - scene.pan.mean()
    smooth = decimated(smoothed(pan, scene.ratio), scene.ratio)
    columns = np.concatenate([low.reshape(-1, low.shape[2]), np.ones((smooth.size, 1))], axis=1)
    weights = np.linalg.lstsq(columns, smooth.ravel(), rcond=None)[0]
    intensity = centred @ weights[:-1] + weights[-1]
    return _injected(scene, intensity - intensity.mean(), pan)


def _injected(scene: Scene, intensity: Band, pan: Band) -> Cube:
    """Add PAN minus a centred intensity to each band, by its covariance with the intensity."""
    centred = scene.enlarged - scene.enlarged.mean(axis=(0, 1))
    gains = np.einsum("hw,hwc->c", intensity, centred) / (intensity**2).sum()
    details = pan - pan.mean() - intensity
    return np.asarray(scene.enlarged + (details - details.mean())[..., None] * gains)

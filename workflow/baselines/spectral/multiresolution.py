"""Multiresolution analysis: the details of PAN that its low-pass version lacks are added.

SFIM after Liu 2000; MTF-GLP and MTF-GLP-HPM (Aiazzi et al. 2002, 2006) as in DLPan-Toolbox.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import uniform_filter

from .filters import EPSILON, Band, Cube, blurred, blurred_by_sensor, decimated, enlarged, matched
from .scene import Scene

Join = Callable[[Band, Band, Band], Band]
"""Band, PAN and low-pass PAN -> fused band."""
LowPass = Callable[[Band, Scene, int], Band]
"""PAN, scene and place of the band -> low-pass PAN."""


def sfim(scene: Scene) -> Cube:
    """Every band times PAN over its mean in a window of ``ratio`` pixels."""
    return _by_band(scene, lambda band, pan, low: band * (pan / (low + EPSILON)), _window_mean)


def mtf_glp(scene: Scene) -> Cube:
    """Every band plus PAN minus PAN as the sensor would have seen it at low resolution."""
    return _by_band(scene, lambda band, pan, low: band + pan - low, _seen_by_sensor)


def mtf_glp_hpm(scene: Scene) -> Cube:
    """Every band times PAN over PAN as the sensor would have seen it at low resolution."""
    return _by_band(scene, lambda band, pan, low: band * (pan / (low + EPSILON)), _seen_by_sensor)


def _by_band(scene: Scene, join: Join, low_pass: LowPass) -> Cube:
    fused = np.empty_like(scene.enlarged)
    spread = blurred(scene.pan, scene.ratio).std(ddof=1)
    for place in range(fused.shape[2]):
        band = scene.enlarged[..., place]
        pan = matched(scene.pan, band, spread)
        fused[..., place] = join(band, pan, low_pass(pan, scene, place))
    return fused


def _window_mean(pan: Band, scene: Scene, place: int) -> Band:
    del place
    return np.asarray(uniform_filter(pan, scene.ratio, mode="nearest"))


def _seen_by_sensor(pan: Band, scene: Scene, place: int) -> Band:
    low = decimated(blurred_by_sensor(pan, scene.sensor, place, scene.ratio), scene.ratio)
    return enlarged(low, scene.ratio)

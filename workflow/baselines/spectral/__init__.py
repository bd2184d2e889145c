"""Classical pansharpening and hyperspectral fusion, under the names of ``sharpen.py --method``.

A method takes a ``Scene`` and returns ``(H, W, C)`` in its numbers, float64, not clipped.
"""

from __future__ import annotations

from collections.abc import Callable

from . import hyperspectral, multiresolution, substitution
from .filters import Cube
from .scene import Scene


def expanded(scene: Scene) -> Cube:
    """EXP: the enlarged bands as they are, the control that every method should beat."""
    return scene.enlarged


METHODS: dict[str, Callable[[Scene], Cube]] = {
    "exp": expanded,
    "brovey": substitution.brovey,
    "ihs": substitution.ihs,
    "pca": substitution.pca,
    "gs": substitution.gram_schmidt,
    "gsa": substitution.adaptive_gram_schmidt,
    "sfim": multiresolution.sfim,
    "mtf-glp": multiresolution.mtf_glp,
    "mtf-glp-hpm": multiresolution.mtf_glp_hpm,
    "bicubic": hyperspectral.bicubic,
    "hypersharpening": hyperspectral.hypersharpening,
    "cnmf": hyperspectral.coupled_factorisation,
}

__all__ = ["METHODS", "Scene"]

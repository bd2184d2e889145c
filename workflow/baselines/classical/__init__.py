"""Classical fusion methods and controls, one module each, under the names of ``fuse.py --method``.

A method takes two 8-bit images of one height and width, gray ``(H, W)`` or RGB ``(H, W, 3)``,
and returns one 8-bit image. All but the two copies work on luma; see ``colour`` for what becomes of
chroma.
"""

from __future__ import annotations

from collections.abc import Callable

from . import (
    copy_source,
    guided_filtering,
    laplacian_pyramid,
    maximum,
    mean,
    multiresolution_svd,
    two_scale,
    wavelet,
)
from .colour import Image, on_luma

METHODS: dict[str, Callable[[Image, Image], Image]] = {
    "mean": on_luma(mean.fuse),
    "maximum": on_luma(maximum.fuse),
    "copy-a": copy_source.copy_a,
    "copy-b": copy_source.copy_b,
    "laplacian-pyramid": on_luma(laplacian_pyramid.fuse),
    "wavelet": on_luma(wavelet.fuse),
    "guided-filtering": on_luma(guided_filtering.fuse),
    "two-scale": on_luma(two_scale.fuse),
    "multiresolution-svd": on_luma(multiresolution_svd.fuse),
}

__all__ = ["METHODS", "Image"]

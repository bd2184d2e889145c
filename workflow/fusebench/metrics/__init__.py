"""Metrics of image fusion: arrays in, numbers out; knows no file and no registry.

A metric is named ``METRIC`` (the canonical definition) or ``METRIC@DEFINITION`` (the formula of one
published evaluator); ``all@EVALUATOR`` stands for the whole set of that evaluator under its own
column names::

    definitions = resolve(["EN", "SSIM", "SSIM@cddfuse", "all@tang"])
    pair = SourcePair(to_gray(a), to_gray(b))
    values = pair.measure(to_gray(fused), definitions)

Names are resolved without loading any numerical library; those are loaded by the first computation.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fusebench.metrics.definitions import Definition
from fusebench.metrics.resolving import default_metrics, metrics_table, resolve

if TYPE_CHECKING:
    from fusebench.metrics.bands import BandPair
    from fusebench.metrics.images import SourcePair, to_gray
    from fusebench.metrics.protocols import ImagePair

__all__ = [
    "BandPair",
    "Definition",
    "ImagePair",
    "SourcePair",
    "default_metrics",
    "metrics_table",
    "resolve",
    "to_gray",
]

_LOADED_ON_USE = {
    "SourcePair": "images",
    "to_gray": "images",
    "ImagePair": "protocols",
    "BandPair": "bands",
}
"""Names that need numpy, and the module that holds each."""


def __getattr__(name: str) -> Any:
    """Load the part that needs numpy when it is first asked for."""
    if name not in _LOADED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"fusebench.metrics.{_LOADED_ON_USE[name]}"), name)

"""What a definition of a metric is; loads no numerical library."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CANONICAL = "canonical"
"""Name of the definition that the bare metric name stands for."""

CANONICAL_PROTOCOL = "luma"
PROTOCOLS = (CANONICAL_PROTOCOL, "rgb-mean", "matlab-gray", "unrounded-luma")
"""What a colour image is converted to before it is measured.

All but the first are named behind the metric: ``SSIM+rgb-mean``.
"""

GRAY_TASKS = (
    "infrared-visible",
    "medical",
    "multi-focus",
    "multi-exposure",
    "visible-nir",
    "remote-sensing",
)
BAND_TASKS = ("pansharpening", "hsi-msi")
TASKS = (*GRAY_TASKS, *BAND_TASKS)
"""The tasks that have default metrics; for another task a suite must name its metrics."""


@dataclass(frozen=True)
class Definition:
    """One formula under one name.

    Attributes:
        id: the name in tables and files: ``SSIM``, ``SSIM@cddfuse``.
        metric: the metric's canonical name, the same for all of its definitions: ``SSIM``, ``AG``.
        definition: ``canonical``, or the evaluator whose formula it is; where an evaluator has two
            of one metric, ``EVALUATOR:COLUMN``. No two formulas share both metric and definition.
        direction: ``higher`` or ``lower`` is better, or ``none``.
        unit: of the value; ``1`` for a plain number.
        needs_reference: whether a ground truth is needed.
        tasks: the fusion tasks it is meant for.
        source: the paper or the original code of the formula.
        target: ``module:function`` of the formula inside this package.
        protocol: what a colour image is turned into, one of :data:`PROTOCOLS`.
    """

    id: str
    metric: str
    definition: str
    direction: str
    unit: str
    needs_reference: bool
    tasks: tuple[str, ...]
    source: str
    target: str
    protocol: str = CANONICAL_PROTOCOL

    @property
    def kind(self) -> str:
        """What it is computed from: ``gray`` images, or arrays of ``bands``."""
        return "bands" if set(self.tasks) <= set(BAND_TASKS) else "gray"

    @property
    def formula(self) -> Callable[[Any], float]:
        """The function that computes it; loads the module that holds it."""
        module, _, function = self.target.partition(":")
        formula: Callable[[Any], float] = getattr(
            importlib.import_module(f"fusebench.metrics.{module}"), function
        )
        return formula

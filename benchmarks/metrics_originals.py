"""The other side of ``benchmarks/metrics.py``: the original evaluator and the libraries.

Run: ``python metrics_originals.py FOLDER_OF_EVALUATOR``; prints one JSON object.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import cv2
import numpy as np
import skimage.metrics
import torch
from metrics_scenes import cpu_seconds, fused_scene, scene
from sewar.full_ref import ssim as sewar_ssim
from sewar.full_ref import vifp as sewar_vif
from sewar.utils import Filter
from torchmetrics.functional.image import (
    structural_similarity_index_measure,
    visual_information_fidelity,
)

EIGHT = ("EN", "SD", "SF", "MI", "SCD", "VIFF", "Qabf", "SSIM")
structural_similarity: Any = skimage.metrics.structural_similarity


def original_evaluator() -> tuple[dict[str, float], float]:
    """Values of the eight metrics in float64, and CPU seconds for one image in float32."""
    # version 0.19.2, which the evaluator pins, took a range of 2 by itself for float images
    skimage.metrics.structural_similarity = functools.partial(structural_similarity, data_range=2)
    evaluator = importlib.import_module("Evaluator").Evaluator
    a, b = scene(0), scene(1)
    fused = fused_scene(a, b, 0)

    def run(dtype: type[Any]) -> dict[str, float]:
        images: list[Any] = [image.astype(dtype) for image in (fused, a, b)]
        alone = ("EN", "SD", "SF")
        return {
            name: float(getattr(evaluator, name)(*images[: 1 if name in alone else 3]))
            for name in EIGHT
        }

    return run(np.float64), cpu_seconds(lambda: run(np.float32), repeat=3)


def libraries() -> list[tuple[str, str, float, float]]:
    """Library, metric, value and CPU seconds of SSIM and VIF of two images, in float64."""
    # piq loads torchvision for network-based metrics, which are not measured here
    sys.modules.update(
        {
            name: MagicMock()
            for name in ("torchvision", "torchvision.models", "torchvision.models.inception")
        }
    )
    piq = importlib.import_module("piq")
    reference, fused = scene(0), fused_scene(scene(0), scene(1), 0)
    x, y = (torch.from_numpy(image)[None, None] for image in (fused, reference))
    gaussian = {
        "gaussian_weights": True,
        "sigma": 1.5,
        "use_sample_covariance": False,
        "data_range": 255,
    }
    wang = {"fltr": Filter.GAUSSIAN, "sigma": 1.5, "ws": 11}
    window = {"kernel_size": 11, "data_range": 255}
    calls: list[tuple[str, str, Callable[..., Any]]] = [
        ("scikit-image", "SSIM", lambda: structural_similarity(reference, fused, **gaussian)),
        ("sewar", "SSIM", lambda: sewar_ssim(reference, fused, MAX=255, fltr_specs=wang)[0]),
        ("piq", "SSIM", lambda: piq.ssim(x, y, kernel_sigma=1.5, downsample=False, **window)),
        (
            "torchmetrics",
            "SSIM",
            lambda: structural_similarity_index_measure(x, y, sigma=1.5, **window),
        ),
        ("sewar", "VIF", lambda: sewar_vif(reference, fused)),
        ("piq", "VIF", lambda: piq.vif_p(x, y, data_range=255)),
        ("torchmetrics", "VIF", lambda: visual_information_fidelity(x, y)),
    ]
    return [
        (name, metric, float(call()), cpu_seconds(call, repeat=1)) for name, metric, call in calls
    ]


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    values, seconds = original_evaluator()
    print(json.dumps({"evaluator": seconds, "values": values, "libraries": libraries()}))

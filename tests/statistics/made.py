"""Samples for the tests of the statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from fusebench.statistics.values import Sample, samples

from tests.compare.made import long


def sample(
    columns: Mapping[str, Sequence[float | None]], metric: str = "SSIM", dataset: str = "d"
) -> Sample:
    """Return the sample of one metric, from the values of each method."""
    measures = long({(method, metric): values for method, values in columns.items()}, dataset)
    (found,) = samples(measures, {dataset: [metric]})
    return found


def noisy(seed: int, pairs: int = 25, methods: int = 4) -> dict[str, list[float]]:
    """Return values of methods whose means are 0.02 apart; all follow the content of the pairs."""
    random = np.random.default_rng(seed)
    content = random.normal(0.5, 0.1, pairs)
    return {
        f"m{k}": (content + 0.02 * k + random.normal(0, 0.01, pairs)).tolist()
        for k in range(methods)
    }

"""The memory that measuring takes: it grows with the largest pair and the number of metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fusebench.contracts.markers import Manifest
from fusebench.metrics import Definition, resolve

PROCESS_MB = 300
"""Of a process that has loaded and compiled the metrics, without images."""

PAIR_BYTES, METRIC_BYTES, PHASE_BYTES = 130, 16, 500
"""Bytes for each pixel: of the images, of what each metric keeps, of running phase congruency.

Measured on pairs of 0.5 to 2 megapixels, beside what these numbers give:

=================  ========  ======
metrics            measured  asked
=================  ========  ======
the default ones        149     274
``all@vifb``            202     338
``all@ivif-zoo``        348     466
``all@tang``            428     450
``all@zliu``            632     854
every definition       1513    2886
=================  ========  ======
"""


def bytes_per_pixel(metrics: Sequence[Definition]) -> int:
    """Return how many bytes a process needs for each pixel of a pair."""
    phase = any(metric.target.startswith("phase:") for metric in metrics)
    return PAIR_BYTES + METRIC_BYTES * len(metrics) + (PHASE_BYTES if phase else 0)


def memory_mb(measured: Iterable[tuple[Manifest, Sequence[str]]], workers: int) -> int:
    """Return the memory that measuring some datasets takes at most, in MB.

    Args:
        measured: the marker of each dataset, and the ids of its metrics.
        workers: number of processes; each measures one pair at a time.
    """
    most = 0
    for manifest, ids in measured:
        pixels = sorted((pair.size[0] * pair.size[1] for pair in manifest.pairs), reverse=True)
        most = max(most, bytes_per_pixel(resolve(ids)) * sum(pixels[:workers]))
    return PROCESS_MB * (workers + 1) + most // 10**6

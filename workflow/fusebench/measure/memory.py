"""The memory that measuring takes: it grows with the largest pair and the number of metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fusebench.contracts.markers import Manifest, Pair
from fusebench.metrics import Definition, resolve
from fusebench.metrics.definitions import CANONICAL_PROTOCOL
from fusebench.metrics.limits import KEPT_BYTES, WHOLE_PIXELS

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

RGB = 3
"""So many gray views of an image are measured at most, each with parts of its own."""

LARGE_PHASE_BYTES = 150
"""Bytes of phase congruency for each pixel of an image that is handled in strips.

Measured on 12 megapixels, with what is kept: 185 bytes for each pixel with ``all@zliu``; these
numbers give 330. Without phase congruency no metric needs more than 95 beside what is kept.
"""


def bytes_of_pair(metrics: Sequence[Definition], pixels: int) -> int:
    """Return how many bytes a process needs for a pair of so many pixels."""
    phase = any(metric.target.startswith("phase:") for metric in metrics)
    kept = METRIC_BYTES * len(metrics) * pixels
    if pixels <= WHOLE_PIXELS:
        return (PAIR_BYTES + (PHASE_BYTES if phase else 0)) * pixels + kept
    protocols = {metric.protocol for metric in metrics}
    views = sum(1 if protocol == CANONICAL_PROTOCOL else RGB for protocol in protocols)
    kept = min(kept, KEPT_BYTES * views)
    return (PAIR_BYTES + (LARGE_PHASE_BYTES if phase else 0)) * pixels + kept


def memory_mb(measured: Iterable[tuple[Manifest, Sequence[str]]], workers: int) -> int:
    """Return the memory that measuring some datasets takes at most, in MB.

    Args:
        measured: the marker of each dataset, and the ids of its metrics.
        workers: number of processes; each measures one pair at a time.
    """
    most = 0
    for manifest, ids in measured:
        metrics = resolve(ids)
        needs = [bytes_of_pair(metrics, _pixels(pair)) for pair in manifest.pairs]
        most = max(most, sum(sorted(needs, reverse=True)[:workers]))
    return PROCESS_MB * (workers + 1) + most // 10**6


def _pixels(pair: Pair) -> int:
    """Return the pixels of a pair; each band of an array counts as an image of its own."""
    bands = pair.b.array.shape[2] if pair.b.array else 1
    return pair.size[0] * pair.size[1] * bands

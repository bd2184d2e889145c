"""A check that each numbered result belongs to the pair of that number.

A script that numbers its results may take its inputs in another order; every value of every metric
would then be wrong without any message. A fused image resembles its own sources far more than those
of another scene, which shows such an order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import Pair
from fusebench.datasets.thumbnails import read_thumbnails
from fusebench.errors import BadOutput
from fusebench.registry.placeholders import fields

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OWN_AT_MOST = 0.5
OTHER_AT_LEAST = 0.9
"""Limits of the correlation with the sources of the own pair and of another pair.

A result beyond both limits is taken for the result of that other pair.
"""


def refuse_other_order(
    pairs: Sequence[Pair],
    dataset: Path,
    fused: Mapping[str, NDArray[np.uint8]],
    run: Run,
) -> None:
    """Raise BadOutput where numbered results resemble the sources of other pairs and not their own.

    Args:
        pairs: the pairs of the dataset's manifest.
        dataset: the folder of the dataset in its normal form.
        fused: for each pair's name the thumbnail (32, 32) of its collected result.
        run: the entry's fields; results that are named, not numbered, are not checked.
    """
    if "index" not in fields(run.collect) or len(pairs) < 2:
        return
    names = [pair.name for pair in pairs]
    likeness = _likeness([fused[name] for name in names], read_thumbnails(dataset, pairs))
    own = likeness.diagonal()
    nearest = likeness.argmax(axis=1)
    for i, j in enumerate(nearest):
        if own[i] <= OWN_AT_MOST and likeness[i, j] >= OTHER_AT_LEAST:
            raise BadOutput(
                f"the result collected for pair {names[i]!r} must resemble its own sources"
                f" (correlation {own[i]:.2f}); it resembles those of pair {names[j]!r}"
                f" ({likeness[i, j]:.2f}): the script numbers its results in another order; stage"
                " the pairs under names whose sorted order is their number, e.g. {index:04d}.png"
            )


def _likeness(
    results: list[NDArray[np.uint8]],
    sources: tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]],
) -> NDArray[np.float64]:
    """Return the multiple correlation of each result with both sources of each pair.

    The shape is (results, pairs). A weighted mean of its sources has 1, whatever the weights.
    """
    import numpy as np

    a, b = _rows(sources[0]), _rows(sources[1])
    rest = b - (a * b).sum(axis=1, keepdims=True) * a
    rest /= np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-9)
    fused = _rows(results)
    return np.asarray(np.hypot(fused @ a.T, fused @ rest.T))


def _rows(thumbnails: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """Return thumbnails as rows of mean 0 and length 1, shape (images, 1024)."""
    import numpy as np

    rows = np.stack([small.ravel() for small in thumbnails]).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))

"""A check that numbered results belong to the pairs whose numbers they bear.

A script that numbers its results may take its inputs in an order of its own; every value of every metric would then be wrong
without a word. A fused image resembles its own sources far more than those of another scene, which shows such an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.errors import BadOutput
from fusebench.fuse.placeholders import fields
from fusebench.images import in_mode, read_own

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 32
"""Images are compared at this width and height, where registration and small details do not matter."""

OWN_AT_MOST = 0.5
OTHER_AT_LEAST = 0.9
"""Correlations with the own and with another pair's sources beyond which a result is taken for that other pair's."""


def refuse_other_order(
    pairs: list[dict[str, Any]], dataset: Path, fused: Path, run: Mapping[str, Any]
) -> None:
    """Raise BadOutput where numbered results resemble the sources of other pairs and not their own.

    Args:
        pairs: the pairs of the dataset's manifest.
        dataset: the folder of the dataset in its normal form.
        fused: the folder of the collected results, ``<pair>.png``.
        run: the entry's fields; results that are named, not numbered, are not checked.
    """
    if "index" not in fields(run["collect"]) or len(pairs) < 2:
        return
    names = [pair["name"] for pair in pairs]
    results = _thumbnails([fused / f"{name}.png" for name in names])
    likeness = _likeness(results, dataset, pairs)
    own = likeness.diagonal()
    nearest = likeness.argmax(axis=1)
    for i, j in enumerate(nearest):
        if own[i] <= OWN_AT_MOST and likeness[i, j] >= OTHER_AT_LEAST:
            raise BadOutput(
                f"the result collected for pair {names[i]!r} must resemble its own sources (correlation {own[i]:.2f}); it "
                f"resembles those of pair {names[j]!r} ({likeness[i, j]:.2f}): the script numbers its results in another "
                "order; stage the pairs under names whose sorted order is their number, e.g. {index:04d}.png"
            )


def _likeness(
    results: NDArray[np.float64], dataset: Path, pairs: list[dict[str, Any]]
) -> NDArray[np.float64]:
    """Return the multiple correlation of each result with both sources of each pair, shape (results, pairs).

    A weighted mean of its sources has 1, whatever the weights.
    """
    import numpy as np

    a, b = (_thumbnails([dataset / pair[side]["file"] for pair in pairs]) for side in ("a", "b"))
    rest = b - (a * b).sum(axis=1, keepdims=True) * a
    rest /= np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-9)
    return np.asarray(np.hypot(results @ a.T, results @ rest.T))


def _thumbnails(paths: list[Path]) -> NDArray[np.float64]:
    """Return small gray images as rows of mean 0 and length 1, shape (images, SIDE * SIDE)."""
    import cv2
    import numpy as np

    def small(path: Path) -> NDArray[np.float64]:
        gray = in_mode(read_own(path), "gray")
        return np.asarray(
            cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.float64
        ).ravel()

    with ThreadPoolExecutor(2) as pool:  # decoding images leaves Python's lock alone
        rows = np.stack(list(pool.map(small, paths)))
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))

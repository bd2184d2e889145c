"""Two results held against each other, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from fusebench.contracts.records import Record
from fusebench.differences.causes import causes
from fusebench.differences.results import CellName, Results

NOISE = 1e-9
"""Relative difference of two values that counts as none: sums of another order."""

SAME_IMAGES = "metrics: the images are the same and their values are not"
UNTOLD = "unknown: nothing of what decides the result differs"


@dataclass(frozen=True)
class ChangedMean:
    """The mean of a metric over the images that both results have a value of, in its unit."""

    metric: str
    old: float
    new: float

    @property
    def relative(self) -> float:
        """The difference divided by the larger of the two."""
        largest = max(abs(self.old), abs(self.new))
        return abs(self.new - self.old) / largest if largest else 0.0


@dataclass(frozen=True)
class ChangedCell:
    """A cell that differs.

    Attributes:
        method: its name.
        dataset: its name.
        states: before and after.
        images: how many fused images of both results are not the same file.
        compared: how many both results have.
        causes: what differs of that which decides the result.
        means: the metrics whose mean differs, the largest relative difference first.
    """

    method: str
    dataset: str
    states: tuple[str, str]
    images: int
    compared: int
    causes: list[str]
    means: list[ChangedMean]


@dataclass(frozen=True)
class Difference:
    """What changed between two results.

    Attributes:
        only_old: cells that only the old results have.
        only_new: cells that only the new ones have.
        changed: cells of both that differ.
        same: how many cells of both do not.
    """

    only_old: list[CellName]
    only_new: list[CellName]
    changed: list[ChangedCell]
    same: int


def difference(old: Results, new: Results) -> Difference:
    """Hold two results against each other.

    A cell differs where its state, a fused image (by its sha256) or a mean does. Other seconds are
    no difference.
    """
    both = sorted({*old.records} & {*new.records})
    changed = [cell for name in both if (cell := _changed_cell(name, old, new)) is not None]
    return Difference(
        only_old=sorted({*old.records} - {*new.records}),
        only_new=sorted({*new.records} - {*old.records}),
        changed=changed,
        same=len(both) - len(changed),
    )


def _changed_cell(name: CellName, old: Results, new: Results) -> ChangedCell | None:
    before, after = old.records[name], new.records[name]
    hashes = [_hashes(record) for record in (before, after)]
    common = {*hashes[0]} & {*hashes[1]}
    other = sum(hashes[0][image] != hashes[1][image] for image in common)
    means = list(_changed_means(old.values.get(name, {}), new.values.get(name, {})))
    if before.state == after.state and not other and not means:
        return None
    found = causes(before, after)
    if not found and means and common and not other:
        found = [SAME_IMAGES]
    return ChangedCell(
        method=name[0],
        dataset=name[1],
        states=(before.state, after.state),
        images=other,
        compared=len(common),
        causes=found or [UNTOLD],
        means=sorted(means, key=lambda mean: -mean.relative),
    )


def _hashes(record: Record) -> dict[str, str]:
    return {image.name: image.sha256 for image in record.images}


def _changed_means(
    old: Mapping[tuple[str, str], float], new: Mapping[tuple[str, str], float]
) -> Iterator[ChangedMean]:
    """Yield the metrics whose mean over the images of both results differs."""
    common = {*old} & {*new}
    for metric in sorted({metric for _, metric in common}):
        keys = sorted(key for key in common if key[1] == metric)
        changed = ChangedMean(
            metric, fmean(old[key] for key in keys), fmean(new[key] for key in keys)
        )
        if math.isfinite(changed.relative) and changed.relative > NOISE:
            yield changed

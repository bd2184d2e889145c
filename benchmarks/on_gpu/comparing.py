"""Compares two runs of a method image by image: pixels, PSNR and metrics."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fusebench.contracts.markers import Manifest, Pair
from fusebench.evidence.comparison import Differences, differences
from fusebench.images import read_own
from fusebench.layout import FUSED, cell_folder
from fusebench.markers import read_manifest
from fusebench.metrics import ImagePair, resolve
from msgspec.structs import replace

from on_gpu.cells import read_record
from on_gpu.contents import Differing

Runs = tuple[Path, Path]
"""The folders of the fused images of two runs."""


def compare_runs(method: str, first: tuple[Path, str], second: tuple[Path, str]) -> Differing:
    """Compare the images that two runs of a method have by the same name.

    Args:
        method: the name of the method.
        first: project folder and cell of the one run.
        second: those of the other run.

    Raises:
        StepFailedError: a run has no record.
        ValueError: no image is in both runs.
    """
    images = [_images(root, method, cell) for root, cell in (first, second)]
    common = sorted(images[0].keys() & images[1].keys())
    if not common:
        raise ValueError(f"{method}: the two runs have no image in common")
    return _summary(
        [differences(read_own(images[0][name]), read_own(images[1][name])) for name in common]
    )


def _images(root: Path, method: str, cell: str) -> dict[str, Path]:
    """Return the fused images of a run by the names of their pairs."""
    record = read_record(root, method, cell)
    folder = root / cell_folder(method, cell) / FUSED
    return {image.name: folder / image.fused for image in record.images}


def _summary(found: Sequence[Differences]) -> Differing:
    differing = [one.psnr for one in found if one.psnr is not None]
    return Differing(
        images=len(found),
        exact=sum(one.max_abs == 0 for one in found),
        worst=max(one.max_abs for one in found),
        psnr=min(differing, default=None),
        psnr_median=statistics.median(differing) if differing else None,
    )


def with_metrics(
    known: Differing,
    method: str,
    first: tuple[Path, str],
    second: tuple[Path, str],
    ids: Sequence[str],
) -> Differing:
    """Return a comparison with the mean of each metric over the images that both runs have.

    Args:
        known: the comparison of the same two runs.
        method: the name of the method.
        first: project folder and cell of the one run.
        second: those of the other run, on the same images.
        ids: the metrics.
    """
    root, cell = first
    manifest = read_manifest(root, cell)
    folders = [_images(where, method, name) for where, name in (first, second)]
    values = [_values(manifest, root, images, ids) for images in folders]
    means = {
        name: (statistics.fmean(values[0][name]), statistics.fmean(values[1][name]))
        for name in values[0].keys() & values[1].keys()
    }
    return replace(known, metrics=dict(sorted(means.items())))


def _values(
    manifest: Manifest, root: Path, images: Mapping[str, Path], ids: Iterable[str]
) -> dict[str, list[float]]:
    """Return the values of each metric on the pairs of a dataset; none that is refused."""
    definitions = resolve(ids)
    values: dict[str, list[float]] = {}
    for pair in manifest.pairs:
        measured, _ = _pair(pair, root / manifest.path).attempt(
            read_own(images[pair.name]), definitions
        )
        for name, value in measured.items():
            values.setdefault(name, []).append(value)
    return values


def _pair(pair: Pair, folder: Path) -> ImagePair:
    return ImagePair(read_own(folder / pair.a.file), read_own(folder / pair.b.file))

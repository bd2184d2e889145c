"""Compressed previews of sources and fused images, made once for equal pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.layout import FUSED, cell_folder

QUALITY = 75
CHUNK = 64


@dataclass(frozen=True)
class Preview:
    """One image of the page.

    Attributes:
        key: ``<dataset>/<method>/<number of the pair>``; sources are the methods ``a`` and ``b``.
        original: the image, below the project's folder.
        sha256: of its pixels.
    """

    key: str
    original: Path
    sha256: str


def wanted(manifest: Manifest, dataset: str, records: Sequence[Record]) -> Iterator[Preview]:
    """Yield the previews of a dataset: sources first, then all fused images of finished runs."""
    numbers = {pair.name: number for number, pair in enumerate(manifest.pairs)}
    for pair in manifest.pairs:
        for side, image in (("a", pair.a), ("b", pair.b)):
            file = Path(manifest.path, image.shown)
            yield Preview(f"{dataset}/{side}/{numbers[pair.name]}", file, image.sha256)
    for record in records:
        folder = Path(cell_folder(record.method, dataset), FUSED)
        for fused in record.images if record.has_results else ():
            key = f"{dataset}/{record.method}/{numbers[fused.name]}"
            yield Preview(key, folder / fused.shown, fused.sha256)


def make_previews(
    previews: Sequence[Preview], root: Path, cache: Path, pixels: int, workers: int
) -> list[Path]:
    """Return the file of each preview, made where it is not cached.

    Args:
        previews: what is wanted.
        root: the project's folder.
        cache: the folder of previews, by the hash of their image and their size.
        pixels: the longer side of a preview; smaller images keep their size.
        workers: number of processes.
    """
    paths = [
        cache / preview.sha256[:2] / f"{preview.sha256[:32]}-{pixels}.webp" for preview in previews
    ]
    missing = {
        path: root / preview.original
        for preview, path in zip(previews, paths, strict=True)
        if not path.exists()
    }
    make = partial(_write, pixels=pixels)
    if workers > 1 and len(missing) > CHUNK:
        with ProcessPoolExecutor(workers) as pool:
            list(pool.map(make, missing.values(), missing, chunksize=CHUNK))
    else:
        list(map(make, missing.values(), missing))
    return paths


def _write(original: Path, path: Path, pixels: int) -> None:
    import os

    import cv2

    from fusebench.images import read_image

    image, _ = read_image(original)
    scale = min(1.0, pixels / max(image.shape[:2]))
    small = (
        cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if scale < 1
        else image
    )
    shown = cv2.cvtColor(small, cv2.COLOR_RGB2BGR) if small.ndim == 3 else small
    _, encoded = cv2.imencode(".webp", shown, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(encoded.tobytes())
    part.replace(path)

"""Test images that a network was trained on: the same pixels, or nearly the same picture.

A network that has seen a test image is not tested by it. Images are compared by the hash of their
pixels, and by their patterns: frames of one film, or a copy that was scaled or saved as JPEG, have
other hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from fusebench.contracts.markers import Pair
from fusebench.datasets.thumbnails import read_thumbnails
from fusebench.suspicion.patterns import details, unit
from fusebench.texts import first_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Small = NDArray[np.uint8]

NEAR_COPY = 0.93
"""Likeness of two patterns, from -1 to 1, from which they count as one picture.

Of 134,680 pairs among 520 images of this registry, the nearest two that are not the same file are
neighbouring slices of one scan (0.912). Copies of them as JPEG of quality 20 have 0.942 or more, of
quality 50, or scaled to half their size, 0.985 or more. A copy that lost 2 % of its width and
height is not recognised.
"""
MOST_NAMED = 3


@dataclass(frozen=True)
class Seen:
    """A test pair that was trained on.

    Attributes:
        pair: the name of the test pair.
        trained: the name of the training pair, with its dataset.
        likeness: of the two, at most 1; 1 for the same pixels.
    """

    pair: str
    trained: str
    likeness: float


def write_training_images(file: Path, images: Iterable[tuple[str, Path, Sequence[Pair]]]) -> None:
    """Write names, hashes and thumbnails of training images.

    Args:
        file: the npz file that is written.
        images: for each dataset its name, its folder and the pairs that are trained on.
    """
    names, hashes, small = [], [], []
    for dataset, folder, pairs in images:
        sides = read_thumbnails(folder, pairs)
        for place, pair in enumerate(pairs):
            for side, image in enumerate((pair.a, pair.b)):
                names.append(f"{dataset}/{pair.name}")
                hashes.append(image.sha256)
                small.append(sides[side][place])
    np.savez(file, names=np.array(names), hashes=np.array(hashes), small=np.stack(small))


def trained_on(file: Path, folder: Path, pairs: Sequence[Pair]) -> list[Seen]:
    """Return the test pairs that a network was trained on; nothing where the file is gone.

    Args:
        file: as ``write_training_images`` has written it.
        folder: of the test dataset in its normal form.
        pairs: of its manifest.
    """
    try:
        with np.load(file) as kept:
            names, hashes = [str(name) for name in kept["names"]], [*map(str, kept["hashes"])]
            small = list(kept["small"])
    except (OSError, ValueError, KeyError, BadZipFile):
        return []
    known = dict(zip(hashes, names, strict=True))
    tested = read_thumbnails(folder, pairs)
    alike = [_alike(side, small) for side in tested]
    return [
        found
        for place, pair in enumerate(pairs)
        if (found := _seen(pair, known, names, [side[place] for side in alike]))
    ]


def _alike(tested: Sequence[Small], trained: Sequence[Small]) -> NDArray[np.float32]:
    """Return the likeness of each test image to each training image, -1 to 1."""
    return np.asarray(unit(details(tested)) @ unit(details(trained)).T)


def _seen(
    pair: Pair,
    known: Mapping[str, str],
    names: Sequence[str],
    likeness: Sequence[NDArray[np.float32]],
) -> Seen | None:
    for image in (pair.a, pair.b):
        if image.sha256 in known:
            return Seen(pair.name, known[image.sha256], 1.0)
    best = max(likeness, key=lambda row: float(row.max()))
    place = int(best.argmax())
    return Seen(pair.name, names[place], float(best[place])) if best[place] >= NEAR_COPY else None


def told_seen(found: Sequence[Seen], count: int) -> str:
    """Return which test pairs a network was trained on, as the beginning of a sentence."""
    shown = [
        f"{one.pair!r} is {one.trained!r}"
        + ("" if one.likeness == 1 else f" (likeness {one.likeness:.2f})")
        for one in found
    ]
    named = first_of(shown, MOST_NAMED)
    return f"{len(found)} of {count} pairs are among the training images: {named}"

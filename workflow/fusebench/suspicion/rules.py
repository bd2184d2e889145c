"""The rules: which results cannot be right, and how a reason says it.

Each rule has a name, with which an entry can accept it (``accept``). The limits lie between what
all verified runs of the registry have and what made-up mistakes have; ``benchmarks/suspicion.py``
measures both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fusebench.contracts.markers import Pair, Size
from fusebench.contracts.records import FusedImage
from fusebench.contracts.suspicion import Suspicion
from fusebench.datasets.thumbnails import read_thumbnails
from fusebench.images import LOSSY, in_mode, read_own, thumbnail
from fusebench.suspicion.noise import TILE, foreign_details
from fusebench.suspicion.patterns import (
    TURNS,
    Sources,
    details,
    likeness,
    own_likeness,
    sources_of,
    turned,
    unexplained,
    unit,
)
from fusebench.texts import first_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Small = NDArray[np.uint8]

FLAT_AT_MOST = 0.05
"""Contrast of a flat result, as a share of that of the source image with more contrast."""
COPY_AT_MOST = 0.5
"""Mean difference in gray levels between a copy and its source image."""
LOSSY_COPY_AT_MOST = 2.0
"""The same for a copy in a lossy format."""
LIKE_AT_LEAST = 0.5
"""Likeness that a result has to its own sources."""
BETTER_BY = 0.1
"""How much greater the likeness to another pair, or of the turned result, must be."""
MIXED_AT_LEAST = 0.22
"""Share of a result's pattern that its own sources do not explain and those of another pair do."""
NOISE_AT_LEAST = 13.0
"""Root mean square in gray levels of details that no source has."""
NOISE_SHARE = 0.25
"""Share of such details in all details."""
MOST_LOOKED_AT = 16
"""Results of a run that are looked at for noise, spread evenly."""

ADVICE = (
    "look at the fused images; correct `run` of the entry, or, if the method works like this, give"
    " the entry `accept: [{kinds}]`"
)


@dataclass(frozen=True)
class Finding:
    """One result that cannot be right.

    Attributes:
        kind: the name of the rule.
        pair: the name of its pair.
        words: what is wrong, as the end of a sentence that begins with "results".
        detail: of this one, ``""`` for nothing.
    """

    kind: Suspicion
    pair: str
    words: str
    detail: str = ""


@dataclass(frozen=True)
class Results:
    """The results of a run beside their sources.

    Attributes:
        pairs: of the dataset, in the order of all the other fields.
        images: of the record.
        fused: thumbnails (S, S) of the results.
        a: thumbnails of source images A, cut to the size of the result.
        b: thumbnails of source images B, cut likewise.
        dataset: the folder of the dataset.
        folder: the folder of the fused images.
    """

    pairs: Sequence[Pair]
    images: Sequence[FusedImage]
    fused: Sequence[Small]
    a: Sequence[Small]
    b: Sequence[Small]
    dataset: Path
    folder: Path


def _is_part(size: Size, whole: Size) -> bool:
    """Say whether an image of a size lies inside another one."""
    return size[0] <= whole[0] and size[1] <= whole[1]


def results_of(
    pairs: Sequence[Pair],
    images: Iterable[FusedImage],
    fused: Mapping[str, Small],
    dataset: Path,
    folder: Path,
) -> Results:
    """Return the results of a run beside their sources.

    Args:
        pairs: of the dataset's manifest.
        images: of the record, in any order.
        fused: thumbnails of the results, by the name of their pair.
        dataset: the folder of the dataset in its normal form.
        folder: the folder of the fused images.
    """
    by_name = {image.name: image for image in images}
    a, b = read_thumbnails(dataset, pairs)
    for place, pair in enumerate(pairs):
        size = by_name[pair.name].size
        if size != pair.size and _is_part(size, pair.size):  # `run.size: crop-sources`
            a[place], b[place] = (
                thumbnail(read_own(dataset / pair.sides[side].shown)[: size[1], : size[0]])
                for side in ("a", "b")
            )
    shown = [by_name[pair.name] for pair in pairs]
    return Results(pairs, shown, [fused[pair.name] for pair in pairs], a, b, dataset, folder)


def findings(results: Results) -> list[Finding]:
    """Return what is suspicious: for each result the first rule that applies."""
    found: dict[str, Finding] = {}
    for rule in (_flat, _copies, _identical, _patterns, _noise):
        for finding in rule(results):
            found.setdefault(finding.pair, finding)
    return list(found.values())


def of_other_pairs(results: Results) -> list[Finding]:
    """Return the results that resemble the sources of another pair and not their own."""
    return list(_judged(results, (_other_pair,)))


def told(found: Sequence[Finding], count: int, untrained: Sequence[str] = ()) -> str:
    """Return what is suspicious in a run as one sentence; ``""`` for nothing.

    Args:
        found: the findings.
        count: the results of the run.
        untrained: notes that speak of a network without its weights.
    """
    kinds: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in found:
        kinds[finding.kind, finding.words].append(finding)
    parts = [_in_words(words, same, count) for (_, words), same in kinds.items()]
    return "; ".join([*parts, *untrained])


def advice(kinds: Iterable[str]) -> str:
    """Return what to do about findings of some kinds."""
    return ADVICE.format(kinds=", ".join(dict.fromkeys(kinds)))


def _in_words(words: str, found: Sequence[Finding], count: int) -> str:
    pairs = [
        repr(finding.pair) + (f" ({finding.detail})" if finding.detail else "") for finding in found
    ]
    return f"{len(found)} of {count} results {words}: {first_of(pairs, 3)}"


def _flat(results: Results) -> Iterator[Finding]:
    for pair, fused, a, b in zip(results.pairs, results.fused, results.a, results.b, strict=True):
        contrast = max(a.std(), b.std())
        if contrast > 1 and fused.std() < FLAT_AT_MOST * contrast:
            yield Finding(
                "flat",
                pair.name,
                "hold nearly one value",
                f"contrast {fused.std():.2f}, its sources {contrast:.2f}",
            )


def _copies(results: Results) -> Iterator[Finding]:
    for place, pair in enumerate(results.pairs):
        small = {"A": results.a[place], "B": results.b[place]}
        if _difference(small["A"], small["B"]) <= 2 * COPY_AT_MOST:
            continue
        for side, source in small.items():
            if _difference(results.fused[place], source) <= COPY_AT_MOST and _is_copy(
                results, place, side.lower()
            ):
                yield Finding("copy", pair.name, f"are copies of source image {side}")


def _is_copy(results: Results, place: int, side: str) -> bool:
    fused, source = _whole(results, place, side)
    lossy = any(note.startswith(LOSSY) for note in results.images[place].notes)
    return _difference(fused, source) <= (LOSSY_COPY_AT_MOST if lossy else COPY_AT_MOST)


def _whole(results: Results, place: int, *sides: str) -> list[NDArray[np.uint8]]:
    """Return the gray levels of a result, and of its sources cut to its size."""
    image = results.images[place]
    fused = in_mode(read_own(results.folder / image.shown), "gray")
    height, width = fused.shape
    files = [results.dataset / results.pairs[place].sides[side].shown for side in sides]
    return [fused, *(in_mode(read_own(file), "gray")[:height, :width] for file in files)]


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the mean difference of two images in gray levels."""
    return float(np.abs(one.astype(np.int16) - other).mean())


def _identical(results: Results) -> Iterator[Finding]:
    first: dict[str, Pair] = {}
    for pair, image in zip(results.pairs, results.images, strict=True):
        same = first.setdefault(image.sha256, pair)
        if any(pair.sides[side].sha256 != same.sides[side].sha256 for side in ("a", "b")):
            yield Finding(
                "identical",
                pair.name,
                "are equal to the result of another pair in every pixel",
                f"that of {same.name!r}",
            )


@dataclass(frozen=True)
class Compared:
    """The patterns of results beside those of all sources.

    Attributes:
        pairs: the names of the pairs.
        rows: the pattern of each result, of length 1.
        sources: of all pairs.
        own: the likeness of each result to the sources of its own pair, 0 to 1.
    """

    pairs: Sequence[str]
    rows: NDArray[np.float32]
    sources: Sources
    own: NDArray[np.float32]

    def finding(self, place: int, kind: Suspicion, words: str, detail: str = "") -> Finding:
        """Return a finding on one result."""
        return Finding(kind, self.pairs[place], words, detail)

    def above(self, likeness: NDArray[np.float32]) -> Iterator[int]:
        """Yield the results to which another likeness speaks more clearly than their own."""
        clear = (likeness >= LIKE_AT_LEAST) & (likeness > self.own + BETTER_BY)
        yield from (int(place) for place in np.flatnonzero(clear))


def _patterns(results: Results) -> Iterator[Finding]:
    return _judged(results, (_other_pair, _turned, _unlike, _mixed, _negative))


def _judged(
    results: Results, rules: Iterable[Callable[[Compared], Iterator[Finding]]]
) -> Iterator[Finding]:
    """Compare the pattern of each result with those of its own and of all other sources."""
    sources = sources_of(results.a, results.b)
    rows = unit(details(results.fused))
    names = [pair.name for pair in results.pairs]
    compared = Compared(names, rows, sources, own_likeness(rows, sources))
    judged = {names[place] for place in np.flatnonzero(sources.have_pattern)}
    for rule in rules:
        yield from (finding for finding in rule(compared) if finding.pair in judged)


def _other_pair(found: Compared) -> Iterator[Finding]:
    nearest, best = _nearest(likeness(found.rows, found.sources))
    for place in found.above(best):
        other = found.pairs[nearest[place]]
        detail = f"likeness {found.own[place]:.2f}, to {other!r} {best[place]:.2f}"
        yield found.finding(place, "other-pair", "resemble the sources of another pair", detail)


def _nearest(alike: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return for each result which other pair it resembles most, and how much."""
    np.fill_diagonal(alike, 0)
    nearest = alike.argmax(axis=1)
    return nearest, alike[np.arange(len(alike)), nearest]


def _turned(found: Compared) -> Iterator[Finding]:
    upright = np.stack(
        [own_likeness(turned(found.rows, turn), found.sources) for turn in TURNS.values()]
    )
    for place in found.above(upright.max(axis=0)):
        how = list(TURNS)[upright[:, place].argmax()]
        detail = f"likeness {found.own[place]:.2f}, upright {upright[:, place].max():.2f}"
        yield found.finding(place, "turned", f"are {how}", detail)


def _unlike(found: Compared) -> Iterator[Finding]:
    for place in np.flatnonzero(found.own < LIKE_AT_LEAST):
        detail = f"likeness {found.own[place]:.2f}, at least {LIKE_AT_LEAST}"
        yield found.finding(int(place), "unlike", "do not resemble their sources", detail)


def _mixed(found: Compared) -> Iterator[Finding]:
    rest = unexplained(found.rows, found.sources)
    nearest, share = _nearest(likeness(rest, found.sources))
    for place in np.flatnonzero(share >= MIXED_AT_LEAST):
        detail = f"that of {found.pairs[nearest[place]]!r}, {share[place]:.2f}"
        words = "also hold the pattern of another pair"
        yield found.finding(int(place), "mixed", words, detail)


def _negative(found: Compared) -> Iterator[Finding]:
    for place in np.flatnonzero((found.rows * found.sources.stronger).sum(axis=1) < 0):
        words = "are negatives: dark where their sources are bright"
        yield found.finding(int(place), "negative", words)


def _noise(results: Results) -> Iterator[Finding]:
    """Yield results with details of their own; pictures of arrays are not judged.

    PAN and a blurred source do not explain the sharp colours of small objects, and the limits were
    measured on images.
    """
    count = len(results.pairs)
    for place in np.unique(np.linspace(0, count - 1, min(count, MOST_LOOKED_AT)).astype(int)):
        if results.images[place].array:
            continue
        fused, a, b = _whole(results, int(place), "a", "b")
        if min(fused.shape) < TILE:
            continue
        strength, share = foreign_details(fused, a, b)
        if strength >= NOISE_AT_LEAST and share >= NOISE_SHARE:
            detail = f"{strength:.1f} gray levels, {share:.0%} of all details"
            words = "hold details that no source has: noise"
            yield Finding("noise", results.pairs[place].name, words, detail)

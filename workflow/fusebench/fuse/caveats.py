"""What was done to the results of a run before they were measured: for log and footnotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import UNSET

from fusebench.contracts.harness import UNTRAINED
from fusebench.contracts.records import FusedImage, Record
from fusebench.contracts.training import SMOKE
from fusebench.contracts.weights import AUTHORS, WeightFacts
from fusebench.fuse.value_range import MUCH_CLIPPED, SMALL_16_BITS
from fusebench.fuse.verified import OTHER_IMAGES
from fusebench.images import LOSSY
from fusebench.texts import first_of

RESIZED = "resized to the size of their sources (run.size: resize-back)"
CROPPED = "smaller than their sources, measured on that part only (run.size: crop-sources)"
MOST_NAMED = 3
SHOWN_DIGITS = 12
REPEATED = (LOSSY, SMALL_16_BITS, MUCH_CLIPPED)
"""How those notes of images begin that a reader of a table must know."""


def caveat_of(record: Record) -> str:
    """Say what a reader of a table must know of a run that has results; ``""`` for nothing."""
    if not record.has_results:
        return ""
    told = caveat(record.images, record.notes if record.is_ok else ())
    suspicion = "" if record.is_ok else f"suspicious, not ranked: {record.reason}"
    return "; ".join(filter(None, [suspicion, told, *_of_weights(record), *_of_training(record)]))


def caveat(images: Sequence[FusedImage], notes: Sequence[str] = ()) -> str:
    """Say what a reader of a table must know of a run; ``""`` if there is nothing.

    That is how many results were resized, cropped or lossy, or have an odd range of values, and
    whether the network may be untrained, or the images are not those that were verified.

    Args:
        images: of the run.
        notes: of the run.
    """
    counts = Counter(told for image in images for told in _of_image(image))
    of_images = [f"{count} of {len(images)} results {told}" for told, count in counts.items()]
    of_run = [note for note in notes if any(part in note for part in (*UNTRAINED, OTHER_IMAGES))]
    return "; ".join([*of_images, *of_run])


def _of_weights(record: Record) -> Iterator[str]:
    """Yield the files of weights that nothing says to be the authors', by what is known of them."""
    told: dict[str, list[str]] = {}
    for path, facts in record.weights_from.items():
        if facts.origin != AUTHORS or not facts.pinned:
            sha256 = record.weights.get(path, "")[:SHOWN_DIGITS]
            told.setdefault(origin_of(facts), []).append(f"{path} (sha256 {sha256})")
    for origin, files in told.items():
        yield f"weights {origin}: {first_of(files, MOST_NAMED)}"


def _of_training(record: Record) -> Iterator[str]:
    """Yield what a reader must know of a training that was made here."""
    if record.training is UNSET:
        return
    if record.training.variant == SMOKE:
        yield "trained for minutes only (smoke): its numbers say nothing of the method"
    if record.training.selected == "test":
        yield "the checkpoint was chosen on test images (selected on test)"


def origin_of(facts: WeightFacts) -> str:
    """Return where a file of weights came from, and whether nobody pinned it."""
    if facts.pinned:
        return facts.origin
    return "unpinned" if facts.origin == AUTHORS else f"{facts.origin}, unpinned"


def _of_image(image: FusedImage) -> Iterator[str]:
    """Yield what was done to one result: a cropped one keeps its own size in the record."""
    if image.result_size is not UNSET:
        yield CROPPED if image.result_size == image.size else RESIZED
    yield from dict.fromkeys(note for note in image.notes if note.startswith(REPEATED))

"""What was done to the results of a run before they were measured, for a footnote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import UNSET

from fusebench.contracts.records import FusedImage, Record
from fusebench.images import LOSSY

RESIZED = "resized to the size of their sources (run.size: resize-back)"
CROPPED = "smaller than their sources, measured on that part only (run.size: crop-sources)"


def caveat(record: Record) -> str:
    """Say how many results of a run were resized, cropped or lossy; ``""`` if there are none."""
    counts = Counter(told for image in record.images for told in _of_image(image))
    return "; ".join(
        f"{count} of {len(record.images)} results {told}" for told, count in counts.items()
    )


def _of_image(image: FusedImage) -> Iterator[str]:
    """Yield what was done to one result: a cropped one keeps its own size in the record."""
    if image.result_size is not UNSET:
        yield CROPPED if image.result_size == image.size else RESIZED
    yield from dict.fromkeys(note for note in image.notes if note.startswith(LOSSY))

"""The pixels that a dataset must have, image by image: a text file of sha256 sums.

The file is fixed together with the dataset's list of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fusebench.contracts.markers import Manifest
from fusebench.errors import DatasetUnavailable
from fusebench.files import write_text

Key = tuple[str, str]
"""Part (``a``, ``b``, ``reference`` or a further one) and name of a pair."""


def write_pins(file: Path, manifest: Manifest) -> int:
    """Write the sums of a prepared dataset as ``sha256sum`` does, and return how many there are."""
    sums = dict(sums_of(manifest))
    write_text(file, "".join(f"{found}  {side}/{name}\n" for (side, name), found in sums.items()))
    return len(sums)


def read_pins(file: Path) -> dict[Key, str]:
    """Read a file of sums: (side, pair) -> sha256 of the pixels."""
    lines = (
        line.split(maxsplit=1)
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )
    return {(path.split("/", 1)[0], path.split("/", 1)[1]): found for found, path in lines}


def _read(name: str, file: Path) -> dict[Key, str]:
    try:
        return read_pins(file)
    except (OSError, ValueError, IndexError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "a line is not of that form"
        raise DatasetUnavailable(
            f"{name}: `hashes` must name a text file with lines `SHA256  SIDE/NAME`, as `fusebench"
            f" pin` writes it; found {file}: {reason}"
        ) from error


def check_pins(name: str, file: Path, manifest: Manifest, whole: bool) -> None:
    """Raise DatasetUnavailable if an image is not the one that ``file`` pins.

    The message names the first such image, or the file where it cannot be read. ``whole``: no list
    of names chooses a part of the set, so that every pinned image must be there.
    """
    known, present = _read(name, file), dict(sums_of(manifest))
    if whole and (absent := [key for key in known if key not in present]):
        raise DatasetUnavailable(
            f"{name}: every image that {file.name} pins must be there; {len(absent)} are not,"
            f" first: {'/'.join(absent[0])}; bring them back, or name those that are wanted in"
            " `pairs`"
        )
    other = [(key, found) for key, found in present.items() if known.get(key) != found]
    if other:
        (side, pair), found = other[0]
        wanted = known.get((side, pair), "(not listed)")
        raise DatasetUnavailable(
            f"{name}: every image must be the one that {file.name} pins; found"
            f" {len(other)} other(s), first: {_original(manifest, side, pair)}, whose pixels must"
            f" have the sha256 {wanted}; found {found}; its source has changed: take the old one,"
            " or pin the new one under another name"
        )


def sums_of(manifest: Manifest) -> Iterator[tuple[Key, str]]:
    """Yield the sha256 of the pixels of every image of a prepared dataset."""
    for pair in manifest.pairs:
        for side, image in pair.parts.items():
            yield (side, pair.name), image.sha256


def _original(manifest: Manifest, side: str, name: str) -> str:
    """Return the file that an image was read from, as its source names it."""
    image = next(pair.parts[side] for pair in manifest.pairs if pair.name == name)
    return image.original.file if image.original else f"{side}/{name}"

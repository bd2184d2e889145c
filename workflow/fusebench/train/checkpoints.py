"""Which of the files that a training script wrote are the trained weights."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from fusebench.errors import BadOutput
from fusebench.hashes import sha256_of_file
from fusebench.links import leads_out
from fusebench.texts import beginning_of

MOST_NAMED = 6


def natural_order(name: str) -> list[tuple[int, str]]:
    """Return the key by which ``epoch_9`` comes before ``epoch_10``.

    >>> sorted(["epoch_10.pth", "epoch_9.pth"], key=natural_order)
    ['epoch_9.pth', 'epoch_10.pth']
    """
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def matching(work: Path, pattern: str) -> list[Path]:
    """Return the files of a scratch copy that match a pattern, in natural order.

    Links that lead out of it are left out.
    """
    found = (path for path in work.glob(pattern) if path.is_file() and not leads_out(path, work))
    return sorted(found, key=lambda path: natural_order(path.relative_to(work).as_posix()))


def is_torn(path: Path) -> bool:
    """Say whether a file was cut off while it was written, as far as its form tells.

    The checkpoints of torch since 1.6 and of numpy are zip files, whose directory comes last.
    """
    try:
        with path.open("rb") as stream:
            begins = stream.read(4)
    except FileNotFoundError:
        return True
    return not begins or (begins == b"PK\x03\x04" and not zipfile.is_zipfile(path))


def chosen_files(
    patterns: Mapping[str, str], work: Path, before: Mapping[str, str]
) -> dict[str, Path]:
    """Return path of a file of weights -> the file that the script wrote for it.

    Args:
        patterns: path of a file of weights -> pattern of what the script writes.
        work: the scratch copy in which it ran.
        before: path -> sha256 of files that were there before it began: they are no checkpoints.

    Raises:
        BadOutput: the script wrote no such file, or the last one is cut off.
    """
    found = {}
    for target, pattern in patterns.items():
        written = [path for path in matching(work, pattern) if _is_new(path, work, before)]
        if not written:
            raise BadOutput(
                f"the training script ended, and must have written {pattern}; found"
                f" {_there(work, pattern) or 'nothing there'}; correct `train.checkpoint.files`"
            )
        if is_torn(written[-1]):
            name = written[-1].relative_to(work)
            raise BadOutput(f"the checkpoint {name} is cut off: the script was still writing it")
        found[target] = written[-1]
    return found


def _is_new(path: Path, work: Path, before: Mapping[str, str]) -> bool:
    known = before.get(path.relative_to(work).as_posix())
    return known is None or known != sha256_of_file(path)


def _there(work: Path, pattern: str) -> str:
    """Name the files in the folder where a checkpoint was looked for."""
    folder = work / pattern.partition("*")[0].rpartition("/")[0]
    if not folder.is_dir() or leads_out(folder, work):
        return ""
    return beginning_of(sorted(path.name for path in folder.iterdir()), MOST_NAMED)


def known_files(work: Path, patterns: Iterable[str]) -> dict[str, str]:
    """Return path -> sha256 of files that match some patterns."""
    return {
        path.relative_to(work).as_posix(): sha256_of_file(path)
        for pattern in patterns
        for path in matching(work, pattern)
    }


def place_checkpoints(chosen: Mapping[str, Path], folder: Path) -> dict[str, str]:
    """Copy the chosen files to where cells look for weights; return path -> sha256."""
    hashes = {}
    for target, written in chosen.items():
        place = folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(written, place)
        hashes[target] = sha256_of_file(place)
    return hashes

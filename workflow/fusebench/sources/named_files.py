"""Files of a repository that an entry names and that are not there, with those that are."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.weights import WeightEntry

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")
MOST_NAMED = 3


def missing_files(
    folder: Path, run: Run, weights: Sequence[WeightEntry], absent: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield each file that an entry names and that a clone has not got, and what to say of it.

    Args:
        folder: the clone.
        run: the fields of the entry.
        weights: the files of trained parameters.
        absent: files of the commit whose content is not there.

    Yields:
        The field of the entry, and a sentence with the near names.
    """
    named = [("run.script", run.script), ("run.function", run.function)]
    named += [("run.unpack", archive) for archive in run.unpack]
    named += [("run.edit", file) for file in run.edit]
    if not run.unpack:  # else they may be in an archive
        named += [("weights", one.path) for one in weights if not one.is_external]
    files: list[str] = []
    for field, path in named:
        if not path or (folder / path).exists() or path in absent:
            continue
        files = files or sorted(
            one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()
        )
        yield field, f"must be a file of the repository; found no {path!r}{near_file(path, files)}"


def near_file(path: str, files: Sequence[str]) -> str:
    """Return the files that may be meant: with the same name elsewhere, or a near name.

    >>> near_file("test.py", ["Test.py", "net.py"])
    " (did you mean 'Test.py'?)"
    """
    wanted = PurePosixPath(path)
    by_name = [file for file in files if PurePosixPath(file).name.lower() == wanted.name.lower()]
    suffixes = ARCHIVES if wanted.suffix in ARCHIVES else (wanted.suffix.lower(),)
    alike = [file for file in files if PurePosixPath(file).suffix.lower() in suffixes]
    near = by_name or difflib.get_close_matches(path, alike, n=MOST_NAMED, cutoff=0.6)
    if near:
        return f" (did you mean {' or '.join(map(repr, near[:MOST_NAMED]))}?)"
    kind = wanted.suffix or "such"
    return f"; its {kind} files: {', '.join(alike[:MOST_NAMED]) or 'none'}"

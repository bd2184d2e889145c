"""What to change in an entry, from the files that its script asked for and wrote.

A path that a script used holds the name or the number of a pair; as a pattern it holds ``{name}``
or ``{index}`` in its place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath

from fusebench.authoring.roles import role_of
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.records import FilesSeen
from fusebench.images import SUFFIXES
from fusebench.registry.placeholders import fill

OUT = "../out/"
"""How a path in the folder ``{out}`` begins, seen from the scratch copy."""

HOME = "../home/"
"""How a path in the empty home of a script begins: caches of libraries, which tell nothing."""

MOST_NAMED = 4


@dataclass(frozen=True)
class Proposal:
    """A field of ``run`` with a value that would fit what was seen.

    Attributes:
        field: such as ``stage.a``.
        value: what to write there.
    """

    field: str
    value: str

    def __str__(self) -> str:
        """Return it as it stands in ``methods.yaml``."""
        return f'run.{self.field}: "{self.value}"'


def proposals(
    seen: FilesSeen, names: Sequence[str], run: Run, modalities: tuple[str, str]
) -> list[Proposal]:
    """Return what the files of a failed run propose for ``stage`` and ``collect``.

    Args:
        seen: the files of the run, relative to the scratch copy.
        names: of the pairs that were staged, in the order in which they are numbered.
        run: the fields of the entry.
        modalities: what source images A and B show.
    """
    return [*_of_inputs(seen, names, run, modalities), *_of_results(seen, names, run)]


def proposed_path(reason: str, clone: Path, cwd: str) -> Proposal | None:
    """Return the folder for ``PYTHONPATH`` where a module that was not found is the repository's.

    Args:
        reason: why the run has no result.
        clone: the folder of the clone.
        cwd: where the script starts, from the top of the clone on.
    """
    missing = re.search(r"No module named '(\w+)", reason)
    if not missing:
        return None
    found = [*clone.rglob(f"{missing[1]}.py"), *clone.rglob(f"{missing[1]}/")]
    if not found:
        return None
    nearest = min(found, key=lambda path: len(path.parts)).parent
    return Proposal("environ.PYTHONPATH", os.path.relpath(nearest, clone / cwd))


def _of_inputs(
    seen: FilesSeen, names: Sequence[str], run: Run, modalities: tuple[str, str]
) -> Iterator[Proposal]:
    """Yield where A and B are looked for: files in vain, or folders without a staged image."""
    if not run.stage.a or not run.stage.b:  # files of arrays: their keys cannot be guessed
        return
    values = dict(zip(("modality_a", "modality_b"), modalities, strict=True))
    now = {"a": fill(run.stage.a, values), "b": fill(run.stage.b, values)}
    for pattern in _patterns(_images(seen.missing), names, run.first_index):
        yield from _for_role(pattern, now, modalities)
    suffix = PurePosixPath(run.stage.a).suffix or ".png"
    staged = {str(PurePosixPath(pattern).parent) for pattern in now.values()}
    for folder in [*_folders(seen.missing), *seen.listed]:
        if folder not in {".", *staged} and role_of(folder, modalities):
            yield from _for_role(f"{folder}/{{name}}{suffix}", now, modalities)


def _for_role(pattern: str, now: dict[str, str], modalities: tuple[str, str]) -> Iterator[Proposal]:
    side = role_of(pattern, modalities)
    if side and pattern != now[side]:
        yield Proposal(f"stage.{side}", pattern)


def _of_results(seen: FilesSeen, names: Sequence[str], run: Run) -> Iterator[Proposal]:
    written = [path.replace(OUT, "{out}/", 1) for path in _images(seen.written)]
    for pattern in _patterns(written, names, run.first_index):
        if pattern != run.collect:
            yield Proposal("collect", pattern)


def _images(paths: Iterable[str]) -> list[str]:
    endings = SUFFIXES | {".npy", ".mat"}
    return [path for path in paths if PurePosixPath(path).suffix.lower() in endings]


def _folders(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if not PurePosixPath(path).suffix]


def _patterns(paths: Iterable[str], names: Sequence[str], first: int) -> list[str]:
    """Return the patterns of paths that hold the name or the number of a pair, each once."""
    known = list(paths)
    is_named = any(name in PurePosixPath(path).name for path in known for name in names)
    if counted := "" if is_named else _counted(known, first, len(names)):
        return [counted]
    found = (_pattern(path, names, first) for path in known)
    return list(dict.fromkeys(pattern for pattern in found if pattern))


def _counted(paths: Sequence[str], first: int, count: int) -> str:
    """Return the pattern of paths of which each has the next number; empty where they have not.

    >>> _counted(["out/net2_1001.png", "out/net2_1002.png"], 1, 2)
    'out/net2_1{index:03d}.png'
    """
    if len(paths) != count or count < len("ab"):
        return ""
    head = _shared(paths).rstrip("0")
    tail = _shared([path[::-1] for path in paths])[::-1]
    numbers = [path[len(head) : len(path) - len(tail)] for path in paths]
    if not all(map(str.isdecimal, numbers)) or "/" in tail:
        return ""
    if sorted(map(int, numbers)) != list(range(first, first + count)):
        return ""
    width = len(numbers[0])
    has_zeros = any(number.startswith("0") for number in numbers) and width > 1
    return f"{head}{{index:0{width}d}}{tail}" if has_zeros else f"{head}{{index}}{tail}"


def _shared(texts: Sequence[str]) -> str:
    """Return the characters with which all of some texts begin."""
    same = takewhile(lambda characters: len(set(characters)) == 1, zip(*texts, strict=False))
    return "".join(characters[0] for characters in same)


def _pattern(path: str, names: Sequence[str], first: int) -> str:
    """Return the pattern of a path; empty where it belongs to no pair.

    >>> _pattern("results/ir_07.png", ["07"], 1)
    'results/ir_{name}.png'
    >>> _pattern("results/001.bmp", ["meting"], 1)
    'results/{index:03d}.bmp'
    >>> _pattern("results/F9_01.bmp", ["meting"], 1)
    'results/F9_{index:02d}.bmp'
    """
    folder, slash, file = path.rpartition("/")
    for name in sorted(names, key=len, reverse=True):
        if name in file:
            return f"{folder}{slash}{file.replace(name, '{name}', 1)}"
    for number in reversed(list(re.finditer(r"\d+", file))):
        if first <= int(number[0]) < first + len(names):
            width = len(number[0])
            index = f"{{index:0{width}d}}" if width > 1 else "{index}"
            return f"{folder}{slash}{file[: number.start()]}{index}{file[number.end() :]}"
    return ""


def told(seen: FilesSeen) -> Iterator[str]:
    """Yield what was seen, one line for each kind."""
    for words, found in (
        ("it looked in vain for", seen.missing),
        ("it wrote", seen.written),
        ("it listed", [path for path in seen.listed if path != "."]),
    ):
        paths = [path for path in found if not path.startswith(HOME)]
        if paths:
            more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
            yield f"{words} {', '.join(paths[:MOST_NAMED])}{more}"

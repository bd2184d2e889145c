"""The images that authors committed: inputs of a self-check, and outputs to compare with."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from fusebench.authoring.tree import Tree

FEWEST = 1
MOST_PAIRS = 5
Selfcheck = dict[str, object]
"""Fields of ``selfcheck`` as plain data."""

OUTPUT_WORDS = re.compile(r"result|fus|out|save|run|ours", re.IGNORECASE)


def selfcheck_of(tree: Tree, a: str, b: str, collect: str) -> Selfcheck | None:
    """Return a self-check on the images that are committed where a script looks for them.

    Args:
        tree: the clone.
        a: pattern of source images A.
        b: pattern of source images B.
        collect: pattern of the results.

    Returns:
        ``selfcheck`` of an entry; None where no pair is committed.
    """
    sides = {side: _numbered(pattern) for side, pattern in (("a", a), ("b", b))}
    names = sorted(set(_names(tree, sides["a"])) & set(_names(tree, sides["b"])))
    if len(names) < FEWEST or any("{name}" not in pattern for pattern in sides.values()):
        return None
    found: Selfcheck = {
        "inputs": {side: _any_suffix(tree, pattern, names[0]) for side, pattern in sides.items()}
    }
    expect = _outputs(tree, names, sides, _numbered(collect))
    if expect:
        found["expect"] = expect
        compared = [name for name in names if _has(tree, expect, name)]
        found["pairs"] = sorted(compared, key=_by_number)[:MOST_PAIRS]
    elif a != sides["a"]:
        return None  # a script that counts takes the first ones, and nothing is compared
    return found


def _by_number(name: str) -> tuple[int, str]:
    """Return what sorts names as a script counts them: 2 before 10."""
    return (int(name) if name.isdecimal() else 0, name)


def _numbered(pattern: str) -> str:
    return re.sub(r"\{index[^}]*\}", "{name}", pattern)


def _names(tree: Tree, pattern: str) -> list[str]:
    """Return the names of the committed images that a pattern finds, whatever their suffix."""
    stem = str(PurePosixPath(pattern).with_suffix(""))
    whole = re.compile(re.escape(stem).replace(re.escape("{name}"), r"([^/]+)"))
    found = (whole.fullmatch(str(PurePosixPath(name).with_suffix(""))) for name in tree.images)
    return [match[1] for match in found if match and match.groups()]


def _any_suffix(tree: Tree, pattern: str, name: str) -> str:
    """Return a pattern with the suffix that the committed images have."""
    stem = str(PurePosixPath(pattern).with_suffix(""))
    wanted = stem.replace("{name}", name)
    for image in tree.images:
        if str(PurePosixPath(image).with_suffix("")) == wanted:
            return f"{stem}{PurePosixPath(image).suffix}"
    return pattern


def _has(tree: Tree, pattern: str, name: str) -> bool:
    return pattern.replace("{name}", name) in tree.images


def _outputs(tree: Tree, names: list[str], sides: dict[str, str], collect: str) -> str:
    """Return the pattern of committed outputs; empty where none is found."""
    if "{name}" in collect and not collect.startswith("{out}"):
        exact = _any_suffix(tree, collect, names[0])
        if any(_has(tree, exact, name) for name in names):
            return exact
    if all(name.isdecimal() for name in names):
        return ""  # any other folder of numbered images would fit
    inputs = {str(PurePosixPath(pattern).parent) for pattern in sides.values()}
    best, most = "", 0
    for folder, images in tree.images_by_folder.items():
        if folder in inputs or not OUTPUT_WORDS.search(folder):
            continue
        for pattern in {_pattern(image, names) for image in images[:40]} - {""}:
            count = sum(_has(tree, pattern, name) for name in names)
            if count > most:
                best, most = pattern, count
    return best


def _pattern(image: str, names: list[str]) -> str:
    """Return the pattern of an output that has the name of a pair in its own."""
    folder, _, file = image.rpartition("/")
    stem = PurePosixPath(file).stem
    for name in sorted(names, key=len, reverse=True):
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![0-9])", stem):
            return f"{folder}/{file.replace(name, '{name}', 1)}"
    return ""

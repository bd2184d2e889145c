"""Whether a clone, or a local repository, is as committed.

Its files are compared by git under settings of our own: what ``.git`` says of programs, of files to
ignore, and of files to take for unchanged, does not count.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fusebench.contracts.markers import SourceMarker
from fusebench.errors import GitFailed, SourceUnavailable
from fusebench.hashes import IGNORED_FOLDERS, folder_digest
from fusebench.sources.git_process import (
    Repository,
    ignored_by_user,
    own_directory,
    run_git,
)
from fusebench.sources.objects import absent_files

SUBMODULE = "160000 "
"""How the line of a submodule begins in the index."""

OF_THE_FILE_SYSTEM = ("filemode", "symlinks", "ignorecase", "precomposeunicode")
"""Settings that git found out about the file system when it made the repository."""


def refuse_changed_source(source: SourceMarker) -> None:
    """Raise SourceUnavailable if a clone or a copy is not what its marker says.

    The files decide where there is no history to compare with: of a local folder, and of a clone
    that was carried to another machine without it.
    """
    if source.commit is None or source.carried:
        _refuse_edited_copy(source)
    else:
        refuse_changes(Path(source.path), source.code, source.commit)


def refuse_changes(folder: Path, what: str, commit: str) -> None:
    """Raise SourceUnavailable if a clone is not whole, or was edited after it was made.

    Files that the origin lacks, and caches of Python, do not count.

    Args:
        folder: the clone.
        what: how messages name it.
        commit: its full hash.
    """
    head = head_of(folder)
    if head != commit:
        raise SourceUnavailable(
            f"{what}: the folder {folder} must be a whole clone; found {head or 'no commit'}"
            f" instead of {commit}; delete the folder and run again"
        )
    try:
        changed = sorted(_changes(folder, commit, ""))
    except (GitFailed, OSError) as error:
        raise damaged_clone(folder, what, error) from error
    if changed:
        raise SourceUnavailable(
            f"{what}: the folder {folder} must be as committed; found changes in"
            f" {len(changed)} file(s), first: {changed[0]}; delete the folder and run"
            " again, or commit the changes and pin that commit"
        )


def _refuse_edited_copy(source: SourceMarker) -> None:
    found, wanted = folder_digest(Path(source.path)), source.carried or source.tree
    if found != wanted:
        raise SourceUnavailable(
            f"{source.code}: its copy {source.path} must have the digest {wanted}; found"
            f" {found}: it was edited; delete it and {source.path}.json, and run again"
        )


def damaged_clone(folder: Path, what: str, error: Exception) -> SourceUnavailable:
    """Return the error of a clone that git cannot read."""
    return SourceUnavailable(
        f"{what}: the folder {folder} must be a whole clone; git says: {error}; delete"
        " the folder and run again"
    )


def head_of(clone: Path) -> str:
    """Return the commit of a clone, which ``HEAD`` has as it is; empty where there is none."""
    try:
        return (clone / ".git" / "HEAD").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


@contextmanager
def opened_clone(clone: Path, commit: str) -> Iterator[Repository]:
    """Give a clone that fusebench made, under settings of our own."""
    git_dir = clone / ".git"
    with own_directory(git_dir / "objects", clone, commit) as repository:
        shutil.copy2(git_dir / "index", repository.git_dir / "index")  # with its time: git needs it
        _take_over_settings(git_dir / "config", repository)
        yield repository


def _take_over_settings(config: Path, repository: Repository) -> None:
    """Keep what git found out about the file system; the rest of the settings may be a script's."""
    asked = ("config", "--null", "--no-includes", "--file", str(config.absolute()), "--list")
    told = run_git(*asked, folder=repository.git_dir)
    for line in told.split("\0"):
        name, _, value = line.partition("\n")
        if name.removeprefix("core.") in OF_THE_FILE_SYSTEM and value in ("true", "false"):
            repository.run("config", name, value)


def _changes(clone: Path, commit: str, prefix: str) -> Iterator[str]:
    """Yield the changed files of a clone and of its submodules."""
    with opened_clone(clone, commit) as repository:
        _compare_all(repository)
        pins = _pins(repository)
        told = [
            (status, path)
            for status, path in _status(repository, "--ignored=matching")
            if status not in ("??", "!!") or not _is_cache(path)
        ]
        gone = {path for status, path in told if "D" in status}
        lacking = set(absent_files(repository, commit)) if gone else set()
        yield from (prefix + path for _, path in told if path not in lacking)
    for path, pin in pins.items():
        yield from _changes_of_submodule(clone / path, pin, f"{prefix}{path}/")


def _changes_of_submodule(folder: Path, pin: str, prefix: str) -> Iterator[str]:
    if (folder / ".git").exists():
        if head_of(folder) != pin:
            yield prefix
        else:
            yield from _changes(folder, pin, prefix)
    elif folder.is_dir():  # it was not cloned, because nothing says from where
        yield from (f"{prefix}{path.name}" for path in folder.iterdir())


def _compare_all(repository: Repository) -> None:
    """Take no file for unchanged because its mark in the index says so."""
    hidden: dict[str, list[str]] = {"assume-unchanged": [], "skip-worktree": []}
    for line in filter(None, repository.run("ls-files", "-v", "-z").split("\0")):
        mark, path = line.split(" ", 1)
        if mark.islower():
            hidden["assume-unchanged"].append(path)
        if mark in "sS":
            hidden["skip-worktree"].append(path)
    for mark, paths in hidden.items():
        if paths:
            names = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
            repository.run("update-index", f"--no-{mark}", "-z", "--stdin", given=names)


def _pins(repository: Repository) -> dict[str, str]:
    """Return path -> commit of the submodules in the index."""
    lines = filter(None, repository.run("ls-files", "--stage", "-z").split("\0"))
    staged = (line.split("\t", 1) for line in lines)
    return {path: head.split()[1] for head, path in staged if head.startswith(SUBMODULE)}


def _status(repository: Repository, *options: str) -> Iterator[tuple[str, str]]:
    """Yield two letters and the path of every change."""
    told = repository.run(
        "status",
        "--porcelain",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignore-submodules=all",
        *options,
    )
    for line in filter(None, told.split("\0")):
        yield line[:2], line[3:]


def _is_cache(path: str) -> bool:
    return path.endswith(".pyc") or not IGNORED_FOLDERS.isdisjoint(path.split("/"))


def refuse_uncommitted(folder: Path, what: str) -> None:
    """Raise SourceUnavailable if a local repository has changes that are not committed.

    The rules of the user and of the repository about files to ignore hold here.
    """
    try:
        changed = sorted(_uncommitted(folder, ""))
    except (GitFailed, OSError) as error:
        raise SourceUnavailable(
            f"{what}: the folder {folder} must be a whole repository with a commit; git says:"
            f" {error}"
        ) from error
    if changed:
        raise SourceUnavailable(
            f"{what}: the folder {folder} must be as committed; found changes in"
            f" {len(changed)} file(s), first: {changed[0]}; commit the changes and pin that commit"
        )


def _uncommitted(folder: Path, prefix: str, pin: str = "") -> Iterator[str]:
    """Yield the changed files of a local repository and of its submodules."""
    with _opened_folder(folder) as (repository, head):
        if pin and head != pin:
            yield prefix
        yield from (prefix + path for _, path in _status(repository))
        pins = _pins(repository)
    for path, digest in pins.items():
        if (folder / path / ".git").exists():
            yield from _uncommitted(folder / path, f"{prefix}{path}/", digest)


@contextmanager
def _opened_folder(folder: Path) -> Iterator[tuple[Repository, str]]:
    """Give a user's repository under settings of our own, and its commit."""
    asked = ("objects", "index", "config", "info/exclude")
    told = run_git(
        "rev-parse",
        "--path-format=absolute",
        *(part for name in asked for part in ("--git-path", name)),
        "HEAD",
        folder=folder,
    )
    *places, commit = told.splitlines()
    objects, index, config, exclude = map(Path, places)
    with own_directory(objects, folder, commit) as repository:
        shutil.copy2(index, repository.git_dir / "index")
        for part in index.parent.glob("sharedindex.*"):
            shutil.copy2(part, repository.git_dir / part.name)
        rules = "\n".join(_text(file) for file in (ignored_by_user(), exclude))
        (repository.git_dir / "info" / "exclude").write_text(rules, errors="surrogateescape")
        _take_over_settings(config, repository)
        yield repository, commit


def _text(file: Path) -> str:
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    return ""

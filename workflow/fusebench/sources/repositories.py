"""Clones of repositories at a full commit hash, with submodules.

A clone is whole, or lacks only the files whose content a mirror lacks.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import UNSET

from fusebench.contracts.markers import SourceMarker
from fusebench.errors import GitFailed, SourceUnavailable
from fusebench.folders import staged_folder
from fusebench.hashes import folder_digest, source_files
from fusebench.links import leads_out, links_out_of
from fusebench.project import locate
from fusebench.registry.methods import is_local
from fusebench.sources.addresses import Origin, origin_of
from fusebench.sources.changes import (
    damaged_clone,
    head_of,
    opened_clone,
    refuse_changes,
    refuse_uncommitted,
)
from fusebench.sources.git_process import (
    FOLDERS,
    NONE,
    SERVERS,
    STRANGERS,
    Access,
    Repository,
    own_settings,
    run_git,
)
from fusebench.sources.objects import absent_files, entries
from fusebench.sources.submodules import Submodule, refuse_too_many, submodules_of

FULL_HASH = re.compile(r"[0-9a-f]{40}")

ALL_REFERENCES = "+refs/*:refs/origin/*"


def obtain_source(
    code: str, commit: str | None, final: Path, root: Path, mirror: str = ""
) -> SourceMarker:
    """Make ``final`` the work tree of ``code`` at ``commit`` and return its marker.

    Args:
        code: the address of a repository, or a local folder of the project.
        commit: the full hash; None takes a local folder as it is.
        final: the folder to make; one that exists already and is clean is left as it is.
        root: the project's folder.
        mirror: a path template with ``{owner}`` and ``{name}`` that replaces the network; empty for
            the network.

    Raises:
        SourceUnavailable: the repository or the commit cannot be fetched, or a folder has changes
            that are not committed.
    """
    if is_local(code) and not commit:
        return _snapshot(locate(root, code), code, final)
    if not commit or not FULL_HASH.fullmatch(commit):
        raise SourceUnavailable(
            f"{code}: commit must be a full hash of 40 hexadecimal digits; found {commit!r}"
        )
    origin = origin_of(code, root, mirror)
    if not final.exists():
        if is_local(code):
            refuse_uncommitted(Path(origin.address), code)
        with staged_folder(final) as stage:
            _Cloning(code, root, mirror).clone(code, origin, commit, stage)
    what = f"{code} at {commit[:12]}"
    _refuse_other_commit(final, code, commit)
    refuse_changes(final, what, commit)
    try:
        return _describe(code, commit, final, origin.address)
    except (GitFailed, OSError) as error:
        raise damaged_clone(final, what, error) from error


def _refuse_other_commit(folder: Path, code: str, commit: str) -> None:
    """Raise SourceUnavailable if a clone is of another commit whose first digits are the same."""
    found = head_of(folder)
    if FULL_HASH.fullmatch(found) and found != commit:
        raise SourceUnavailable(
            f"{code}: {commit} must be a commit of the repository; found the clone {folder} of the"
            f" commit {found}: correct `commit` of the entry, or delete the folder and run again"
        )


def _snapshot(folder: Path, code: str, final: Path) -> SourceMarker:
    """Copy a local folder without history; its digest stands for the commit."""
    if not folder.is_dir():
        raise SourceUnavailable(f"{code}: must be an existing folder; found nothing at {folder}")
    if (folder / ".git").exists():
        refuse_uncommitted(folder, code)
    if not final.exists():
        with staged_folder(final) as stage:
            for path in source_files(folder):
                _refuse_link_out(path, folder, code)
                target = stage / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
    digest = folder_digest(final)
    if digest != folder_digest(folder):
        raise SourceUnavailable(
            f"{code}: its copy {final} must equal it, but was edited; delete {final} and run again"
        )
    return SourceMarker(path=str(final), code=code, origin=code, tree=digest)


def _refuse_link_out(path: Path, folder: Path, code: str) -> None:
    if path.is_symlink() and leads_out(path, folder):
        raise SourceUnavailable(
            f"{code}: {path.relative_to(folder)} must be a file of the folder; found a link to"
            f" {path.readlink()}: put a copy of the file there; weights may also be put into"
            " resources/weights/METHOD"
        )


class _Cloning:
    """The clone of a source with all of its submodules.

    Attributes:
        asked: the ``code`` of the entry.
        root: the project's folder.
        mirror: as for ``obtain_source``.
        submodules: how many were found so far.
    """

    def __init__(self, asked: str, root: Path, mirror: str) -> None:
        """Take what holds for the source and for all submodules."""
        self.asked = asked
        self.root = root
        self.mirror = mirror
        self.submodules = 0

    def clone(self, code: str, origin: Origin, commit: str, folder: Path) -> None:
        """Clone a repository and its submodules."""
        repository = _obtain(_download, code, commit, folder, origin)
        try:
            _checkout(repository, commit)
            inner = submodules_of(repository, commit, code)
        except GitFailed as error:
            raise _refused(code, commit, error) from error
        self.submodules += len(inner)
        refuse_too_many(self.submodules, self.asked)
        for path, submodule in inner.items():
            self._clone_inside(code, folder, path, submodule)

    def _clone_inside(self, code: str, folder: Path, path: str, submodule: Submodule) -> None:
        inner = folder / path
        if inner.resolve() != folder.resolve() / path:
            raise SourceUnavailable(
                f"{code}: the submodule {path!r} must lie in the repository; found a link"
            )
        origin = origin_of(submodule.address, self.root, self.mirror, self.asked)
        self.clone(submodule.address, origin, submodule.commit, inner)


def _refused(code: str, commit: str, error: Exception) -> SourceUnavailable:
    return SourceUnavailable(f"{code} at {commit[:12]}: cannot be checked out; git says: {error}")


def _obtain(
    download: Callable[[Origin, str, Path], Repository],
    code: str,
    commit: str,
    folder: Path,
    origin: Origin,
) -> Repository:
    """Bring a repository's objects from its origin and check that the commit is among them."""
    try:
        repository = download(origin, commit, folder)
    except GitFailed as error:
        raise SourceUnavailable(
            f"{code}: cannot be cloned from {origin.address}: {error}"
        ) from error
    _check_commit(repository, commit, code, origin.address)
    own_settings(repository.git_dir)
    return repository


def _access(origin: Origin) -> Access:
    """Return what git may reach for an origin."""
    if origin.is_on_this_machine:
        return FOLDERS
    return SERVERS if origin.is_trusted else STRANGERS


def _download(origin: Origin, commit: str, folder: Path) -> Repository:
    """Fetch only the commit where the server allows it, otherwise everything."""
    if origin.is_folder:
        return _copy_objects(origin, folder)
    repository, access = _empty(folder), _access(origin)
    try:
        repository.run("fetch", "--depth=1", "--", origin.address, commit, access=access)
    except GitFailed:
        repository.run("fetch", "--", origin.address, ALL_REFERENCES, access=access)
    return repository


def _empty(folder: Path) -> Repository:
    """Make a repository without any template."""
    folder.mkdir(parents=True, exist_ok=True)
    run_git("init", "--quiet", "--template=", folder=folder)
    return Repository(folder.absolute() / ".git", folder.absolute())


def _copy_objects(origin: Origin, folder: Path, *options: str) -> Repository:
    """Clone a folder of this machine, also one that lacks the content of some files."""
    folder.mkdir(parents=True, exist_ok=True)
    told = ("clone", "--quiet", "--no-checkout", "--template=", *options)
    run_git(*told, "--", origin.address, ".", folder=folder, access=FOLDERS)
    return Repository(folder.absolute() / ".git", folder.absolute())


def _check_commit(repository: Repository, commit: str, code: str, origin: str) -> None:
    """Refuse a hash that is a tag, a tree or nothing at all."""
    try:
        kind = repository.run("cat-file", "-t", commit).strip()
    except GitFailed:
        kind = "nothing"
    if kind != "commit":
        raise SourceUnavailable(
            f"{code}: {commit} must be a commit of {origin}; found {kind} under that hash"
        )


def _checkout(repository: Repository, commit: str) -> None:
    """Write the commit's files, leaving out those whose content the origin lacks."""
    absent = set(absent_files(repository, commit))
    repository.run("update-ref", "--no-deref", "HEAD", commit)
    repository.run("read-tree", commit)
    present = [path for path, _, _ in entries(repository, commit) if path not in absent]
    _write_files(repository, present)


def _write_files(repository: Repository, paths: Iterable[str], access: Access = NONE) -> None:
    """Write files of the index into the work tree."""
    names = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    repository.run("checkout-index", "--force", "-z", "--stdin", given=names, access=access)


def _describe(code: str, commit: str, folder: Path, origin: str) -> SourceMarker:
    with opened_clone(folder, commit) as repository:
        inner = submodules_of(repository, commit, code)
        return SourceMarker(
            path=str(folder),
            code=code,
            origin=origin,
            commit=commit,
            tree=repository.run("rev-parse", f"{commit}^{{tree}}").strip(),
            absent=[_shown(path) for path in absent_files(repository, commit)],
            submodules={_shown(path): one.commit for path, one in inner.items()},
            submodule_addresses={_shown(path): one.address for path, one in inner.items()} or UNSET,
        )


def _shown(path: str) -> str:
    """Return a path as JSON can hold it: bytes that are not UTF-8 are written as ``\\xff``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def checkout_folders(
    code: str, commit: str, folders: list[str], final: Path, root: Path, mirror: str = ""
) -> list[str]:
    """Write only some folders of a repository at a commit.

    The rest of it may be huge or partly missing. Returns the files of those folders that the origin
    lacks.

    Raises:
        SourceUnavailable: as for a whole source, or a folder that the commit does not have.
    """
    origin = origin_of(code, root, mirror)
    repository = _obtain(_download_partly, code, commit, final, origin)
    try:
        repository.run("read-tree", commit)
        return [
            path
            for folder in folders
            for path in _write_folder(repository, folder, code, commit, origin)
        ]
    except GitFailed as error:
        raise _refused(code, commit, error) from error


def _write_folder(
    repository: Repository, folder: str, code: str, commit: str, origin: Origin
) -> list[str]:
    """Write a folder of a commit; return its files whose content the origin does not hold."""
    paths = [path for path, _, _ in entries(repository, commit, folder)]
    if not paths:
        raise SourceUnavailable(
            f"{code}: must have the folder {folder!r} at {commit[:12]}; found nothing there"
        )
    lacking = set(absent_files(repository, commit, folder)) if origin.is_folder else set()
    present = [path for path in paths if path not in lacking]
    _write_files(repository, present, _access(origin))
    return sorted(lacking | _without_links_out(repository.work))


def _without_links_out(folder: Path) -> set[str]:
    """Remove the links that lead out of a folder, and return their paths in it.

    What they lead to is no part of the repository.
    """
    found = list(links_out_of(folder))
    for link in found:
        link.unlink()
    return {link.relative_to(folder).as_posix() for link in found}


def _download_partly(origin: Origin, commit: str, folder: Path) -> Repository:
    """Fetch the commit without contents where the server allows it.

    The files of the folders then come on checkout.
    """
    if origin.is_folder:
        return _copy_objects(origin, folder, "--shared")
    repository, access = _empty(folder), _access(origin)
    repository.run("config", "remote.origin.url", origin.address)
    try:
        asked = ("fetch", "--depth=1", "--filter=blob:none", "--", "origin", commit)
        repository.run(*asked, access=access)
    except GitFailed:
        repository.run("fetch", "--", "origin", ALL_REFERENCES, access=access)
    return repository

"""Brings a repository at its newest commit for a draft, and says what is odd about it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from fusebench.authoring.tree import Tree
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import SourceMarker
from fusebench.errors import GitFailed, NothingToDraft, SourceUnavailable
from fusebench.layout import SOURCES
from fusebench.registry.methods import is_local
from fusebench.sources import source_key
from fusebench.sources.addresses import Origin, origin_of
from fusebench.sources.git_process import FOLDERS, SERVERS, run_git
from fusebench.sources.repositories import obtain_source

HUGE = 4_000_000_000
"""In bytes: a repository whose newest files are larger holds a data set."""

FULL_HASH = re.compile(r"[0-9a-f]{40}")
_FORGES = ("github.com", "gitlab.com", "gitee.com", "bitbucket.org", "www.github.com")
_INSIDE = {
    "tree": "a link to a folder or a branch of it",
    "blob": "a link to a file of it",
    "raw": "a link to a file of it",
    "pull": "a link to a pull request",
    "pulls": "a link to its pull requests",
    "issues": "a link to an issue",
    "releases": "a link to its releases",
    "commit": "a link to a commit",
    "wiki": "a link to its wiki",
    "-": "a link to a page of it",
}


def repository_address(code: str) -> str:
    """Return the address of a repository, without what browsers put behind it.

    Raises:
        NothingToDraft: it is the address of something inside a repository, or of no repository.

    >>> repository_address("https://github.com/zyb5/LUT-Fuse/?tab=readme#usage")
    'https://github.com/zyb5/LUT-Fuse'
    """
    text = code.strip()
    if is_local(text):
        return text
    parts = urlsplit(text)
    words = [word for word in parts.path.removesuffix(".git").split("/") if word]
    host = (parts.hostname or "").lower()
    if host in _FORGES and parts.scheme in ("http", "https"):
        if len(words) < len(("owner", "name")):
            raise NothingToDraft(
                f"{code}: must be the address of a repository, https://{host}/OWNER/NAME; found a"
                " page of a user or of the site"
            )
        address = f"https://{host.removeprefix('www.')}/{words[0]}/{words[1]}"
        if len(words) > len(("owner", "name")):
            what = _INSIDE.get(words[2], "a page of it")
            raise NothingToDraft(
                f"{code}: must be the address of a repository; found {what}: take {address}"
                + (f" --commit {words[3]}" if words[2] == "commit" and words[3:] else "")
            )
        return address
    return text


def cloned(code: str, commit: str, root: Path, mirror: str) -> tuple[Tree, SourceMarker]:
    """Return a repository at a commit, as a run would clone it.

    Args:
        code: the address of the repository, or a local folder.
        commit: the full hash; empty for the newest one.
        root: the project's folder.
        mirror: a path with ``{owner}`` and ``{name}`` that replaces the network.

    Raises:
        SourceUnavailable: it cannot be fetched.
        NothingToDraft: it has no commit, or is huge.
    """
    origin = origin_of(code, root, mirror)
    chosen = commit or _newest(code, origin)
    if not FULL_HASH.fullmatch(chosen):
        raise NothingToDraft(
            f"--commit must be a full hash of 40 hexadecimal digits; found {chosen!r}: `git"
            f" ls-remote {code}` prints them"
        )
    _refuse_huge(code, origin, chosen)
    key = source_key(code, chosen, root)
    folder = Path(SOURCES, key)
    marker = obtain_source(code, chosen, root / folder, root, mirror)
    path = root / SOURCES / f"{key}.json"
    if not path.exists():
        write_stored(path, replace(marker, path=str(folder)))
    return Tree(root / folder, tuple(marker.absent or ())), marker


def _newest(code: str, origin: Origin) -> str:
    """Return the newest commit of the default branch."""
    try:
        if origin.is_folder:
            return run_git("rev-parse", "HEAD", folder=Path(origin.address), access=FOLDERS).strip()
        asked = ("ls-remote", "--", origin.address, "HEAD")
        found = run_git(*asked, folder=Path.cwd(), access=SERVERS).split()
    except GitFailed as error:
        if origin.is_folder and "HEAD" in str(error):
            raise NothingToDraft(f"{code}: the repository is empty: it has no commit") from error
        raise SourceUnavailable(
            f"{code}: must be a repository that can be read without a password: {error}; if it is"
            " private, clone it yourself and give the folder"
        ) from error
    if not found:
        raise NothingToDraft(f"{code}: the repository is empty: it has no commit")
    return found[0]


def _refuse_huge(code: str, origin: Origin, commit: str) -> None:
    """Refuse a repository that holds a data set, where its size is known before it is copied."""
    if not origin.is_folder:
        return
    try:
        listed = run_git("ls-tree", "-r", "-l", commit, folder=Path(origin.address), access=FOLDERS)
    except GitFailed:  # a mirror that lacks some contents does not tell their sizes
        return
    sizes = (line.split("\t")[0].split()[-1] for line in listed.splitlines())
    total = sum(int(size) for size in sizes if size.isdecimal())
    if total > HUGE:
        raise NothingToDraft(
            f"{code}: has {total / 1e9:.1f} GB of files, as data sets have; clone the part with the"
            " code yourself and give its folder"
        )

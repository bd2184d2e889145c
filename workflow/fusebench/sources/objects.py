"""The objects of a repository: the files of a commit, and those whose content is not there."""

from __future__ import annotations

from collections.abc import Iterator

from fusebench.sources.git_process import Repository

Entry = tuple[str, str, str]
"""Path, type (blob, commit) and hash."""


def entries(repository: Repository, commit: str, folder: str = "") -> Iterator[Entry]:
    """Yield everything in a commit's tree, or in one folder of it.

    Raises:
        GitFailed: the commit, or one of its trees, is not there or is damaged.
    """
    listing = repository.run("ls-tree", "-r", "-z", commit, *(["--", folder] if folder else []))
    for line in filter(None, listing.split("\0")):
        head, path = line.split("\t", 1)
        _, kind, digest = head.split()
        yield path, kind, digest


def absent_files(repository: Repository, commit: str, folder: str = "") -> list[str]:
    """Return the files of a commit whose content is not among the repository's objects."""
    blobs = [
        (path, digest)
        for path, kind, digest in entries(repository, commit, folder)
        if kind == "blob"
    ]
    known = missing_objects(repository, {digest for _, digest in blobs})
    return [path for path, digest in blobs if digest in known]


def missing_objects(repository: Repository, digests: set[str]) -> set[str]:
    """Return the hashes that no object of the repository has."""
    asked = "\n".join(sorted(digests)).encode()
    answer = repository.run("cat-file", "--batch-check", given=asked)
    return {line.split()[0] for line in answer.splitlines() if line.endswith(" missing")}

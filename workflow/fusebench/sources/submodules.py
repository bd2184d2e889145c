"""The submodules of a commit: what a repository says of other repositories is checked first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fusebench.errors import GitFailed, SourceUnavailable
from fusebench.sources.addresses import submodule_address
from fusebench.sources.git_process import Repository
from fusebench.sources.objects import entries, missing_objects

MODULES = ".gitmodules"
MOST_SUBMODULES = 100
"""The most submodules of a source, those of submodules included."""


@dataclass(frozen=True)
class Submodule:
    """A repository inside another one.

    Attributes:
        address: where it is cloned from, whole even where ``.gitmodules`` has a relative one.
        commit: its full hash.
    """

    address: str
    commit: str


def submodules_of(repository: Repository, commit: str, code: str) -> dict[str, Submodule]:
    """Return path -> submodule of a commit.

    Those without a section in ``.gitmodules`` are left out.

    Args:
        repository: has the commit.
        commit: its full hash.
        code: the address of the repository, where relative addresses start.

    Raises:
        SourceUnavailable: ``.gitmodules`` cannot be read, or has an address that is refused.
    """
    pins: dict[str, str] = {}
    modules = ""
    for path, kind, digest in entries(repository, commit):
        if kind == "commit":
            pins[path] = digest
        elif path == MODULES and kind == "blob":
            modules = digest
    if not pins or not modules or missing_objects(repository, {modules}):
        return {}
    return {
        path: Submodule(_address(code, name, stated), pins[path])
        for name, stated in _sections(repository, modules, code).items()
        if (path := stated.get("path", "")) in pins
    }


def _sections(repository: Repository, blob: str, code: str) -> dict[str, dict[str, str]]:
    """Return name -> fields of the sections of a ``.gitmodules``, which is read as text alone."""
    try:
        # Without --no-includes a repository could have any file of this machine read.
        told = repository.run("config", "--null", "--no-includes", "--blob", blob, "--list")
    except GitFailed as error:
        raise SourceUnavailable(
            f"{code}: {MODULES} must be a list of submodules as git writes it; git says: {error}"
        ) from error
    found: dict[str, dict[str, str]] = {}
    for line in filter(None, told.split("\0")):
        key, _, value = line.partition("\n")
        if key.startswith("submodule.") and key.count(".") > 1:
            name, _, field = key.removeprefix("submodule.").rpartition(".")
            found.setdefault(name, {})[field] = value
    return found


def _address(code: str, name: str, stated: Mapping[str, str]) -> str:
    if "url" not in stated:
        raise SourceUnavailable(
            f"{code}: the submodule {name!r} must have a `url` in {MODULES}; found none"
        )
    return submodule_address(code, stated["url"], name)


def refuse_too_many(count: int, code: str) -> None:
    """Raise SourceUnavailable if a source has more submodules than any real one."""
    if count > MOST_SUBMODULES:
        raise SourceUnavailable(
            f"{code}: must have at most {MOST_SUBMODULES} submodules, those of submodules included;"
            " found more"
        )

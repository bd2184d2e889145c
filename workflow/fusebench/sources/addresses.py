"""Where a repository may come from: a server, or what the user named on this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from fusebench.errors import SourceUnavailable
from fusebench.project import locate
from fusebench.registry.methods import is_local, owner_and_name

_HOST = r"[A-Za-z0-9][^\s/@:]*(?::[0-9]+)?"
_URL = re.compile(rf"(?:https?|ssh)://(?:(?!-)[^\s/@]+@)?(?P<host>{_HOST})/[^\s]+")
_SHORT = re.compile(rf"(?!-)[^\s/@:]+@(?P<host>{_HOST}):(?!-)[^\s]+")
"""``git@host:path``, the short form of an address of ssh."""

_HIDDEN_CONTROLS = re.compile(r"%(0[0-9a-f]|1[0-9a-f]|7f)", re.IGNORECASE)
"""A line end in an address could put another server into a question for a password."""

SERVERS = "an address of http, https or ssh (https://HOST/OWNER/NAME, git@HOST:OWNER/NAME)"


@dataclass(frozen=True)
class Origin:
    """Where a repository is really cloned from.

    Attributes:
        address: for git: an address, or the absolute path of a folder.
        is_folder: whether it is a folder of this machine.
        is_trusted: whether the user's passwords may be used for its server: the user named this
            server, not a repository.
    """

    address: str
    is_folder: bool
    is_trusted: bool = True

    @property
    def is_on_this_machine(self) -> bool:
        """Whether no server is asked."""
        return self.is_folder or self.address.startswith("file://")


def server_of(address: str) -> str:
    """Return the server of an address; empty where it is no address that is fetched from.

    >>> server_of("git@github.com:Lab/Net"), server_of("ext::sh -c true")
    ('github.com', '')
    """
    found = _URL.fullmatch(address) or _SHORT.fullmatch(address)
    unclear = (
        not address.isprintable()
        or _HIDDEN_CONTROLS.search(address)
        or not {".", ".."}.isdisjoint(owner_and_name(address))
    )
    return "" if found is None or unclear else found["host"].lower()


def origin_of(code: str, root: Path, mirror: str, asked: str = "") -> Origin:
    """Return where a repository is cloned from.

    Args:
        code: the address of an entry or of a submodule, or a local folder of the project.
        root: the project's folder.
        mirror: a path or an address with ``{owner}`` and ``{name}``; empty for the network.
        asked: the ``code`` of the entry, where ``code`` is that of one of its submodules.

    Raises:
        SourceUnavailable: it is neither an address of a server nor a folder that is there.
    """
    if is_local(code) and not code.startswith("-"):
        folder = locate(root, code)
        if folder.is_dir():
            return Origin(str(folder.resolve()), is_folder=True)
        raise SourceUnavailable(f"{code}: must be an existing folder; found nothing at {folder}")
    if not (server := server_of(code)):
        raise SourceUnavailable(f"{code}: must be {SERVERS}, or a folder; found another address")
    if not mirror:
        return _of_server(code, is_trusted=not asked or server == server_of(asked))
    owner, name = owner_and_name(code)
    return _of_mirror(code, mirror.replace("{owner}", owner).replace("{name}", name))


def _of_server(code: str, is_trusted: bool) -> Origin:
    if not is_trusted and not code.startswith("http"):
        raise SourceUnavailable(
            f"{code}: a submodule on another server than its repository must have an address of"
            " http or https: with ssh your keys would open any server that a repository names"
        )
    return Origin(code, is_folder=False, is_trusted=is_trusted)


def _of_mirror(code: str, place: str) -> Origin:
    """Return a place that the user's own setting names."""
    if place.startswith("file://") or server_of(place):
        return Origin(place, is_folder=False)
    if "://" in place or place.startswith(("-", "git@")):
        raise SourceUnavailable(
            f"{code}: the `mirror` setting must be a path, or {SERVERS}; found {place}"
        )
    if not Path(place).exists():
        raise SourceUnavailable(
            f"no mirror of {code} at {place} (mirrors replace the network); "
            "put a clone there, or run without the mirror setting"
        )
    return Origin(str(Path(place).absolute()), is_folder=True)


def submodule_address(code: str, address: str, name: str) -> str:
    """Return the whole address of a submodule.

    Args:
        code: the address of the repository that names it, where a relative one starts.
        address: as ``.gitmodules`` has it.
        name: of the submodule, for messages.

    Raises:
        SourceUnavailable: a repository must not make fusebench clone from this machine, or run
            a command.
    """
    whole = urljoin(f"{code.rstrip('/')}/", address) if address.startswith("../") else address
    if not server_of(whole):
        raise SourceUnavailable(
            f"{code}: the submodule {name!r} must have {SERVERS}; found {address!r}: put its files"
            " into a repository of your own, and name that one"
        )
    return whole

"""Links in a stranger's files: no step follows one out of the folder that it works in.

A repository, or a script, can link to any file of the user. Reading through the link would publish
that file, writing through it would replace it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fusebench.errors import Crashed


def leads_out(path: Path, top: Path) -> bool:
    """Say whether a path lies outside a folder once all links on its way are followed."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(top))


def links_out_of(top: Path) -> Iterator[Path]:
    """Yield the links below a folder that lead out of it, or that name a place of this machine.

    An absolute link means another place when the folder is copied.
    """
    for parent, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name != ".git"]
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.is_symlink() and (path.readlink().is_absolute() or leads_out(path, top)):
                yield path


def place_for(target: Path, room: Path, *, make: bool = True) -> Path:
    """Return a path once a file can be written there, and nowhere else.

    A link on the way that leads out of the room is removed, and so is a link at the end.

    Args:
        target: the file.
        room: the folder that must hold it.
        make: make the folder of the file.

    Raises:
        Crashed: the path itself leads out of the room.
    """
    way = Path(os.path.normpath(target))
    if not way.is_relative_to(room):
        raise Crashed(f"{target} must lie in the scratch folder of the run, {room}")
    for place in (*reversed(way.parents), way):
        if place.is_relative_to(room) and place.is_symlink() and place != room:
            _remove_link_out(place, room, is_end=place == way)
    if make:
        way.parent.mkdir(parents=True, exist_ok=True)
    if leads_out(way.parent, room):
        raise Crashed(f"{target} must lie in the scratch folder of the run, {room}")
    return target


def _remove_link_out(link: Path, room: Path, *, is_end: bool) -> None:
    if is_end or leads_out(link, room):
        link.unlink()

"""Folders that are either whole or absent.

A folder is made in a staging folder, which is locked while its builder lives, and renamed at the
end. A staging folder that a dead builder left is recognised by its lock; the next builder removes
it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of the errors of a full disk, and of a quota that is used up."""

OLD_SECONDS = 24 * 3600.0
"""The age after which a staging folder of another machine counts as left over.

Its lock may not be visible on this machine.
"""
_POLL_SECONDS = 0.2


def disk_trouble(error: Exception) -> str:
    """Return what a full or read-only disk means for the user; empty for any other error.

    >>> disk_trouble(OSError(28, "No space left on device", "results/a.csv"))
    'results/a.csv is full (No space left on device): free space and run again'
    """
    if not isinstance(error, OSError):
        return ""
    where = error.filename2 or error.filename or "the disk"
    if error.errno in NO_SPACE:
        return f"{where} is full ({error.strerror}): free space and run again"
    if error.errno == errno.EROFS:
        return f"{where} is read-only ({error.strerror}): make it writable and run again"
    return ""


@contextmanager
def staged_folder(final: Path) -> Iterator[Path]:
    """Give an empty folder that becomes ``final`` in one rename when the block ends well.

    Where another process was quicker, its folder stays and this one is removed. This one is also
    removed after an exception.
    """
    with staging_folder(final) as stage:
        yield stage
        try:
            stage.rename(final)
        except OSError:
            if not final.is_dir() or not any(final.iterdir()):
                raise


@contextmanager
def staging_folder(final: Path) -> Iterator[Path]:
    """Give an empty folder beside ``final``, on the same file system.

    It is removed if it is still there at the end. The call waits while another builder of this
    machine makes ``final``. That saves double work; the result is right without it.
    """
    parent = final.parent / ".staging"
    parent.mkdir(parents=True, exist_ok=True)
    with _courtesy(parent / f"{final.name}.building"), _living_folder(parent, final.name) as stage:
        yield stage


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give an empty folder in the machine's temporary folder for as long as the block lasts.

    A killed job cannot remove its own: the next one does.
    """
    parent = scratch_parent()
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _living_folder(parent, "scratch") as stage:
        yield stage


def scratch_parent() -> Path:
    """Return the folder of all scratch folders of this user on this machine."""
    return Path(tempfile.gettempdir()).resolve() / f"fusebench-{os.getuid()}"


@contextmanager
def _living_folder(parent: Path, name: str) -> Iterator[Path]:
    """Give an empty folder of ``parent``, marked as in use while this process lives.

    Folders of dead processes are removed first.
    """
    collect_leftovers(parent)
    stage = parent / f"{name}.{platform.node()}.{uuid.uuid4().hex[:12]}"
    with _held(stage.with_name(f"{stage.name}.alive")):
        stage.mkdir()
        try:
            yield stage
        finally:
            _discard(stage)
            _discard(stage.with_name(f"{stage.name}.broken"))


def collect_leftovers(parent: Path) -> list[Path]:
    """Remove staging folders whose builder is dead, and return them.

    On this machine a builder holds its lock as long as it lives. Folders of other machines, and
    folders on a file system without locks, are judged by their age.
    """
    gone = leftovers(parent)
    for stage in gone:
        _discard(stage)
        stage.with_name(f"{stage.name}.alive").unlink(missing_ok=True)
    return gone


def leftovers(parent: Path) -> list[Path]:
    """Return the staging folders whose builder is dead, as ``collect_leftovers`` judges it."""
    stages = (path for path in parent.glob("*.*.*") if path.suffix not in (".alive", ".building"))
    return sorted(stage for stage in stages if _left_over(stage))


def remove_folder(folder: Path) -> None:
    """Remove a folder tree, read-only parts included; an absent folder is fine.

    Of a link, the link alone is removed.
    """
    if folder.is_symlink():
        folder.unlink()
    if not folder.exists():
        return
    folder.chmod(0o755)
    for parent, inner, _ in os.walk(folder):
        for name in inner:
            if not Path(parent, name).is_symlink():
                Path(parent, name).chmod(0o755)
    shutil.rmtree(folder)


def _discard(folder: Path) -> None:
    """Remove a staging folder as far as it can be; another process may be collecting it too."""
    with suppress(OSError):
        remove_folder(folder)


def _left_over(stage: Path) -> bool:
    with suppress(FileNotFoundError):
        old = time.time() - stage.stat().st_mtime > OLD_SECONDS
        return _builder_is_dead(stage, old) if f".{platform.node()}." in stage.name else old
    return False


def _builder_is_dead(stage: Path, old: bool) -> bool:
    """Ask the lock of a folder of this machine; without locks, its age decides."""
    try:
        with stage.with_name(f"{stage.name.removesuffix('.broken')}.alive").open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    except OSError:
        return old
    return True


@contextmanager
def _held(file: Path) -> Iterator[None]:
    """Hold a lock on ``file`` until the block ends or this process dies.

    On a file system without locks there is no lock and no error.
    """
    with file.open("wb") as stream:
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


@contextmanager
def _courtesy(file: Path) -> Iterator[None]:
    """Wait for another builder of the same folder.

    Only as far as the file system has locks that show that there is one.
    """
    with file.open("ab") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_POLL_SECONDS)
                continue
            except OSError:
                pass
            break
        yield

"""What a script read and wrote, as the times of the files in its scratch folder tell it.

Before the script starts, every staged image gets an old access time. Whoever reads the file, by
whatever library or child process, gives it a new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusebench.arrays.files import SUFFIXES as ARRAY_SUFFIXES
from fusebench.errors import BadOutput
from fusebench.fuse.access_times import ScratchCopy, reset_access_time
from fusebench.fuse.staging import StagedPair
from fusebench.images import SUFFIXES

UNSEEN = (
    "the file system of the scratch folder keeps no access times: whether the script read the"
    " staged source images could not be seen"
)
NONE_SEEN = (
    f"{UNSEEN}, and the launcher, which does not see child processes, saw it open none of them:"
    " look whether `run.stage` is right"
)


@dataclass(frozen=True)
class _Known:
    """A file before the script started, its times in nanoseconds."""

    path: Path
    accessed: int
    modified: int


class Traces:
    """The images of a scratch folder before a script starts, and what it did to them.

    Attributes:
        work: the scratch copy of the repository.
        sees_reads: whether the file system keeps access times; otherwise nothing counts as unread.
    """

    def __init__(self, copy: ScratchCopy) -> None:
        """Remember every image of the repository; no image is staged yet."""
        self.work, self.sees_reads = copy.work, copy.sees_reads
        self._known: dict[tuple[int, int], _Known] = {}
        endings = SUFFIXES | ARRAY_SUFFIXES
        self._committed = {path for path in copy.files if path.suffix.lower() in endings}
        for path in self._committed:  # a copy is older than its last change: a reading is noted
            self._remember(path)

    def mark_staged(self, pairs: Iterable[StagedPair]) -> None:
        """Give the images of these pairs, which have just been staged, an old access time."""
        for path in {path for pair in pairs for path in pair.inputs}:
            reset_access_time(path)
            self._remember(path)
            self._committed.discard(path)

    def _remember(self, path: Path) -> None:
        """Take a file as it is now for one that the script has neither read nor written.

        The access time is taken as the file system gives it back: some keep whole seconds or days.
        """
        now = path.stat()
        self._known[now.st_dev, now.st_ino] = _Known(path, now.st_atime_ns, now.st_mtime_ns)

    def unread(self, staged: Sequence[StagedPair]) -> str:
        """Say which staged images were never read, as a part of a sentence; ``""`` for none."""
        paths = {
            path: f"source image {side} of pair {pair.name!r}"
            for pair in staged
            for side, path in (("A", pair.a), ("B", pair.b))
        }
        never = [path for path in paths if self._is_unread(path)]
        if not never:
            return ""
        others = [self._relative(path) for path in sorted(self._committed) if self._is_read(path)]
        instead = f"; it read {', '.join(others[:3])} of the repository" if others else ""
        return (
            f"the script never read {len(never)} of {len(paths)} staged source images, first"
            f" {self._relative(never[0])} ({paths[never[0]]}){instead}: correct `run.stage`"
        )

    def refuse_unwritten(self, staged: Sequence[StagedPair]) -> None:
        """Raise BadOutput if a result is a file that was there before the script started.

        The script may have moved it there, or linked to it.
        """
        for pair in staged:
            now = pair.result.stat()
            known = self._known.get((now.st_dev, now.st_ino))
            if known and known.modified == now.st_mtime_ns:
                raise BadOutput(
                    f"pair {pair.name!r}: a result must be written by the script; found"
                    f" {self._relative(known.path)}, which was there before it started, at"
                    f" {self._relative(pair.result)}: correct `run.collect`"
                )

    def _is_unread(self, path: Path) -> bool:
        return self.sees_reads and self._was_accessed(path) is False

    def _is_read(self, path: Path) -> bool:
        return self._was_accessed(path) is True

    def _was_accessed(self, path: Path) -> bool | None:
        """Say whether a file was read; None where the script removed, moved or replaced it."""
        try:
            now = path.stat()
        except OSError:
            return None
        known = self._known.get((now.st_dev, now.st_ino))
        if known is None or known.path != path or known.modified != now.st_mtime_ns:
            return None
        return known.accessed != now.st_atime_ns

    def _relative(self, path: Path) -> str:
        return os.path.relpath(path, self.work)

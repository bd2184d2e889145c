"""What is kept of a training that has not ended: its checkpoints, and the hours that were done.

While the script runs, its checkpoints and what ``resume.files`` names are copied out of the scratch
folder from time to time, so that a job that is killed loses minutes and not days. A copy counts
only if the file did not change meanwhile and is whole.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.harness import LaunchReport
from fusebench.contracts.receipts import Stretch, TrainingProgress
from fusebench.errors import UnreadableFile
from fusebench.folders import remove_folder
from fusebench.hashes import sha256_of_file
from fusebench.links import place_for
from fusebench.train.checkpoints import is_torn, matching

PROGRESS = "progress.json"
FILES = "files"
SECONDS_BETWEEN_COPIES = 60.0
SECONDS_AT_REST = 5.0
"""How long a file must not have changed before it is copied while the script runs."""


def read_progress(folder: Path, identity: str) -> TrainingProgress:
    """Return what was done of a training; nothing of another one, or where it is damaged.

    A folder of another training is removed.
    """
    try:
        progress = read_stored(folder / PROGRESS, TrainingProgress)
    except FileNotFoundError:
        progress = TrainingProgress(identity="")
    except UnreadableFile as error:
        print(error, file=sys.stderr)
        progress = TrainingProgress(identity="")
    if progress.identity == identity:
        return progress
    remove_folder(folder)
    return TrainingProgress(identity=identity)


@dataclass
class Keeper:
    """Keeps what a running training has done.

    Attributes:
        folder: of what is kept.
        work: the scratch copy in which the script runs.
        patterns: of the files that are kept.
        progress: before this stretch.
        stretch: this one, as far as it is known.
    """

    folder: Path
    work: Path
    patterns: tuple[str, ...]
    progress: TrainingProgress
    stretch: Stretch
    _began: float = field(default_factory=time.monotonic, init=False)
    _seen: dict[str, tuple[int, int]] = field(default_factory=dict, init=False)

    def put_back(self) -> list[Path]:
        """Copy the kept files back to where the script wrote them; return them."""
        back = []
        for name, sha256 in self.progress.kept.items():
            kept = self.folder / FILES / name
            if kept.is_file() and sha256_of_file(kept) == sha256:
                target = place_for(self.work / name, self.work)
                shutil.copyfile(kept, target)
                back.append(target)
        return back

    def keep(
        self, *, ended: str = "", at_rest: float = 0.0, report: LaunchReport | None = None
    ) -> TrainingProgress:
        """Copy what is new and whole, and write down the time that was spent.

        Args:
            ended: how the stretch ended; empty while it goes on.
            at_rest: in seconds; files that changed since are left for the next time.
            report: of the launcher, where the script has ended well.
        """
        for path in [path for pattern in self.patterns for path in matching(self.work, pattern)]:
            self._copy(path, at_rest)
        seconds = round(time.monotonic() - self._began, 3)
        self.stretch = replace(self.stretch, seconds=seconds, ended=ended or self.stretch.ended)
        stretches = [*self.progress.stretches, self.stretch]
        whole = replace(self.progress, stretches=stretches, report=report)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_stored(self.folder / PROGRESS, whole)
        return whole

    def _copy(self, path: Path, at_rest: float) -> None:
        name = path.relative_to(self.work).as_posix()
        facts = _facts(path)
        if facts is None or self._seen.get(name) == facts:
            return
        if time.time() - facts[0] / 1e9 < at_rest or is_torn(path):
            return
        place = self.folder / FILES / name
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.part")
        shutil.copyfile(path, part)
        if _facts(path) != facts:
            part.unlink()
            return
        part.replace(place)
        self._seen[name] = facts
        self.progress = replace(
            self.progress, kept={**self.progress.kept, name: sha256_of_file(place)}
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep what is done from time to time, until the block ends."""
        stop = threading.Event()
        thread = threading.Thread(target=self._now_and_then, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _now_and_then(self, stop: threading.Event) -> None:
        while not stop.wait(SECONDS_BETWEEN_COPIES):
            try:
                self.keep(at_rest=SECONDS_AT_REST)
            except OSError as error:  # a full disk must not end the training
                print(f"what was trained could not be kept: {error}", file=sys.stderr)


def _facts(path: Path) -> tuple[int, int] | None:
    """Return time of change in ns and size of a file; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


def begun_stretch(device: str) -> Stretch:
    """Return a stretch that begins now, on this machine."""
    return Stretch(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        node=platform.node(),
        slurm_job=os.environ.get("SLURM_JOB_ID"),
        device=device,
    )

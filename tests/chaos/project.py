"""A miniature project that faults happen to, and what its results are but for times."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from fusebench.folders import remove_folder

from tests.flow.projects import REPOSITORY, MiniProject, SavedProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS
from tests.snakemake_runs import Kill, snakemake

PAIRS = ("p1", "p2", "p3")
COMPARED = ("results", "resources/datasets", "resources/sources", "resources/weights")
LEFT_OUT = {".git", ".staging", ".written", ".downloads", "failures"}
"""Folders of a project that tell of times, and counters of attempts."""

STAMPS = {".lease", "files.json"}
"""Files that hold times and processes, and nothing else."""

TIMES = {
    *("started", "seconds", "model_seconds", "seconds_per_image", "timing", "clock", "seen"),
    *("load_per_cpu", "since", "pid", "session", "stat", "record"),
}
"""Fields of stored files that tell of times, or are hashes of those that do."""

TIME_COLUMNS = {"seconds", "model_seconds", "seconds_per_image", "model s", "total s"}

Picture = dict[str, Any]
"""Path of a file -> its content, but for times."""


def picture_of(root: Path, folders: Sequence[str] = COMPARED) -> Picture:
    """Return the content of all files that a run makes, but for times."""
    return {
        str(path.relative_to(root)): _content(path)
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and LEFT_OUT.isdisjoint(path.parts) and path.name not in STAMPS
    }


def _content(path: Path) -> Any:
    content = path.read_bytes()
    if path.suffix == ".json":
        return _without_times(json.loads(content))
    if path.suffix in (".csv", ".md", ".tex"):
        return _table_without_times(path.suffix, content.decode())
    return content


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(value[key]) for key in value if key not in TIMES}
    if isinstance(value, list):
        kept = [one for one in value if not str(one).startswith("waited for ")]
        return [_without_times(one) for one in kept]
    return value


def _table_without_times(suffix: str, text: str) -> list[list[str]]:
    """Return the rows of a table without its columns of times."""
    if suffix == ".csv":
        rows = list(csv.reader(io.StringIO(text)))
    else:
        rows = [re.split(r"[|&]", line) for line in text.splitlines()]
    times = {
        index for row in rows for index, cell in enumerate(row) if cell.strip() in TIME_COLUMNS
    }
    return [[cell for index, cell in enumerate(row) if index not in times] for row in rows]


@dataclass
class Disturbed:
    """A project that is run again and again, from the same beginning.

    Attributes:
        fresh: the project before its first run.
        undisturbed: what a run makes of it.
        seconds: how long that took.
        finished: the project after it.
        project: the project as it is now.
    """

    fresh: SavedProject
    undisturbed: Picture = field(default_factory=dict)
    seconds: float = 0.0
    finished: SavedProject = field(init=False)
    project: MiniProject = field(init=False)

    def __post_init__(self) -> None:
        """Run it once, undisturbed."""
        self.begin()
        first = self.run()  # compiles the formulas
        assert first.returncode == 0, first.stderr[-5000:]
        self.begin()
        clock = time.monotonic()
        done = self.run()
        self.seconds = time.monotonic() - clock
        assert done.returncode == 0, done.stderr[-5000:]
        self.undisturbed = picture_of(self.root)
        self.finished = SavedProject(self.project, "finished")

    @classmethod
    def create(cls, folder: Path, environments: Path, **second: Any) -> Disturbed:
        """Make the project: two methods on one dataset.

        Args:
            folder: that holds it.
            environments: the folder of built environments.
            second: further fields of the entry of method two.
        """
        project = MiniProject.create(folder / "project", environments, PAIRS)
        project.add_method("one", {"test.py": ARGPARSE}, BY_OPTIONS)
        project.add_method("two", {"test.py": ARGPARSE}, BY_OPTIONS, **second)
        project.write()
        return cls(SavedProject(project))

    @property
    def root(self) -> Path:
        """The folder of the project."""
        return self.project.root

    @property
    def temporary(self) -> Path:
        """The temporary folder of its runs."""
        return self.root.with_name("tmp")

    def begin(self) -> None:
        """Return to the beginning."""
        self.project = self.fresh.restored()
        remove_folder(self.temporary)
        self.temporary.mkdir()

    def finish(self) -> None:
        """Return to the end of the undisturbed run."""
        self.project = self.finished.restored()

    def command(self) -> list[str]:
        """Return the command of a run."""
        return [
            *(str(Path(sys.executable).with_name("snakemake")), "--directory", str(self.root)),
            *("--snakefile", str(REPOSITORY / "Snakefile"), "--cores", "2", "--keep-going"),
            *("--config", f"mirror={self.root}/mirrors/{{owner}}+{{name}}"),
        ]

    def variables(self) -> dict[str, str]:
        """Return the environment variables of a run."""
        own = {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(self.temporary)}
        return {**os.environ, **own}

    def run(self, kill: Kill | None = None) -> subprocess.CompletedProcess[str]:
        """Run the workflow."""
        return snakemake(
            *self.command()[1:], folder=self.root, variables=self.variables(), kill=kill
        )

    def told(self, done: subprocess.CompletedProcess[str]) -> str:
        """Return what a run and its jobs have printed."""
        logs = (path.read_text(errors="replace") for path in (self.root / "logs").rglob("*.log"))
        return "\n".join([done.stdout, done.stderr, *logs])

    def verify(self) -> str:
        """Return what ``fusebench verify --all`` prints of the project."""
        command = [str(Path(sys.executable).with_name("fusebench")), "verify", "--all"]
        return subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=False
        ).stdout

    def check(self, compared: str = "") -> None:
        """Run again: the results are those of an undisturbed run, and nothing is left over.

        Args:
            compared: the folder that is compared; empty for all that a run makes.
        """
        done = self.run()
        assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
        made = picture_of(self.root, [compared] if compared else COMPARED)
        different = sorted(
            path
            for path in made.keys() | self.undisturbed.keys()
            if made.get(path) != self.undisturbed.get(path) and path.startswith(compared)
        )
        assert different == []
        assert sorted(self.left_over()) == []

    def left_over(self) -> Iterator[str]:
        """Yield staging and scratch folders, and processes, that nobody needs any more."""
        for room in (*self.root.rglob(".staging"), *self.temporary.glob("fusebench-*")):
            yield from (str(path) for path in room.iterdir() if path.is_dir())
        for process in psutil.process_iter(["cmdline", "pid"]):
            words = " ".join(process.info["cmdline"] or ())
            if str(self.root) in words and process.pid != os.getpid() and "pytest" not in words:
                yield f"process {process.pid}: {words[:200]}"

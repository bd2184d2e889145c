"""The faults: what happens, how it is brought about, and what is expected.

``python -m tests.chaos.faults`` prints them as the table of ``docs/chaos.md``.
"""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.project import Disturbed
from tests.flow.projects import REPOSITORY
from tests.fuse.test_full_disk import mount
from tests.snakemake_runs import Kill

DOCUMENT = REPOSITORY / "docs" / "chaos.md"

SIGNALS = (
    (signal.SIGKILL, False, "SIGKILL to Snakemake"),
    (signal.SIGINT, True, "SIGINT to Snakemake and its jobs, as by Ctrl-C"),
    (signal.SIGTERM, False, "SIGTERM to Snakemake"),
    (signal.SIGKILL, True, "SIGKILL to Snakemake and its jobs"),
)
CHAINS = 13
"""How often the long form kills a project, each time once by each signal."""

SAME = "the rerun equals an undisturbed run"
CACHE = "computed again when something is measured; the tables are the same"
TOLD = f"the run that begins next names the file; {SAME}"


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: what happens.
        how: how it is brought about.
        expected: what is expected of the disturbed run and of the next one.
        happen: lets it happen to a project; afterwards nothing disturbs it any more.
        compared: the folder that is compared; empty for all that a run makes.
    """

    name: str
    how: str
    expected: str
    happen: Callable[[Disturbed], None]
    compared: str = ""


MOST_TRIES = 8
"""How often a run may end before its signal; each time the signal comes in half the time."""


def killed(number: int) -> Fault:
    """Return the fault of several kills in a row, each at a random moment of what is left to do.

    The moments are the same for the same number.
    """
    chance = random.Random(number)
    signals = chance.sample(SIGNALS, len(SIGNALS))

    def happen(project: Disturbed) -> None:
        for sent, to_jobs, _ in signals:
            seconds = chance.random() * project.seconds
            for _ in range(MOST_TRIES):
                if project.run(Kill(int(sent), seconds, to_jobs)).returncode:
                    break
                project.begin()  # it had ended before
                seconds /= 2
            else:
                raise AssertionError(f"no signal {sent} ended a run")

    return Fault(
        f"killed {len(SIGNALS)} times in a row ({number})",
        "; ".join(how for _, _, how in SIGNALS)
        + f"; in random order, at random moments; {CHAINS} times",
        SAME,
        happen,
    )


FULL = {
    "resources/sources": ("size=8k", "a clone"),
    "resources/datasets": ("size=16k", "prepared images"),
    "tmp": ("size=24k", "scratch folders"),
    "results/runs": ("size=8k", "fused images and records"),
    "results/jobs": ("nr_inodes=2", "the ends of jobs"),
    "results/measures": ("nr_inodes=1", "measured values"),
    "results/tables": ("nr_inodes=3", "tables"),
    "logs": ("nr_inodes=3", "logs"),
    ".snakemake/metadata": ("nr_inodes=4", "Snakemake's own notes"),
}
"""Folder -> the size of its small disk, and what is written there."""


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """Put a folder on a small disk; at the end of the block it has much space."""
    folder.mkdir(parents=True, exist_ok=True)
    mount(folder, options)
    yield
    mount(folder, "remount,size=50m,nr_inodes=10000")


def full(folder: str) -> Fault:
    """Return the fault of a full disk where one step writes."""
    options, what = FULL[folder]

    def happen(project: Disturbed) -> None:
        place = project.temporary if folder == "tmp" else project.root / folder
        with small_disk(place, options):
            done = project.run()
            assert done.returncode != 0
            assert str(REPOSITORY / "workflow" / "fusebench") not in project.told(done)  # traceback

    return Fault(
        f"disk full: {what}",
        f"`{folder}` on a disk with {options}; then with space",
        f"the run fails and says so; {SAME}",
        happen,
    )


def read_only(project: Disturbed) -> None:
    """Let a run write to results that are read-only."""
    results = project.root / "results"
    results.mkdir()
    mount(results, "size=50m")
    mount(results, "remount,ro")
    done = project.run()
    assert done.returncode != 0 and "ead-only file system" in project.told(done)
    mount(results, "remount,rw")


def truncate(path: Path) -> None:
    """Leave the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path: Path) -> None:
    """Change a byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose(path: Path) -> None:
    """Remove a file."""
    path.unlink()


DAMAGES = {"cut off": truncate, "a bit changed": garble, "lost": lose}

RESULTS = {
    "measured values of a dataset": "results/measures/pairs.csv",
    "the long file of values": "results/measures.csv",
    "the file of states": "results/status.csv",
    "a table": "results/tables/mini/pairs.csv",
    "a table in LaTeX": "results/tables/mini/pairs.tex",
    "a table in Markdown": "results/tables/mini/pairs.md",
}
"""Results that a run compares with what was written down of them when they were made."""

STORED = {
    "the marker of a clone": "resources/sources/mini+one@*.json",
    "the marker of a dataset": "resources/datasets/pairs.json",
    "a record": "results/runs/one/pairs/record.json",
    "the end of a job": "results/jobs/one/pairs.json",
}
"""Files that are read, and refused as damaged."""

CONTENT = {
    "a fused image": "results/runs/one/pairs/fused/p2.png",
    "a prepared image": "resources/datasets/pairs/a/p2.png",
}
"""Images that a run does not read while nothing needs them."""


def damaged(what: str, pattern: str, kind: str, expected: str = TOLD, compared: str = "") -> Fault:
    """Return the fault of a damaged file of a finished run."""

    def happen(project: Disturbed) -> None:
        project.finish()
        (path,) = project.root.glob(pattern)
        DAMAGES[kind](path)

    how = f"`{pattern}` of a finished run"
    return Fault(f"{what} {kind}", how, expected, happen, compared)


def seen_by_verify(what: str, pattern: str, kind: str) -> Fault:
    """Return the fault of damaged content that ``fusebench verify --all`` reads."""

    def happen(project: Disturbed) -> None:
        project.finish()
        DAMAGES[kind](project.root / pattern)
        told = project.verify()
        assert pattern in told and "1 damaged" in told, told
        if what == "a prepared image":  # what was measured from it before is right
            assert project.run().returncode == 0

    return Fault(
        f"{what} {kind}",
        f"`{pattern}` of a finished run",
        f"`fusebench verify --all` names it; {SAME}",
        happen,
    )


def two_runs(project: Disturbed) -> None:
    """Start two runs at once: Snakemake lets one of them wait, or refuses it."""
    command = [*project.command(), "--quiet"]
    other = subprocess.Popen(
        command, cwd=project.root, env=project.variables(), stderr=subprocess.PIPE, text=True
    )
    mine = project.run()
    told = other.communicate()[1]
    assert 0 in (mine.returncode, other.returncode), project.told(mine) + told


def changed_meanwhile(file: str, when: str, change: Callable[[Path], None]) -> Fault:
    """Return the fault of a file that is changed while a run goes on, and then changed back."""

    def happen(project: Disturbed) -> None:
        (project.root / ".snakemake").mkdir(exist_ok=True)
        waits = "import glob, os, sys, time\nwhile not glob.glob(sys.argv[1]): time.sleep(0.01)\n"
        watching = subprocess.Popen([sys.executable, "-c", waits, str(project.root / when)])
        running = subprocess.Popen(
            [*project.command(), "--quiet"],
            cwd=project.root,
            env=project.variables(),
            stderr=subprocess.DEVNULL,
        )
        watching.wait()
        (path,) = project.root.glob(file)
        before = path.read_bytes()
        change(path)
        running.wait()
        path.write_bytes(before)

    return Fault(
        f"`{file}` {'lost' if change is lose else 'cut off'} during a run",
        f"once `{when}` is there; put back after the run",
        SAME,
        happen,
    )


def damages() -> Iterator[Fault]:
    """Yield the faults of damaged files."""
    for what, pattern in RESULTS.items():
        yield from (damaged(what, pattern, kind) for kind in DAMAGES)
    for what, pattern in STORED.items():
        yield damaged(what, pattern, "cut off")
        lost_marker = pattern.startswith("resources/")
        yield damaged(
            what,
            pattern,
            "lost",
            "made again when something needs it; the results are the same" if lost_marker else SAME,
            "results" if lost_marker else "",
        )
    for what, pattern in CONTENT.items():
        yield from (seen_by_verify(what, pattern, kind) for kind in ("cut off", "lost"))
    yield damaged(
        "the cache of values",
        "results/runs/one/pairs/measures.json",
        "cut off",
        CACHE,
        "results/tables",
    )


OTHERS = (
    Fault(
        "results are read-only",
        "a disk that is mounted so; then writable",
        f"the run fails and says so; {SAME}",
        read_only,
    ),
    Fault("two runs at once", "the same command twice", f"one of them ends well; {SAME}", two_runs),
    changed_meanwhile("methods.yaml", "results/jobs/one/pairs.json", truncate),
    changed_meanwhile("datasets.yaml", "resources/datasets/pairs.json", truncate),
    changed_meanwhile("config/config.yaml", "results/jobs/one/pairs.json", truncate),
    changed_meanwhile("images/pairs/a/p2.png", "resources/datasets/pairs.json", truncate),
    changed_meanwhile("resources/datasets/pairs/a/p2.png", "resources/datasets/pairs.json", lose),
    changed_meanwhile(
        "resources/sources/mini+two@*/test.py", "resources/sources/mini+two@*.json", truncate
    ),
)

FAULTS: list[Fault] = [
    *(killed(number) for number in range(CHAINS)),
    *(full(folder) for folder in FULL),
    *damages(),
    *OTHERS,
]


def table() -> str:
    """Return the faults as a table; those that differ in their random moments are one row."""
    rows = [
        f"| {re.sub(r' [(][0-9]+[)]$', '', fault.name)} | {fault.how} | {fault.expected} |"
        for fault in FAULTS
    ]
    return "\n".join(["| fault | how | expected |", "|---|---|---|", *dict.fromkeys(rows)])


if __name__ == "__main__":
    print(table())

"""A program is started in the strongest sandbox, and ends with the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.errors import EnvironmentFailed, TimedOut
from fusebench.sandbox import levels, starting
from fusebench.sandbox.inside.landlock import FIRST_USABLE, version
from fusebench.sandbox.levels import Sandbox
from fusebench.sandbox.plan import LEVELS, Level, Limits, Step
from fusebench.sandbox.starting import Policy

from tests.sandbox.attacked import living, run

STARTER = """
import sys
from pathlib import Path
from tests.sandbox.attacked import run
from fusebench.sandbox.starting import Policy
words = ["-c", "import time; print('started', flush=True); time.sleep(600)", sys.argv[2]]
run(Path(sys.argv[2]), Policy(sys.argv[1], sys.argv[1]), words)
"""


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest, tmp_path: Path) -> Level:
    """Return each level that works here."""
    known: Level = request.param
    try:
        run(tmp_path, Policy(known, known), ["-c", "pass"])
    except EnvironmentFailed as error:
        pytest.skip(str(error))
    return known


def until(holds: Callable[[], object], seconds: float = 30) -> bool:
    """Wait until something holds, for a limited number of seconds."""
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(holds())


def test_a_program_runs_and_its_end_is_told(tmp_path: Path, level: Level) -> None:
    """Exit status, signals and printed text are those of the program itself."""
    policy = Policy(level, level)
    ended, printed = run(tmp_path, policy, ["-c", "print('words'); raise SystemExit(3)"])
    assert (ended.status, printed, ended.sandbox.level) == (3, "words\n", level)
    killed, _ = run(tmp_path, policy, ["-c", "import os; os.kill(os.getpid(), 11)"])
    assert (killed.status, killed.excess) == (-signal.SIGSEGV, "")
    slept, _ = run(tmp_path, policy, ["-c", "import time; time.sleep(0.5)"])
    assert slept.seconds >= 0.5


def test_a_program_ends_with_the_process_that_started_it(tmp_path: Path, level: Level) -> None:
    """The process that keeps the time limit may be killed; the program does not live on."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, level, str(tmp_path)], env=environ, start_new_session=True
    )
    log = tmp_path / "log"
    assert until(lambda: log.exists() and log.read_text() == "started\n")
    assert until(lambda: len(living(str(tmp_path))) > 1)
    starter.kill()
    starter.wait()
    assert until(lambda: not living(str(tmp_path)))


def test_a_program_may_end_well_before_it_is_killed(
    tmp_path: Path, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its time limit it gets SIGTERM first, where the sandbox passes signals on."""
    monkeypatch.setattr(starting, "SECONDS_TO_END", 5.0)
    text = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()))\n"
        "print('started', flush=True)\ntime.sleep(600)"
    )
    with pytest.raises(TimedOut):
        run(tmp_path, Policy(level, level), ["-c", text], seconds=6)
    if level in ("userns", "env-only"):
        assert (tmp_path / "log").read_text() == "started\nbye\n"


def test_the_strongest_level_that_works_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record can say why each stronger one was not."""
    monkeypatch.setattr(starting, "_CHOSEN", {})
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(levels, "_INSIDE", "import sys; sys.exit('not here')")
    ended = chosen(tmp_path, Policy())
    assert ended == Sandbox(
        "env-only",
        refused=(
            "bwrap: not installed",
            "userns: not here",
            "apptainer: not installed",
            *(["env-only: not here"] if version() >= FIRST_USABLE else []),
        ),
    )
    with pytest.raises(EnvironmentFailed) as refused:
        chosen(tmp_path, Policy(lowest="userns"))
    assert str(refused.value) == (
        "the script must run in a sandbox of level userns or stronger (`min_sandbox`); found none"
        " that works on this machine (bwrap: not installed; userns: not here): install bubblewrap,"
        " allow user namespaces, or ask for less"
    )


def chosen(folder: Path, policy: Policy) -> Sandbox:
    """Return the sandbox that is taken."""
    program = starting.Program(
        [sys.executable], Path(sys.executable), "/", folder, (), folder, {"PATH": "/usr/bin"}
    )
    return starting._chosen(program, policy, [])


def test_bubblewrap_and_apptainer_show_the_same_steps() -> None:
    """What the plan shows stands in the command of each, parents first."""
    steps = [
        Step("/bin", "link", "usr/bin"),
        Step("/dev/null", "device", "/dev/null"),
        Step("/dev/nvidia0", "device", "/dev/nvidia0"),
        Step("/opt/project", "empty"),
        Step("/usr", "read", "/usr"),
        Step("/work", "write", "/scratch"),
    ]
    bwrap = " ".join(levels.bwrap_command(["x", "-y"], "/work", steps, None))
    assert (
        "--symlink usr/bin /bin --dev-bind /dev/nvidia0 /dev/nvidia0 --tmpfs /opt/project"
        " --ro-bind /usr /usr --bind /scratch /work --remount-ro /dev --remount-ro / --chdir /work"
        " -- x -y"
    ) in bwrap
    for word in ("--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent"):
        assert word in bwrap
    apptainer = " ".join(levels.apptainer_command(["x", "-y"], "/work", steps))
    assert "--net --network none" in apptainer
    assert "--bind /usr:/usr:ro --bind /scratch:/work:rw --pwd /work /" in apptainer
    assert apptainer.endswith("/empty-image x -y")


SHARED = """
import os, time
kept = os.urandom(60_000_000)
for _ in range(4):
    if os.fork() == 0: break
time.sleep({seconds})
"""


@pytest.mark.parametrize(("limit", "excess"), [(200, ""), (40, "MB of memory; its limit is 40 MB")])
def test_memory_that_processes_share_counts_once(tmp_path: Path, limit: int, excess: str) -> None:
    """Four children of a process of 60 MB do not use 300 MB."""
    policy = Policy(limits=Limits(memory_mb=limit))
    ended, _ = run(tmp_path, policy, ["-c", SHARED.format(seconds=1)])
    assert ended.excess.endswith(excess) and bool(ended.excess) == bool(excess)
    assert ended.peak_rss_bytes and ended.peak_rss_bytes > 40_000_000
    assert (ended.status == 0) == (not excess)


def test_a_folder_takes_the_place_of_what_a_program_left(tmp_path: Path) -> None:
    """A link in its place is not followed."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").touch()
    for name in ("link", "file", "new"):
        starting.own_folder(tmp_path / name)
        assert (tmp_path / name).is_dir() and not (tmp_path / name).is_symlink()

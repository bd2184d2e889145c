"""Run the hostile program in a sandbox, among things that it must not reach; print what it reached.

Called as ``python attacked.py LEVEL FOLDER``. It needs the standard library and
``fusebench.sandbox`` only, so that another user can run it, with another Python.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from fusebench.errors import EnvironmentFailed, StepError
from fusebench.sandbox import levels
from fusebench.sandbox.plan import Level, Limits
from fusebench.sandbox.starting import Ended, Policy, Program, run_program
from fusebench.sandbox.tree import is_living

HOSTILE = Path(__file__).with_name("hostile.py")
TOKEN = "TOKEN-OF-THE-USER"
"""The value of a variable with which this program is started."""
WITHOUT_LANDLOCK = "env-only without Landlock"
LIMITS = Limits(memory_mb=400, file_mb=20, processes=150, scratch_mb=60)
OUTLIVING = "end the sandbox's own process, and live on"
OUTLIVE = """
if os.fork():
    time.sleep(0.5)
    os.kill(os.getppid(), 9)
elif os.setsid() or not os.fork():
    os.execv({python!r}, [{python!r}, "-c", "import time; time.sleep(600)", {marker!r}])
"""
GREEDY = {
    "use more memory than the limit": (
        "kept = []\nfor _ in range(60): kept.append(bytearray(os.urandom(1) * 10_000_000)); nap()"
    ),
    "run more processes than the limit": (
        "for _ in range(300):\n    if os.fork() == 0: time.sleep(60)\n    time.sleep(0.002)\n"
        "time.sleep(60)"
    ),
    "write a file larger than the limit": (
        "with open('large', 'wb') as large:\n    for _ in range(40): large.write(b'0' * 1_000_000)"
    ),
    "fill the disk with many files": (
        "for number in range(20):\n    open(f'part-{number}', 'wb').write(b'0' * 5_000_000)\n"
        "time.sleep(5)\n"
        "for number in range(20): os.unlink(f'part-{number}')"
    ),
}
"""Programs that use too much. Each of them prints `done` where nothing stops it."""
SETUP = "import os, time\ndef nap(): time.sleep(0.02)\n"


def made(path: Path, text: str) -> str:
    """Write a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


@contextmanager
def aims(folder: Path) -> Iterator[dict[str, Any]]:
    """Lay out a project, a home, other scratch folders, and sockets that answer."""
    project, home = folder / "project", folder / "home"
    shared = Path(f"/dev/shm/fusebench-{os.getpid()}")
    os.environ["HOME"] = str(home)
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        Thread(target=answer, args=(udp,), daemon=True).start()
        unix.bind(str(folder / "socket"))
        unix.listen()
        abstract.bind(f"\0fusebench-{os.getpid()}")
        abstract.listen()
        try:
            yield {
                "image": made(project / "resources/datasets/d/a/p1.png", "image"),
                "environment": str(project / "resources/envs/e"),
                "packages": str(Path(made(project / "resources/envs/e/lib/x.py", "")).parent),
                "values": made(project / "results/runs/other/d/measures.json", "{}"),
                "clone": made(project / "resources/sources/other/.git/config", "[core]"),
                "scratch": made(folder / "scratch" / "other" / "job.json", "{}"),
                "secret": made(home / ".ssh" / "id_ed25519", "secret"),
                "shared": made(shared, "shared"),
                "token": TOKEN,
                "process": os.getpid(),
                "name": Path(__file__).name,
                "tcp": tcp.getsockname()[1],
                "udp": udp.getsockname()[1],
                "unix": str(folder / "socket"),
                "abstract": f"fusebench-{os.getpid()}",
                "disk": disk(),
                "daemon": f"daemon-of-{folder}",
            }
        finally:
            shared.unlink()


def answer(endpoint: socket.socket) -> None:
    """Answer each datagram."""
    with suppress(OSError):
        while True:
            _, sender = endpoint.recvfrom(10)
            endpoint.sendto(b"!", sender)


def disk() -> tuple[int, int]:
    """Return the numbers of the device that holds the file system."""
    device = Path("/").stat().st_dev
    return os.major(device), os.minor(device)


def run(folder: Path, policy: Policy, words: list[str], seconds: float = 120) -> tuple[Ended, str]:
    """Run a program with the interpreter of this one; return how it ended, and what it printed."""
    scratch = folder / "scratch" / "own"
    scratch.mkdir(parents=True, exist_ok=True)
    program = Program(
        words=[sys.executable, *words],
        python=Path(sys.executable),
        cwd=str(scratch),
        scratch=scratch,
        reads=(str(HOSTILE), str(folder / "project/resources/envs/e")),
        project=folder / "project",
        environ={"PATH": "/usr/bin:/bin", "HOME": str(scratch), "TMPDIR": str(scratch)},
    )
    with (folder / "log").open("w+", encoding="utf-8") as log:
        ended = run_program(program, log, seconds, policy)
        log.seek(0)
        return ended, log.read()


def living(words: str) -> list[int]:
    """Return the processes that have an argument."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            told = (process / "cmdline").read_bytes().split(b"\0")
            if words.encode() in told and is_living(int(process.name)):
                found.append(int(process.name))
    return found


def ended_by_hand(words: str) -> bool:
    """End the processes that have an argument; say whether there was one."""
    left = living(words)
    for process in left:
        os.kill(process, signal.SIGKILL)
    return bool(left)


def led_out(folder: Path, level: Level) -> list[str]:
    """Return the attacks that led out, at one level."""
    policy = Policy(level, level, limits=LIMITS)
    with aims(folder) as aim:
        ended, printed = run(folder, policy, [str(HOSTILE), json.dumps(aim)])
        if ended.status or not printed:
            raise SystemExit(f"the hostile program ended with {ended.status}: {printed}")
        found: list[str] = json.loads(printed.splitlines()[-1])
        time.sleep(0.2)
        if ended_by_hand(aim["daemon"]):
            found.append("leave a process in a session of its own")
        outlive = OUTLIVE.format(python=sys.executable, marker=aim["daemon"])
        run(folder, policy, ["-c", f"{SETUP}{outlive}"])
        time.sleep(0.2)
        if ended_by_hand(aim["daemon"]):
            found.append(OUTLIVING)
    for name, text in GREEDY.items():
        _, printed = run(folder, policy, ["-c", f"{SETUP}{text}\nprint('done')"])
        if printed == "done\n":
            found.append(name)
    return found


def main() -> None:
    """Print what led out as JSON, or why there is no such sandbox here."""
    named, folder = sys.argv[1], Path(sys.argv[2])
    level: Level = "env-only"
    if named == WITHOUT_LANDLOCK:
        levels.FIRST_USABLE = sys.maxsize  # type: ignore[attr-defined]
    else:
        level = named  # type: ignore[assignment]
    try:
        print(json.dumps({"led out": led_out(folder, level)}))
    except EnvironmentFailed as error:
        print(json.dumps({"refused": str(error)}))
    except StepError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()

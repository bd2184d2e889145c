"""A hostile program: it tries to leave its sandbox in many ways, and prints which ways led out.

It runs inside the sandbox, with the standard library alone. The one argument is the JSON that
``attacked.py`` makes: where the things are that it must not reach.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

AIM: dict[str, Any] = json.loads(sys.argv[1])
ATTACKS: dict[str, Callable[[], object]] = {}
MS_REMOUNT_BIND = 0x1020
CLONE_NEWUSER_NEWNS = 0x10020000


def attack(name: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Name an attack; it leads out if its function returns something true and raises nothing."""

    def keep(function: Callable[[], object]) -> Callable[[], object]:
        ATTACKS[name] = function
        return function

    return keep


def overwrite(path: str) -> bool:
    """Change a file."""
    Path(path).write_text("changed by the script")
    return True


@attack("change a prepared image")
def _image() -> object:
    return overwrite(AIM["image"])


@attack("add a file to site-packages")
def _package() -> object:
    return overwrite(AIM["packages"] + "/hostile.pth")


@attack("change another's record, values or images")
def _values() -> object:
    return overwrite(AIM["values"])


@attack("change another's clone")
def _clone() -> object:
    return overwrite(AIM["clone"])


@attack("read or change a parallel scratch folder")
def _scratch() -> object:
    return Path(AIM["scratch"]).read_text() or overwrite(AIM["scratch"])


@attack("read secrets of the user's home")
def _secret() -> object:
    return Path(AIM["secret"]).read_text()


@attack("read the variables of other processes")
def _variables() -> object:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found.append(AIM["token"] in (process / "environ").read_text(errors="replace"))
    return any(found)


@attack("send a signal to other processes")
def _signal() -> object:
    os.kill(AIM["process"], 0)
    return AIM["name"] in Path(f"/proc/{AIM['process']}/cmdline").read_text()


@attack("connect by TCP")
def _tcp() -> object:
    return socket.create_connection(("127.0.0.1", AIM["tcp"]), timeout=5)


@attack("send by UDP")
def _udp() -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        endpoint.settimeout(2)
        endpoint.sendto(b"?", ("127.0.0.1", AIM["udp"]))
        return endpoint.recv(1)


@attack("connect to a Unix socket by its path")
def _unix() -> object:
    socket.socket(socket.AF_UNIX).connect(AIM["unix"])
    return True


@attack("connect to an abstract Unix socket")
def _abstract() -> object:
    socket.socket(socket.AF_UNIX).connect("\0" + AIM["abstract"])
    return True


@attack("change shared memory of others")
def _shared() -> object:
    return Path(AIM["shared"]).read_text() and overwrite(AIM["shared"])


@attack("change settings of the kernel")
def _settings() -> object:
    with Path("/proc/sys/kernel/core_pattern").open("r+"):  # opened, and left as it is
        return True


@attack("make a device of a disk")
def _device() -> object:
    path = Path("disk")
    os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(*AIM["disk"]))
    with path.open("rb") as disk:
        return disk.read(1)


@attack("make a read-only folder writable")
def _remount() -> object:
    return remount() and overwrite(AIM["packages"] + "/hostile.pth")


@attack("do so as root of a new user namespace")
def _namespace() -> object:
    child = os.fork()
    if child == 0:
        with suppress(OSError):
            library = ctypes.CDLL(None)
            user = os.getuid()
            if library.unshare(CLONE_NEWUSER_NEWNS) == 0:
                Path("/proc/self/uid_map").write_text(f"0 {user} 1")
                if remount() and overwrite(AIM["packages"] + "/hostile.pth"):
                    os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def remount() -> bool:
    """Try to make the folder of packages writable."""
    folder, flags = os.fsencode(AIM["environment"]), ctypes.c_ulong(MS_REMOUNT_BIND)
    status: int = ctypes.CDLL(None).mount(None, folder, None, flags, None)
    return status == 0


@attack("leave a process in a session of its own")
def _daemon() -> object:
    # Whether it leads out is seen by attacked.py, when this program has ended.
    wait = [sys.executable, "-c", "import time; time.sleep(600)", AIM["daemon"]]
    subprocess.Popen(wait, start_new_session=True, stdout=subprocess.DEVNULL)
    time.sleep(0.2)
    return False


def led_out(function: Callable[[], object]) -> bool:
    """Say whether an attack led out."""
    try:
        return bool(function())
    except (OSError, PermissionError):
        return False


if __name__ == "__main__":
    print(json.dumps([name for name, function in ATTACKS.items() if led_out(function)]))

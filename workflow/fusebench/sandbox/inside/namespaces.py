"""Namespaces of its own for a program: files, processes, network, shared memory.

The root of the file system is a new, empty one. Only what the plan shows is mounted there.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import socket
import struct
from contextlib import suppress
from pathlib import Path

from fusebench.sandbox.inside import system_calls as calls
from fusebench.sandbox.plan import Plan, Step

FLAGS = {
    "ro": calls.MS_RDONLY,
    "nosuid": calls.MS_NOSUID,
    "nodev": calls.MS_NODEV,
    "noexec": calls.MS_NOEXEC,
    "noatime": calls.MS_NOATIME,
    "nodiratime": calls.MS_NODIRATIME,
    "relatime": calls.MS_RELATIME,
}
OLD = "/.machine"
"""Where the machine's file system is while the sandbox is set up."""
GUARDED = ("sys", "sysrq-trigger", "irq", "bus", "acpi", "scsi")
"""Parts of /proc that root could write, whatever rights it has given up."""
MOUNT_SETATTR, AT_RECURSIVE = 442, 0x8000
UP = 1


def leave_namespaces() -> None:
    """Give this process namespaces of its own; its next child is the first process of them.

    Raises:
        OSError: the kernel does not allow it.
    """
    own = calls.CLONE_NEWNS | calls.CLONE_NEWPID | calls.CLONE_NEWNET | calls.CLONE_NEWIPC
    if os.geteuid() == 0:
        with suppress(PermissionError):  # root of a container may lack the right
            calls.unshare(own)
            return
    user, group = os.geteuid(), os.getegid()
    calls.unshare(own | calls.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def build_view(plan: Plan) -> None:
    """Show the process what the plan lists, and nothing else; raise its loopback.

    Raises:
        OSError: something cannot be mounted.
    """
    calls.mount("none", "/", None, calls.MS_REC | calls.MS_PRIVATE)
    base = next(path for path in ("/tmp", "/mnt", "/proc") if Path(path).is_dir())
    calls.mount("tmpfs", base, "tmpfs", calls.MS_NOSUID | calls.MS_NODEV, "mode=0755")
    Path(f"{base}{OLD}").mkdir()
    calls.pivot_root(base, f"{base}{OLD}")
    os.chdir("/")
    _mount_own_folders(plan)
    for step in plan.steps:
        _show(step)
    calls.unmount(OLD)
    Path(OLD).rmdir()
    _restrict_root()
    _raise_loopback()


def _restrict_root() -> None:
    """Make the new root read-only, without what is mounted below it."""
    flags = calls.MS_RDONLY | calls.MS_NOSUID | calls.MS_NODEV
    for folder in ("/", "/dev"):
        calls.mount("none", folder, None, calls.MS_REMOUNT | calls.MS_BIND | flags)


def _mount_own_folders(plan: Plan) -> None:
    """Mount the folders that are the sandbox's own: processes, devices, shared memory."""
    for folder in ("/proc", "/dev"):
        Path(folder).mkdir()
    safe = calls.MS_NOSUID | calls.MS_NODEV
    calls.mount("proc", "/proc", "proc", safe | calls.MS_NOEXEC)
    for name in GUARDED:
        if Path("/proc", name).exists():
            calls.mount(f"/proc/{name}", f"/proc/{name}", None, calls.MS_BIND | calls.MS_REC)
            _restrict(f"/proc/{name}", read_only=True)
    calls.mount("tmpfs", "/dev", "tmpfs", calls.MS_NOSUID, "mode=0755")
    Path("/dev/shm").mkdir()
    size = f",size={plan.shared_mb}m" if plan.shared_mb else ""
    calls.mount("tmpfs", "/dev/shm", "tmpfs", safe, f"mode=1777{size}")
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        Path("/dev", name).symlink_to(f"/proc/self/{target}")


def _show(step: Step) -> None:
    path = Path(step.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if step.kind == "link":
        if not path.is_symlink():
            path.symlink_to(step.source)
        return
    if step.kind == "empty":
        path.mkdir(exist_ok=True)
        calls.mount("tmpfs", step.path, "tmpfs", calls.MS_NOSUID | calls.MS_NODEV, "mode=0755")
        return
    source = f"{OLD}{step.source}"
    if Path(source).is_dir():
        path.mkdir(exist_ok=True)
    elif not path.exists():
        path.touch()
    calls.mount(source, step.path, None, calls.MS_BIND | calls.MS_REC)
    _restrict(step.path, read_only=step.kind == "read", devices=step.kind == "device")


def _restrict(path: str, read_only: bool, devices: bool = False) -> None:
    """Make a mount, and all below it, one without programs of other users and without devices."""
    flags = calls.MS_NOSUID | (0 if devices else calls.MS_NODEV)
    flags |= calls.MS_RDONLY if read_only else 0
    # mount_setattr has the same values for these three.
    attributes = struct.pack("=4Q", flags, 0, 0, 0)
    try:
        calls.system_call(
            MOUNT_SETATTR,
            ctypes.c_int(-100),
            os.fsencode(path),
            ctypes.c_uint(AT_RECURSIVE),
            attributes,
            ctypes.c_size_t(len(attributes)),
            what=f"mount_setattr {path}",
        )
    except OSError:  # before Linux 5.12
        remount_one_by_one(path, flags)


def remount_one_by_one(path: str, flags: int) -> None:
    """Change a mount and all below it, where the kernel has no call for all of them."""
    for target, known in _mounts_below(path):
        calls.mount("none", target, None, calls.MS_REMOUNT | calls.MS_BIND | flags | known)


def _mounts_below(path: str) -> list[tuple[str, int]]:
    """Return the mounts at and below a path, each with the flags that it has."""
    found = []
    for line in Path("/proc/self/mountinfo").read_bytes().splitlines():
        fields = line.split(b" ")
        unescaped = re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), fields[4])
        target = os.fsdecode(unescaped)
        if target == path or target.startswith(f"{path}/"):
            known = (FLAGS.get(option, 0) for option in fields[5].decode().split(","))
            found.append((target, sum(known)))
    return found


def _raise_loopback() -> None:
    """Make 127.0.0.1 of the new network answer: processes of a program may talk to each other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        request = struct.pack("16sH14s", b"lo", UP, b"")
        fcntl.ioctl(endpoint, 0x8914, request)  # SIOCSIFFLAGS

"""Namespaces of its own for a program: files, processes, network, shared memory.

The root of the file system is a new, empty one. Only what the plan shows is mounted there.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from _socket import AF_INET, SOCK_DGRAM, socket

from fusebench.sandbox.inside import system_calls as calls
from fusebench.sandbox.inside.plan import Plan, Shown

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
        try:
            calls.unshare(own)
        except PermissionError:  # root of a container may lack the right
            pass
        else:
            return
    user, group = os.geteuid(), os.getegid()
    calls.unshare(own | calls.CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def build_view(plan: Plan) -> None:
    """Show the process what the plan lists, and nothing else; raise its loopback.

    Raises:
        OSError: something cannot be mounted.
    """
    calls.mount("none", "/", None, calls.MS_REC | calls.MS_PRIVATE)
    base = next(path for path in ("/tmp", "/mnt", "/proc") if os.path.isdir(path))
    calls.mount("tmpfs", base, "tmpfs", calls.MS_NOSUID | calls.MS_NODEV, "mode=0755")
    os.mkdir(f"{base}{OLD}")
    calls.pivot_root(base, f"{base}{OLD}")
    os.chdir("/")
    _mount_own_folders(plan)
    for step in plan.steps:
        _show(step)
    calls.unmount(OLD)
    os.rmdir(OLD)
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
        os.mkdir(folder)
    safe = calls.MS_NOSUID | calls.MS_NODEV
    calls.mount("proc", "/proc", "proc", safe | calls.MS_NOEXEC)
    for name in GUARDED:
        if os.path.exists(f"/proc/{name}"):
            calls.mount(f"/proc/{name}", f"/proc/{name}", None, calls.MS_BIND | calls.MS_REC)
            _restrict(f"/proc/{name}", read_only=True)
    calls.mount("tmpfs", "/dev", "tmpfs", calls.MS_NOSUID, "mode=0755")
    os.mkdir("/dev/shm")
    size = f",size={plan.shared_mb}m" if plan.shared_mb else ""
    calls.mount("tmpfs", "/dev/shm", "tmpfs", safe, f"mode=1777{size}")
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{target}", f"/dev/{name}")


def _show(step: Shown) -> None:
    path, kind, source = step
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if kind == "link":
        if not os.path.islink(path):
            os.symlink(source, path)
    elif kind == "empty":
        os.makedirs(path, exist_ok=True)
        calls.mount("tmpfs", path, "tmpfs", calls.MS_NOSUID | calls.MS_NODEV, "mode=0755")
    else:
        if os.path.isdir(f"{OLD}{source}"):
            os.makedirs(path, exist_ok=True)
        elif not os.path.exists(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
        calls.mount(f"{OLD}{source}", path, None, calls.MS_BIND | calls.MS_REC)
        _restrict(path, read_only=kind == "read", devices=kind == "device")


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
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            fields = line.split(b" ")
            target = _unescaped(fields[4])
            if target == path or target.startswith(f"{path}/"):
                known = (FLAGS.get(option, 0) for option in fields[5].decode().split(","))
                found.append((target, sum(known)))
    return found


def _unescaped(text: bytes) -> str:
    """Return a path of mountinfo, where spaces, tabs, line ends and backslashes are octal codes."""
    for code in (b"040", b"011", b"012", b"134"):
        text = text.replace(b"\\" + code, bytes([int(code, 8)]))
    return os.fsdecode(text)


def _raise_loopback() -> None:
    """Make 127.0.0.1 of the new network answer: processes of a program may talk to each other."""
    endpoint = socket(AF_INET, SOCK_DGRAM)
    request = struct.pack("16sH14s", b"lo", UP, b"")
    fcntl.ioctl(endpoint.fileno(), 0x8914, request)  # SIOCSIFFLAGS
    endpoint.close()

"""Calls of the Linux kernel that Python does not have in every version."""

from __future__ import annotations

import ctypes
import os

LIBRARY = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x1, 0x2, 0x4, 0x8
MS_REMOUNT, MS_NOATIME, MS_NODIRATIME = 0x20, 0x400, 0x800
MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = 0x1000, 0x4000, 0x40000, 0x200000
MNT_DETACH = 2

SIGKILL, SIGPIPE, SIGTERM, SIGXFSZ = 9, 13, 15, 25

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38

KEYCTL = {"x86_64": 250, "ppc64le": 271, "s390x": 280}.get(os.uname().machine, 219)
"""The number of ``keyctl``; newer kinds of processors share 219."""
JOIN_SESSION_KEYRING = 1


def checked(result: int, what: str) -> int:
    """Return what a call returned.

    Raises:
        OSError: the call failed.
    """
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Give this process namespaces of its own."""
    checked(LIBRARY.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount a file system, or change a mount."""
    result = LIBRARY.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    checked(result, f"mount {target}")


def unmount(target: str) -> None:
    """Take a mount away, with all below it."""
    checked(LIBRARY.umount2(os.fsencode(target), ctypes.c_int(MNT_DETACH)), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make ``new`` the root of the file system, and ``old`` the place of the former one."""
    checked(LIBRARY.pivot_root(os.fsencode(new), os.fsencode(old)), "pivot_root")


def prctl(option: int, value: int) -> None:
    """Change an attribute of this process."""
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    checked(LIBRARY.prctl(ctypes.c_int(option), *arguments), f"prctl {option}")


def system_call(number: int, *arguments: object, what: str) -> int:
    """Make a call by its number."""
    return checked(LIBRARY.syscall(ctypes.c_long(number), *arguments), what)


def leave_keyring() -> None:
    """Give this process a keyring of its own: that of the user may hold passwords and tickets."""
    LIBRARY.syscall(ctypes.c_long(KEYCTL), ctypes.c_long(JOIN_SESSION_KEYRING), None)

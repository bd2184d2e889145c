"""Landlock: the kernel refuses what a process was not shown, without any namespace.

https://docs.kernel.org/userspace-api/landlock.html; the numbers are those of linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct

from fusebench.sandbox.inside.plan import Shown
from fusebench.sandbox.inside.system_calls import LIBRARY, system_call

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE = 1 << 13, 1 << 14
CHANGES = sum(1 << bit for bit in range(4, 13)) | REFER
"""To make, remove, rename and link files and folders of every kind."""
READING = EXECUTE | READ_FILE | READ_DIR
FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
TCP = 0b11
"""To bind to a port, and to connect to one."""
SCOPES = 0b11
"""Abstract Unix sockets, and signals to processes outside."""

FIRST_USABLE = 2
"""Before version 2, a file could not be renamed into another folder."""
WITH_TRUNCATE, WITH_TCP, WITH_SCOPES = 3, 4, 6

OWN: tuple[tuple[str, int], ...] = (
    ("/proc", READING),
    ("/sys", READING),
    ("/dev/shm", READING | WRITE_FILE | CHANGES | TRUNCATE),
    ("/dev/pts", READING | WRITE_FILE),
    ("/dev/tty", READING | WRITE_FILE),
)
"""What a program needs beside what it is shown: other levels have their own of these."""


def version() -> int:
    """Return the version of the kernel's Landlock; 0 where it has none."""
    found = LIBRARY.syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), 1)
    return max(0, int(found))


def restrict(steps: list[Shown]) -> None:
    """Refuse this process, and all that it starts, what the steps do not show.

    Raises:
        OSError: the kernel has no Landlock, or one that is too old.
    """
    known = version()
    if known < FIRST_USABLE:
        raise OSError(f"the kernel has no Landlock that can be used (version {known})")
    handled = READING | WRITE_FILE | CHANGES | (TRUNCATE if known >= WITH_TRUNCATE else 0)
    ruleset = _ruleset(known, handled)
    for _, kind, source in steps:
        if kind not in ("link", "empty"):
            _allow(ruleset, source, _rights(kind) & handled)
    for path, rights in OWN:
        _allow(ruleset, path, rights & handled)
    system_call(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0), what="landlock")
    os.close(ruleset)


def _ruleset(known: int, handled: int) -> int:
    fields = [handled]
    if known >= WITH_TCP:
        fields.append(TCP)
    if known >= WITH_SCOPES:
        fields.append(SCOPES)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    size = ctypes.c_size_t(len(attributes))
    return system_call(CREATE_RULESET, attributes, size, ctypes.c_uint(0), what="landlock")


def _rights(kind: str) -> int:
    if kind == "read":
        return READING
    if kind == "device":
        return READ_FILE | READ_DIR | WRITE_FILE
    return READING | WRITE_FILE | CHANGES | TRUNCATE


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Allow some rights on a file or folder and all below it; a path that is not there is left."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= FOR_FILES
        rule = struct.pack("=Qi", rights, opened)
        system_call(
            ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(PATH_BENEATH),
            rule,
            ctypes.c_uint(0),
            what=f"landlock {path}",
        )
    finally:
        os.close(opened)
